"""A page of journeys in memory, whose transactions are copies: what is not kept never happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView
from regulars.definition.conditions import Condition
from regulars.journeys.effects import Advance, Person, StepDone, Told
from regulars.journeys.journey import Entry, Journey, JourneyState, Start
from regulars.journeys.live import LiveAutomation
from tests.unit.journeys.ways import ADA


@dataclass(frozen=True)
class Book:
    """Everything that is stored; a value, so that states can be compared."""

    live: LiveAutomation
    journeys: tuple[Journey, ...] = ()
    steps: tuple[tuple[int, StepDone], ...] = ()
    mails: tuple[tuple[int, str], ...] = ()
    told: tuple[Told, ...] = ()


@dataclass
class Page:
    """operations.ports.JourneyPage of one customer."""

    book: Book
    locked: set[int] = field(default_factory=set)

    def automations(self) -> Mapping[str, LiveAutomation]:
        live = self.book.live
        return {live.name: live} if live.live_since else {}

    def editions(self, wanted: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], LiveAutomation]:
        return dict.fromkeys(wanted, self.book.live)

    def lock(self, customer_ids: Collection[int]) -> None:
        self.locked |= set(customer_ids)

    def under_way(self, customer_ids: Collection[int]) -> Sequence[Journey]:
        return [journey for journey in self.book.journeys if journey.is_under_way and journey.customer_id in customer_ids]

    def entries(self, _campaigns: Collection[str], customer_ids: Collection[int]) -> Mapping[tuple[str, int], Sequence[Entry]]:
        return {
            (self.book.live.name, id_): [
                Entry(id_, one.occurrence, one.entry, one.entered_at, one.is_under_way) for one in self.book.journeys if one.customer_id == id_
            ]
            for id_ in customer_ids
        }

    def claim(self, most: int, now: datetime) -> Sequence[Journey]:
        due = [one for one in self.book.journeys if one.state is JourneyState.WAITING and one.due_at is not None and one.due_at <= now]
        return sorted(due, key=lambda one: (one.due_at, one.id))[:most]

    def people(self, customer_ids: Collection[int]) -> Mapping[int, Person]:
        return dict.fromkeys(customer_ids, ADA)

    def views(
        self, live: LiveAutomation, _condition: Condition, customer_ids: Collection[int], now: datetime
    ) -> tuple[Frame, Mapping[int, CustomerView]]:
        return Frame(now, live.shop, live.segments), {id_: CustomerView(id_) for id_ in customer_ids}

    def told(self, customer_ids: Collection[int], kinds: Collection[str], since: datetime) -> Mapping[int, Sequence[Told]]:
        own = [one for one in self.book.told if one.kind in kinds and one.at > since]
        return dict.fromkeys(customer_ids, own)

    def sent(self, journey_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
        return {id_: frozenset(step for journey, step in self.book.mails if journey == id_) for id_ in journey_ids}

    def doubt(self) -> None:
        return None

    def begin(self, starts: Sequence[Start]) -> int:
        for start in starts:
            journey = Journey(
                len(self.book.journeys) + 1, start.campaign, start.edition, start.customer_id, start.occurrence, start.entry, start.step,
                start.at, start.at, trigger=start.trigger,
            )
            self.book = replace(self.book, journeys=(*self.book.journeys, journey))
        return len(starts)

    def write(self, advances: Sequence[Advance], _now: datetime) -> None:
        last = {advance.journey.id: advance.journey for advance in advances}
        self.book = replace(
            self.book,
            journeys=tuple(last.get(journey.id, journey) for journey in self.book.journeys),
            steps=(*self.book.steps, *((advance.journey.id, done) for advance in advances for done in advance.steps)),
            mails=(*self.book.mails, *((advance.journey.id, mail.step) for advance in advances for mail in advance.mails)),
        )
