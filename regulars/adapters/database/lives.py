"""Customers with everything that is recorded of them, some hundreds at a time: operations.ports.Lives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select

from regulars.adapters.database.bulk import in_batches
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import (
    consents,
    customer_tags,
    customers,
    events,
    launches,
    messages,
    order_lines,
    orders,
    products,
    suppressions,
)
from regulars.audience.rankings import Total
from regulars.audience.reactions import CLICKED, OPENED, RECEIVED, REPLIED
from regulars.audience.view import CustomerView, Line, MailEvent, MessageRef, Receipt
from regulars.definition.workspace import CampaignKind
from regulars.journeys.contact import Contact
from regulars.journeys.effects import Person
from regulars.journeys.recorded import Bought, Life, Noted, Word

BATCH = 500  # customers in memory at once
Grouped = Mapping[int, list[Any]]
REACTIONS = (OPENED, CLICKED, REPLIED)


class LivesInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self) -> int:
        """Customers who have not been erased."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(customers).where(customers.c.email.is_not(None))) or 0

    def read(self, since: datetime, most: int | None) -> Iterator[Life]:
        """In the order of their ids; `most`: so many of them, drawn evenly. Mail that went out counts up to `since`."""
        with self._database.read() as connection:
            ids = list(connection.scalars(select(customers.c.id).where(customers.c.email.is_not(None)).order_by(customers.c.id)))
            gaps = {row.sku: row.usual_gap_days for row in connection.execute(select(products).where(products.c.usual_gap_days.is_not(None)))}
        if most is not None and most < len(ids):
            ids = [ids[place * len(ids) // most] for place in range(most)]
        for some in in_batches(ids, BATCH):
            with self._database.read() as connection:
                yield from _Batch(connection, some, since, gaps).lives()

    def totals(self) -> Sequence[Total]:
        """Every order and refund that ever counted, of all customers: what ranks them."""
        with self._database.read() as connection:
            return totals_on(connection)


def totals_on(connection: Connection) -> Sequence[Total]:
    order = orders.c
    query = select(
        order.customer_id, order.ordered_at, func.coalesce(order.counts_from, order.ordered_at), order.counts_until, order.total_compared,
        order.is_refund,
    ).where(or_(order.is_refund, order.counts_from.is_not(None)))
    return [(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in connection.execute(query)]


class _Batch:
    def __init__(self, connection: Connection, ids: list[int], since: datetime, gaps: Mapping[str, int]) -> None:
        self.connection, self.ids, self.since, self.gaps = connection, ids, since, gaps

    def lives(self) -> Iterator[Life]:
        words, tags, bought, noted = self._words(), self._tags(), self._bought(), self._noted()
        reactions, (receipts, contacts) = self._reactions(), self._mail()
        suppressed = self._suppressed()
        for row in self.connection.execute(select(customers).where(customers.c.id.in_(self.ids)).order_by(customers.c.id)):
            own = tuple(bought.get(row.id, ()))
            view = CustomerView(
                customer_id=row.id, email=row.email, country=row.country_folded, locale=row.locale_folded, city=row.city_folded,
                birthday=row.birth_date, created_at=row.created_at, attributes=row.attributes_folded, is_referred=row.referred_by is not None,
                has_referred=row.has_referred, lines=tuple(line for each in own for line in each.lines),
                receipts=tuple(receipts.get(row.id, ())), mail_events=tuple(reactions.get(row.id, ())),
            )
            person = Person(row.id, row.email, row.email_domain or "", row.timezone, row.country, row.first_name, row.last_name, row.locale)
            yield Life(
                person, view, row.created_at, row.birth_month_day, row.marketing, row.email_valid, tuple(words.get(row.id, ())),
                tuple(tags.get(row.id, ())), tuple(suppressed.get(row.id, ())), own, tuple(noted.get(row.id, ())), tuple(contacts.get(row.id, ())),
            )

    def _words(self) -> Grouped:
        word = consents.c
        query = select(word.customer_id, word.at, word.state, word.topic).where(
            word.customer_id.in_(self.ids), word.channel == "email", word.purpose == "marketing").order_by(word.at, word.id)
        return self._grouped(query, lambda row: Word(row.at, row.state, row.topic))

    def _tags(self) -> Grouped:
        query = select(customer_tags).where(customer_tags.c.customer_id.in_(self.ids)).order_by(customer_tags.c.added_at)
        return self._grouped(query, lambda row: (row.added_at, row.tag_folded))

    def _suppressed(self) -> Grouped:
        query = (
            select(customers.c.id.label("customer_id"), suppressions.c.added_at, suppressions.c.reason)
            .join(suppressions, suppressions.c.address_hash == customers.c.address_hash)
            .where(customers.c.id.in_(self.ids), suppressions.c.channel == "email").order_by(suppressions.c.added_at)
        )
        return self._grouped(query, lambda row: (row.added_at, row.reason))

    def _bought(self) -> Grouped:
        line = order_lines.c
        bought = select(order_lines, func.lower(line.currency).label("currency_folded")).where(line.customer_id.in_(self.ids))
        lines: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in self.connection.execute(bought.order_by(line.order_key, line.position)):
            lines[row.order_key].append(row)
        told = select(events.c.customer_id, events.c.source_id, events.c.kind, events.c.at).where(
            events.c.customer_id.in_(self.ids), events.c.source == "order", events.c.kind != "order.placed")
        moments: dict[str, dict[str, datetime]] = defaultdict(dict)
        for row in self.connection.execute(told):
            kind = row.kind.rpartition(".")[2]
            moments[row.source_id.removesuffix(f":{kind}")][kind] = row.at
        query = select(orders).where(orders.c.customer_id.in_(self.ids)).order_by(orders.c.ordered_at, orders.c.id)
        return self._grouped(query, lambda row: self._order(row, lines[row.id], moments.get(row.order_id, {})))

    def _order(self, row: Row[Any], lines: Sequence[Row[Any]], told: Mapping[str, datetime]) -> Bought:
        """When money of an imported order was given back is not recorded, so nobody hears of it."""
        known = {
            "placed": row.counts_from, "paid": row.paid_at, "shipped": row.shipped_at, "delivered": row.delivered_at, "cancelled": row.cancelled_at,
        }
        moments = {} if row.is_refund else {kind: at for kind, at in {**known, **told}.items() if at is not None}
        gaps = [self.gaps[line.sku] for line in lines if line.sku in self.gaps]
        return Bought(
            row.id, row.order_id, row.ordered_at, row.is_refund, row.counts_from, row.counts_until, row.total_compared, moments,
            tuple(map(_line, lines)), min(gaps, default=None),
        )

    def _noted(self) -> Grouped:
        """Of orders their own rows tell more."""
        event = events.c
        query = (
            select(events, launches.c.segments).outerjoin(launches, launches.c.id == event.launch_id)
            .where(event.customer_id.in_(self.ids), or_(event.source.is_(None), event.source != "order")).order_by(event.at, event.id)
        )
        return self._grouped(query, lambda row: Noted(
            row.kind, row.at, row.source or "", row.source_id or str(row.id), row.data or {}, row.verdict, tuple(row.segments or ())))

    def _reactions(self) -> Grouped:
        event = events.c
        query = (
            select(events, func.coalesce(launches.c.campaign, event.campaign, "").label("of")).outerjoin(launches, launches.c.id == event.launch_id)
            .where(event.customer_id.in_(self.ids), event.launch_id.is_not(None), event.kind.in_(REACTIONS)).order_by(event.at, event.id)
        )
        return self._grouped(query, lambda row: MailEvent(
            MessageRef(row.launch_id, row.number), row.of, row.kind, row.at, row.link, row.verdict))

    def _mail(self) -> tuple[Grouped, Grouped]:
        """What was received, and what of it counts for contact limits."""
        query = (
            select(messages.c.customer_id, messages.c.launch_id, messages.c.number, messages.c.accepted_at, messages.c.contact_at, launches)
            .join(launches, launches.c.id == messages.c.launch_id)
            .where(messages.c.customer_id.in_(self.ids), messages.c.accepted_at < self.since).order_by(messages.c.accepted_at)
        )
        receipts, contacts = defaultdict[int, list[Any]](list), defaultdict[int, list[Any]](list)
        for row in self.connection.execute(query):
            receipts[row.customer_id].append(Receipt(MessageRef(row.launch_id, row.number), row.campaign, row.accepted_at))
            if row.kind != CampaignKind.TRANSACTIONAL.value:
                counted = row.contact_at or row.accepted_at
                contacts[row.customer_id].append(Contact(counted, row.topic, row._mapping["class"]))  # noqa: SLF001  SQLAlchemy's public name for it
        elsewhere = select(events).where(events.c.customer_id.in_(self.ids), events.c.kind == RECEIVED, events.c.at < self.since)
        for row in self.connection.execute(elsewhere.order_by(events.c.at)):
            receipts[row.customer_id].append(Receipt(MessageRef(row.launch_id, row.number), row.campaign or "", row.at))
        return receipts, contacts

    def _grouped(self, query: Select[Any], value: Callable[[Any], Any]) -> Grouped:
        found: dict[int, list[Any]] = defaultdict(list)
        for row in self.connection.execute(query):
            found[row.customer_id].append(value(row))
        return found


def _line(row: Row[Any]) -> Line:
    return Line(
        order=row.order_key, ordered_at=row.ordered_at, amount=row.amount_compared, quantity=row.quantity, is_refund=row.is_refund,
        counts_from=row.counts_from, counts_until=row.counts_until, sku=row.sku_folded, product=row.product_folded,
        category=row.category_folded, coupon=row.coupon_folded, channel=row.channel_folded, currency=row.currency_folded,
    )
