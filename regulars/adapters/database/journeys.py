"""Journeys: operations.ports.JourneyBook on the database. Customers' rows are locked before anything of theirs is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, select

from regulars.adapters.database.automations import editions_on, live_on
from regulars.adapters.database.customer_views import load_views
from regulars.adapters.database.cuts import frame_for
from regulars.adapters.database.engine import Database
from regulars.adapters.database.journey_effects import write_effects
from regulars.adapters.database.journey_moves import write_moves
from regulars.adapters.database.registry import DOUBT
from regulars.adapters.database.schema import (
    WAITING,
    customers,
    events,
    installation,
    journey_steps,
    journeys,
)
from regulars.adapters.database.types import among
from regulars.adapters.database.upsert import upsert
from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView
from regulars.definition.conditions import Condition
from regulars.definition.workspace import Workspace
from regulars.journeys.effects import Advance, Person, Told
from regulars.journeys.journey import Entry, Journey, JourneyState, Start
from regulars.journeys.live import LiveAutomation
from regulars.operations.ports import JourneyPage

ORDER = "order"        # source of the events that an order's states are
IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class JourneyBookInDatabase:
    database: Database

    @contextmanager
    def writing(self) -> Iterator[JourneyPage]:
        with self.database.write() as connection:
            yield page_on(connection)

    def is_due(self, now: datetime) -> bool:
        with self.database.read() as connection:
            return connection.scalar(_due(now).with_only_columns(journeys.c.id).limit(1)) is not None


def page_on(connection: Connection) -> JourneyPage:
    """For whoever records an event in a transaction of their own."""
    return _Page(connection)


@dataclass(frozen=True, slots=True)
class _Page:
    connection: Connection

    def automations(self) -> Mapping[str, LiveAutomation]:
        return live_on(self.connection)

    def editions(self, wanted: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], LiveAutomation]:
        return editions_on(self.connection, wanted)

    def lock(self, customer_ids: Collection[int]) -> None:
        whose = select(customers.c.id).where(among(customers.c.id, customer_ids)).order_by(customers.c.id)
        self.connection.execute(whose.with_for_update())

    def under_way(self, customer_ids: Collection[int]) -> Sequence[Journey]:
        query = select(journeys).where(
            among(journeys.c.customer_id, customer_ids), journeys.c.state.in_([JourneyState.WAITING.value, JourneyState.PAUSED.value])
        ).order_by(journeys.c.id).with_for_update()
        return [journey_of(row) for row in self.connection.execute(query)]

    def entries(self, campaigns: Collection[str], customer_ids: Collection[int]) -> Mapping[tuple[str, int], Sequence[Entry]]:
        own = journeys.c
        query = select(own.campaign, own.customer_id, own.occurrence, own.entry, own.entered_at, own.state).where(
            own.campaign.in_(sorted(campaigns)), among(own.customer_id, customer_ids)
        ).order_by(own.campaign, own.customer_id, own.occurrence)
        found: dict[tuple[str, int], list[Entry]] = defaultdict(list)
        for row in self.connection.execute(query):
            under_way = row.state != JourneyState.ENDED.value
            found[row.campaign, row.customer_id].append(Entry(row.customer_id, row.occurrence, row.entry, row.entered_at, under_way))
        return found

    def claim(self, most: int, now: datetime) -> Sequence[Journey]:
        query = _due(now).join(customers, customers.c.id == journeys.c.customer_id).limit(most)
        rows = self.connection.execute(query.with_for_update(skip_locked=True, of=[journeys, customers]))
        return [journey_of(row) for row in rows]

    def people(self, customer_ids: Collection[int]) -> Mapping[int, Person]:
        who = customers.c
        query = select(
            who.id, who.email, who.email_domain, who.timezone, who.country, who.first_name, who.last_name, who.locale,
        ).where(among(who.id, customer_ids))
        return {row.id: Person(row.id, row.email, row.email_domain or "", *row[3:]) for row in self.connection.execute(query)}

    def views(
        self, live: LiveAutomation, condition: Condition, customer_ids: Collection[int], now: datetime
    ) -> tuple[Frame, Mapping[int, CustomerView]]:
        frame = frame_for(self.connection, Workspace(live.shop, live.segments, {}), now, condition)
        return frame, load_views(self.connection, sorted(customer_ids), frame, condition)

    def told(self, customer_ids: Collection[int], kinds: Collection[str], since: datetime) -> Mapping[int, Sequence[Told]]:
        event = events.c
        query = select(event.customer_id, event.kind, event.at, event.source, event.source_id).where(
            among(event.customer_id, customer_ids), event.at > since, event.kind.in_(sorted(kinds)), event.origin != IMPORTED
        ).order_by(event.at, event.id)
        found: dict[int, list[Told]] = defaultdict(list)
        for row in self.connection.execute(query):
            found[row.customer_id].append(Told(row.kind, row.at, _subject(row)))
        return found

    def sent(self, journey_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
        done = journey_steps.c
        query = select(done.journey_id, done.step).where(among(done.journey_id, journey_ids), done.launch_id.is_not(None))
        found: dict[int, set[str]] = defaultdict(set)
        for row in self.connection.execute(query):
            found[row.journey_id].add(row.step)
        return {id_: frozenset(steps) for id_, steps in found.items()}

    def doubt(self) -> tuple[datetime, datetime] | None:
        known = self.connection.scalar(select(installation.c.value).where(installation.c.name == DOUBT))
        since, _, until = (known or "").partition(" ")
        return (datetime.fromisoformat(since), datetime.fromisoformat(until)) if until else None

    def begin(self, starts: Sequence[Start]) -> int:
        if not starts:
            return 0
        rows = [{**asdict(start), "state": JourneyState.WAITING.value, "due_at": start.at, "entered_at": start.at} for start in starts]
        for row in rows:
            del row["at"]
        new = upsert(self.connection, journeys).on_conflict_do_nothing().returning(journeys.c.id)
        return len(self.connection.execute(new, rows).all())

    def write(self, advances: Sequence[Advance], now: datetime) -> None:
        numbers = write_effects(self.connection, advances, now)
        write_moves(self.connection, advances, numbers)


def journey_of(row: Row[Any]) -> Journey:
    return Journey(
        row.id, row.campaign, row.edition, row.customer_id, row.occurrence, row.entry, row.step, row.due_at, row.entered_at,
        JourneyState(row.state), row.reason, row.waits_for, row.ended_at, row.fence, row.trigger,
    )


def _due(now: datetime) -> Select[Any]:
    return select(journeys).where(and_(WAITING, journeys.c.due_at <= now)).order_by(journeys.c.due_at, journeys.c.id)


def _subject(row: Any) -> str:
    """Whose event it is: of an order's the order's id."""
    own = str(row.source_id or "")
    return own.removesuffix(f":{row.kind.rpartition('.')[2]}") if row.source == ORDER else own
