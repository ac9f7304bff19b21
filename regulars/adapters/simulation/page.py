"""One customer's journeys in memory: operations.ports.JourneyPage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from regulars.adapters.simulation.present import Present
from regulars.adapters.simulation.tray import Tray
from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView
from regulars.definition.conditions import Condition
from regulars.definition.text import fold
from regulars.journeys.effects import SKIPPED, Advance, Person, Told
from regulars.journeys.journey import Entry, Journey, JourneyState, Start
from regulars.journeys.live import LiveAutomation
from regulars.journeys.simulation import Begun, PostedMail, Programme

Frames = Callable[[LiveAutomation, datetime], Frame]


class JourneysInMemory:
    """`frames`: what else conditions are read by. `begun`, `skipped` and `ended`: of all journeys so far."""

    def __init__(self, programme: Programme, present: Present, tray: Tray, frames: Frames) -> None:
        self.begun: list[Begun] = []
        self.skipped: list[tuple[str, str]] = []
        self.ended: list[tuple[str, str]] = []
        self._programme, self._present, self._tray, self._frames = programme, present, tray, frames
        self._id = present.life.person.customer_id
        self._under_way: dict[int, Journey] = {}
        self._entries: dict[str, list[Entry]] = {}
        self._sent: dict[int, set[str]] = {}
        self._numbers = 0

    def next_due(self) -> datetime | None:
        return min((journey.due_at for journey in self._under_way.values() if journey.due_at is not None), default=None)

    @property
    def open(self) -> tuple[str, ...]:
        """Automations of the journeys that have not ended."""
        return tuple(journey.campaign for journey in self._under_way.values())

    # ---- the port ----

    def automations(self) -> Mapping[str, LiveAutomation]:
        return self._programme.automations

    def editions(self, wanted: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], LiveAutomation]:
        return {(name, edition): self._programme.automations[name] for name, edition in wanted}

    def lock(self, customer_ids: Collection[int]) -> None:
        """Nobody else is here."""

    def doubt(self) -> tuple[datetime, datetime] | None:
        return None

    def under_way(self, customer_ids: Collection[int]) -> Sequence[Journey]:
        return list(self._under_way.values())

    def entries(self, campaigns: Collection[str], customer_ids: Collection[int]) -> Mapping[tuple[str, int], Sequence[Entry]]:
        open_ = {(journey.campaign, journey.occurrence) for journey in self._under_way.values()}
        return {
            (name, self._id): [
                Entry(one.customer_id, one.occurrence, one.entry, one.entered_at, (name, one.occurrence) in open_) for one in self._entries[name]
            ]
            for name in campaigns if name in self._entries
        }

    def claim(self, most: int, now: datetime) -> Sequence[Journey]:
        due = [(journey.due_at, journey.id, journey) for journey in self._under_way.values() if journey.due_at is not None and journey.due_at <= now]
        return [journey for _, _, journey in sorted(due, key=lambda one: one[:2])[:most]]

    def people(self, customer_ids: Collection[int]) -> Mapping[int, Person]:
        return {self._id: self._present.life.person}

    def views(
        self, live: LiveAutomation, condition: Condition, customer_ids: Collection[int], now: datetime
    ) -> tuple[Frame, Mapping[int, CustomerView]]:
        return self._frames(live, now), {self._id: self._present.view}

    def told(self, customer_ids: Collection[int], kinds: Collection[str], since: datetime) -> Mapping[int, Sequence[Told]]:
        found = [told for told in self._present.told if told.kind in kinds and told.at > since]
        return {self._id: sorted(found, key=lambda told: told.at)}

    def sent(self, journey_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
        return {id_: frozenset(self._sent[id_]) for id_ in journey_ids if id_ in self._sent}

    def begin(self, starts: Sequence[Start]) -> int:
        for start in starts:
            self._numbers += 1
            self._entries.setdefault(start.campaign, []).append(Entry(self._id, start.occurrence, start.entry, start.at, under_way=True))
            self._under_way[self._numbers] = Journey(
                self._numbers, start.campaign, start.edition, self._id, start.occurrence, start.entry, start.step, start.at, start.at,
                trigger=start.trigger,
            )
            self.begun.append(Begun(start.campaign, start.at))
        return len(starts)

    def write(self, advances: Sequence[Advance], now: datetime) -> None:
        for advance in advances:
            self._affect(advance)
            self._mail(advance, now)
            journey = advance.journey
            if journey.state is JourneyState.ENDED:
                self._under_way.pop(journey.id, None)
                self.ended.append((journey.campaign, journey.reason or ""))
            else:
                self._under_way[journey.id] = journey

    def _affect(self, advance: Advance) -> None:
        if advance.attributes:
            self._present.is_set(advance.attributes)
        for tag in advance.untags:
            self._present.loses_tag(fold(tag))
        for tag in advance.tags:
            self._present.is_tagged(fold(tag))
        if advance.suppression:
            self._present.is_suppressed(advance.suppression)

    def _mail(self, advance: Advance, now: datetime) -> None:
        """Mails of one moment have numbers in the order in which they were made."""
        journey = advance.journey
        made = set()
        for mail in advance.mails:
            if not self._tray.has(mail.launch_id, journey.occurrence):
                self._sent.setdefault(journey.id, set()).add(mail.step)
                ref = (mail.launch_id, sum(map(len, self._sent.values())))
                self._tray.add(PostedMail(ref, self._id, self._programme.mails[mail.launch_id], journey.occurrence), now, mail.expires)
                made.add(mail.step)
        for done in advance.steps:
            if done.kind == "send" and (done.outcome == SKIPPED or done.step not in made):
                self.skipped.append((journey.campaign, done.reason or "sent before"))
