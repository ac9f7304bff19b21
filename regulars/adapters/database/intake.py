"""What shops tell: operations.ports.IntakeBook on the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from regulars.adapters.database import erasure, identities, merging, order_tellings, stock
from regulars.adapters.database.bulk import in_batches
from regulars.adapters.database.buyers import make_customers
from regulars.adapters.database.engine import Database
from regulars.adapters.database.given import ROWS, SMALL, TEXT, as_parameter, given
from regulars.adapters.database.installation import suppression_key
from regulars.adapters.database.journeys import page_on
from regulars.adapters.database.occurrences import new_events
from regulars.adapters.database.orders import LIVE, Mark, record_orders
from regulars.adapters.database.people import record_people
from regulars.adapters.database.schema import api_keys, customers, intakes, orders, privacy_requests
from regulars.adapters.database.scores import replay_engagement
from regulars.adapters.database.types import UtcTime
from regulars.adapters.database.upsert import upsert
from regulars.audience.people import PersonRow
from regulars.definition.workspace import Scoring
from regulars.journeys.happenings import Happening
from regulars.loyalty.calls import (
    Call,
    CustomerGone,
    EventTold,
    Merged,
    PrivacyAsked,
    ProductGone,
    ProductTold,
    StockTold,
    Who,
)
from regulars.loyalty.intake import Answered, Live, Occurred, Recorded, Subscribed, TakenIn
from regulars.loyalty.order_news import Counted
from regulars.loyalty.tellings import Gathered
from regulars.operations.ports import IntakePage, JourneyPage, Stored

IN_WORK = 0  # the status of a call whose answer this transaction is about to give


class IntakeBookInDatabase:
    """`scoring`: what an order weighs in its customer's engagement."""

    def __init__(self, database: Database, scoring: Callable[[], Scoring]) -> None:
        self._database = database
        self._scoring = scoring

    def write(self, work: Callable[[IntakePage], TakenIn]) -> TakenIn:
        """One transaction; tried again after a deadlock or a lost server, which changes nothing that is written already."""
        return self._database.insist(lambda connection, _again: work(Page(connection, self._scoring())))

    def forget(self, before: datetime) -> int:
        """How many answers from before then were remembered until now; who tells such a call again tells it anew."""
        with self._database.write() as connection:
            return connection.execute(delete(intakes).where(intakes.c.at < before)).rowcount


@dataclass(frozen=True, slots=True)
class Page:
    connection: Connection
    scoring: Scoring

    @property
    def journeys(self) -> JourneyPage:
        return page_on(self.connection)

    @property
    def secret(self) -> bytes:
        return suppression_key(self.connection)

    # ---- calls ----

    def claim(self, calls: Sequence[Call], now: datetime) -> Mapping[tuple[str, str], Answered]:
        names = {(call.source, call.event_id): call for call in calls}
        rows = [
            {
                "source": source, "event_id": event_id, "topic": call.topic[:64], "body_hash": call.body_hash, "status": IN_WORK, "at": now,
            }
            for (source, event_id), call in sorted(names.items())
        ]
        if not rows:
            return {}
        insert = upsert(self.connection, intakes).on_conflict_do_nothing().returning(intakes.c.source, intakes.c.event_id)
        new = {(row.source, row.event_id) for row in self.connection.execute(insert, rows)}
        known: dict[tuple[str, str], Answered] = {}
        by_source: dict[str, list[str]] = defaultdict(list)
        for source, event_id in names.keys() - new:
            by_source[source].append(event_id)
        for source, event_ids in sorted(by_source.items()):
            for some_ids in in_batches(sorted(event_ids)):
                found = select(intakes).where(intakes.c.source == source, intakes.c.event_id.in_(some_ids))
                known |= {(source, row.event_id): Answered(row.body_hash, row.status, row.answer or "") for row in self.connection.execute(found)}
        return known

    def answer(self, answers: Mapping[tuple[str, str], Answered]) -> None:
        if not answers:
            return
        sqlite = self.connection.dialect.name == "sqlite"
        one = given({"source": TEXT, "event_id": TEXT, "status": SMALL, "answer": TEXT}, sqlite=sqlite)
        statement = update(intakes).where(intakes.c.source == one.c.source, intakes.c.event_id == one.c.event_id).values(
            status=one.c.status, answer=one.c.answer)
        rows = [
            {"source": source, "event_id": event_id, "status": told.status, "answer": told.answer}
            for (source, event_id), told in sorted(answers.items())
        ]
        self.connection.execute(statement, {ROWS: as_parameter(rows, sqlite=sqlite)})

    def used(self, keys: Collection[str], now: datetime) -> None:
        if keys:
            mark = update(api_keys).where(api_keys.c.id == bindparam("key")).values(used_at=bindparam("now", type_=UtcTime))
            self.connection.execute(mark, [{"key": key, "now": now} for key in sorted(keys)])

    # ---- orders ----

    def told(self, order_ids: Collection[str]) -> Mapping[str, Gathered]:
        return order_tellings.locked(self.connection, order_ids)

    def keep(self, told: Mapping[str, tuple[Gathered, int | None]]) -> None:
        order_tellings.keep(self.connection, told)

    def stored(self, order_ids: Collection[str]) -> Mapping[str, Recorded]:
        return order_tellings.stored(self.connection, order_ids)

    def record_orders(self, live: Sequence[Live], now: datetime, referred: list[Happening]) -> Mapping[str, Recorded]:
        marks = {
            each.order.order_id: Mark(each.told_at, each.hints.postal, each.hints.network, each.hints.device) for each in live
        }
        touched = record_orders(self.connection, [each.order for each in live], now, LIVE, marks, referred)
        recorded = order_tellings.stored(self.connection, list(marks))
        order_tellings.note_moments(self.connection, [(recorded[each.order.order_id], each.moments) for each in live])
        replay_engagement(self.connection, self.scoring, sorted(touched))
        return recorded

    def counted(self, customer_ids: Collection[int]) -> Mapping[int, Sequence[Counted]]:
        found: dict[int, list[Counted]] = defaultdict(list)
        for some in in_batches(sorted(customer_ids)):
            query = select(orders.c.customer_id, orders.c.order_id, orders.c.counts_from, orders.c.counts_until).where(
                orders.c.customer_id.in_(some), orders.c.is_refund.is_(False), orders.c.counts_from.is_not(None))
            for row in self.connection.execute(query):
                found[row.customer_id].append(Counted(row.order_id, row.counts_from, row.counts_until))
        return found

    # ---- people ----

    def record_people(self, rows: Sequence[PersonRow], now: datetime) -> tuple[Sequence[Stored | str], Sequence[Subscribed]]:
        before = self._who_agreed(rows)
        outcomes = record_people(self.connection, rows, now)
        agreed = self._who_agreed(rows)
        return outcomes, [Subscribed(id_, at) for id_, at in sorted(agreed.items()) if id_ not in before]

    def _who_agreed(self, rows: Sequence[PersonRow]) -> Mapping[int, datetime]:
        ids = self._known([Who(row.address, row.shop_id) for row in rows])
        query = select(customers.c.id, customers.c.marketing_at).where(
            customers.c.id.in_(sorted({id_ for id_ in ids if id_ is not None})), customers.c.marketing == "granted")
        return {row.id: row.marketing_at for row in self.connection.execute(query)}

    def customers(self, who: Sequence[Who], now: datetime) -> Sequence[int | None]:
        known = self._known(who)
        unknown = {
            each.address.key: each.address for each, id_ in zip(who, known, strict=True) if id_ is None and each.address is not None
        }
        if not unknown:
            return known
        made = make_customers(self.connection, list(unknown.values()), now)
        new_ids = {
            each.shop_id: made[each.address.key] for each, id_ in zip(who, known, strict=True)
            if id_ is None and each.address is not None and each.shop_id
        }
        identities.remember(self.connection, identities.SHOP_ID, new_ids, now)
        return [
            made[each.address.key] if id_ is None and each.address is not None else id_ for each, id_ in zip(who, known, strict=True)]

    def _known(self, who: Sequence[Who]) -> Sequence[int | None]:
        by_id = identities.by_shop_id(self.connection, {each.shop_id for each in who if each.shop_id})
        by_address = identities.by_email_key(self.connection, {each.address.key for each in who if each.address})
        return [
            by_id.get(each.shop_id or "") or (by_address.get(each.address.key) if each.address else None) for each in who]

    def merge(self, merges: Sequence[Merged], now: datetime) -> int:
        return merging.merge(self.connection, merges, self.scoring, now)

    def withdraw(self, gone: Sequence[CustomerGone], source: str, now: datetime) -> int:
        return erasure.withdraw(self.connection, gone, source, now)

    def note_privacy(self, asked: Sequence[tuple[str, PrivacyAsked]], now: datetime) -> None:
        ids = self._known([each.who for _, each in asked])
        rows = []
        for (source, each), id_ in zip(asked, ids, strict=True):
            if each.kind == "erasure" and id_ is not None:
                erasure.erase(self.connection, id_, now)
            done = now if each.kind == "erasure" else None
            rows.append({"kind": each.kind, "customer_id": id_, "source": source, "asked_at": now, "done_at": done})
        if rows:
            self.connection.execute(privacy_requests.insert(), rows)

    # ---- products ----

    def record_products(self, told: Sequence[ProductTold], now: datetime) -> int:
        return stock.record_products(self.connection, told, now)

    def forget_products(self, gone: Sequence[ProductGone], now: datetime) -> int:
        return stock.forget_products(self.connection, gone, now)

    def record_stock(self, told: Sequence[StockTold], now: datetime) -> int:
        return stock.record_stock(self.connection, told, now)

    # ---- events ----

    def record_events(self, told: Sequence[tuple[EventTold, int]]) -> Sequence[Occurred]:
        return new_events(self.connection, told)


