"""Customers as the values that conditions are judged on in memory, a batch in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from regulars.adapters.database.customer_facts import facts_in
from regulars.adapters.database.customer_sets import score_rows
from regulars.adapters.database.schema import (
    consents,
    customer_tags,
    customers,
    events,
    launches,
    messages,
    order_lines,
)
from regulars.adapters.database.sets import sets_for
from regulars.audience.cuts import each_part
from regulars.audience.frame import Frame
from regulars.audience.reactions import CLICKED, OPENED, RECEIVED, REPLIED
from regulars.audience.view import CustomerView, Line, MailEvent, MessageRef, Receipt
from regulars.definition.conditions import Condition, Emails, Orders, SegmentScore, Subscribed, Tagged

Grouped = dict[int, list[Any]]


def load_views(connection: Connection, ids: Sequence[int], frame: Frame, condition: Condition) -> dict[int, CustomerView]:
    """Views with all that `condition` and the segments in it ask about; ids that do not exist are absent."""
    parts = list(each_part(condition, frame))
    kinds = {type(part) for part in parts}
    reacts = Emails in kinds
    batch = _Batch(connection, list(ids), frame)
    tags = batch.tags() if Tagged in kinds else {}
    lines = batch.lines() if reacts or Orders in kinds else {}
    receipts, mail_events = (batch.receipts(), batch.mail_events()) if reacts else ({}, {})
    topics = batch.topics({part.topic for part in parts if isinstance(part, Subscribed) and part.topic})
    scores = batch.scores({part.segment for part in parts if isinstance(part, SegmentScore)})
    return {
        row.id: CustomerView(
            customer_id=row.id, email=row.email, country=row.country_folded, locale=row.locale_folded, city=row.city_folded,
            birthday=row.birth_date, created_at=row.created_at, attributes=row.attributes_folded, marketing=row.marketing,
            orders_count=int(row.orders_count), orders_spent=int(row.orders_spent), first_at=row.first_at, last_at=row.last_at,
            engagement=float(row.engagement), is_referred=bool(row.is_referred), has_referred=int(row.has_referred),
            tags=frozenset(tags.get(row.id, ())), lines=tuple(lines.get(row.id, ())), receipts=tuple(receipts.get(row.id, ())),
            mail_events=tuple(mail_events.get(row.id, ())), topics=dict(topics.get(row.id, ())), scores=dict(scores.get(row.id, ())),
        )
        for row in connection.execute(batch.facts())
    }


class _Batch:
    """What is loaded for these ids, nothing later than `as_of` where the facts are recomputed."""

    def __init__(self, connection: Connection, ids: list[int], frame: Frame) -> None:
        self.connection, self.ids, self.frame = connection, ids, frame

    def facts(self) -> Select[Any]:
        sets = sets_for(self.connection)
        facts = facts_in(self.frame, sets)
        columns = (
            *(customers.c[name] for name in _OWN), facts.orders_count.label("orders_count"), facts.orders_spent.label("orders_spent"),
            facts.first_at.label("first_at"), facts.last_at.label("last_at"), facts.engagement.label("engagement"),
            facts.is_referred.label("is_referred"), facts.has_referred.label("has_referred"),
        )
        return select(*columns).select_from(sets.onto_customers()).where(customers.c.id.in_(self.ids))

    def tags(self) -> Grouped:
        tag = customer_tags.c
        query = select(tag.customer_id, tag.tag_folded).where(tag.customer_id.in_(self.ids))
        query = query.where(tag.added_at <= self.frame.as_of) if self.frame.recomputed else query
        return self._grouped(query, lambda row: row.tag_folded)

    def lines(self) -> Grouped:
        line = order_lines.c
        query = select(*(line[name] for name in _LINE), func.lower(line.currency).label("currency")).where(
            line.customer_id.in_(self.ids), line.ordered_at <= self.frame.as_of
        ).order_by(line.ordered_at, line.order_key, line.position)
        return self._grouped(query, _line)

    def receipts(self) -> Grouped:
        query = select(
            messages.c.customer_id, messages.c.launch_id, messages.c.number, launches.c.campaign, messages.c.accepted_at
        ).join(launches, launches.c.id == messages.c.launch_id).where(
            messages.c.customer_id.in_(self.ids), messages.c.accepted_at <= self.frame.as_of
        ).order_by(messages.c.accepted_at, messages.c.launch_id, messages.c.number)
        found = self._grouped(query, lambda row: Receipt(MessageRef(row.launch_id, row.number), row.campaign, row.accepted_at))
        event = events.c
        elsewhere = select(event.customer_id, event.launch_id, event.number, event.campaign, event.at).where(
            event.customer_id.in_(self.ids), event.kind == RECEIVED, event.at <= self.frame.as_of).order_by(event.at, event.launch_id)
        for customer_id, receipts in self._grouped(
            elsewhere, lambda row: Receipt(MessageRef(row.launch_id, row.number), row.campaign or "", row.at)
        ).items():
            found[customer_id] += receipts
        return found

    def mail_events(self) -> Grouped:
        event = events.c
        query = select(
            event.customer_id, event.launch_id, event.number, func.coalesce(launches.c.campaign, event.campaign, "").label("campaign"),
            event.kind, event.at, event.link, event.verdict,
        ).outerjoin(launches, launches.c.id == event.launch_id).where(
            event.customer_id.in_(self.ids), event.launch_id.is_not(None), event.kind.in_((OPENED, CLICKED, REPLIED)), event.at <= self.frame.as_of
        ).order_by(event.at, event.id)
        return self._grouped(query, lambda row: MailEvent(
            MessageRef(row.launch_id, row.number), row.campaign, row.kind, row.at, row.link, row.verdict))

    def topics(self, wanted: Iterable[str]) -> Grouped:
        """Oldest word first, so that the last one about a topic stays."""
        word = consents.c
        query = select(word.customer_id, word.topic, word.state).where(
            word.customer_id.in_(self.ids), word.channel == "email", word.purpose == "marketing", word.topic.in_(sorted(wanted))
        ).order_by(word.at, word.id)
        return self._grouped(query, lambda row: (row.topic, row.state)) if wanted else {}

    def scores(self, wanted: Iterable[str]) -> Grouped:
        found: Grouped = defaultdict(list)
        for segment in sorted(wanted):
            rows = score_rows(segment, self.frame).subquery()
            query = select(rows.c.customer_id, rows.c.total).where(rows.c.customer_id.in_(self.ids))
            for row in self.connection.execute(query):
                found[row.customer_id].append((segment, float(row.total)))
        return found

    def _grouped(self, query: Select[Any], value: Callable[[Any], Any]) -> Grouped:
        found: Grouped = defaultdict(list)
        for row in self.connection.execute(query):
            found[row.customer_id].append(value(row))
        return found


_OWN = (
    "id", "email", "country_folded", "locale_folded", "city_folded", "birth_date", "created_at", "attributes_folded", "marketing",
)
_LINE = (
    "customer_id", "order_key", "ordered_at", "amount_compared", "quantity", "is_refund", "counts_from", "counts_until",
    "sku_folded", "product_folded", "category_folded", "coupon_folded", "channel_folded",
)


def _line(row: Any) -> Line:
    return Line(
        order=row.order_key, ordered_at=row.ordered_at, amount=row.amount_compared, quantity=row.quantity, is_refund=row.is_refund,
        counts_from=row.counts_from, counts_until=row.counts_until, sku=row.sku_folded, product=row.product_folded,
        category=row.category_folded, coupon=row.coupon_folded, channel=row.channel_folded, currency=row.currency,
    )
