"""One customer's stretch of time, from one moment at which anything happens to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from regulars.adapters.simulation.page import Frames, JourneysInMemory
from regulars.adapters.simulation.present import Present
from regulars.adapters.simulation.tower import Moments, TowerInMemory
from regulars.adapters.simulation.tray import Tray, place_of
from regulars.audience.eligibility import Standing
from regulars.definition.workspace import Campaign
from regulars.journeys.contact import Admission, Admitted
from regulars.journeys.happenings import Happening
from regulars.journeys.limits import Limits
from regulars.journeys.recorded import Bought, Life, Noted, Word
from regulars.journeys.simulation import Batch, Outcome, PostedMail, Programme
from regulars.loyalty.order_news import KINDS, Counted, how_manieth


class Is(IntEnum):
    """Of one moment in this order: automations hear of what is written already."""

    BOUGHT = 0
    UNDONE = 1
    NOTED = 2
    WORD = 3
    TAGGED = 4
    SUPPRESSED = 5
    NEWS = 6


Entry = tuple[datetime, Is, int, object]
NOTHING_YET = -1
SOON = timedelta(minutes=1)  # as often as a worker looks: what a step or a mail has changed is found so much later


class Scene:
    """operations.ports.Scene. `keeps`: kinds of events that automations start on, wait for or end by; `looks`: when it is looked who
    is in a segment, the earliest first."""

    def __init__(
        self, life: Life, programme: Programme, keeps: frozenset[str], frames: Frames, moments: Moments, looks: Sequence[datetime]
    ) -> None:
        self._life, self._programme, self._keeps = life, programme, keeps
        self._present = Present(life, programme.workspace.shop.scoring, keeps)
        self._tray = Tray(life.contacts)
        self._timeline = sorted(_timeline(life, programme.until, keeps), key=lambda entry: entry[:3])
        self._counted = [Counted(one.order_id, one.counts_from, one.counts_until) for one in life.bought if not one.is_refund and one.counts_from]
        self._place = 0
        self._now = programme.since
        self.journeys = JourneysInMemory(programme, self._present, self._tray, frames)
        while self._place < len(self._timeline) and self._timeline[self._place][0] < programme.since:
            self._pass(self._timeline[self._place])
            self._place += 1
        self.tower = TowerInMemory(programme, self._present, self.journeys, frames, moments, looks)
        self.tower.begin()
        self._looks = looks
        self._seen = NOTHING_YET

    def next_moment(self) -> datetime | None:
        """When something happens next; None: nothing more does before the time is over."""
        times = [self.journeys.next_due(), self._tray.next_due(), self.tower.next_time(self._now)]
        if self._place < len(self._timeline):
            times.append(self._timeline[self._place][0])
        if self._seen != self._present.changed and self.tower.differs(self._now):
            times.append(self._programme.since if self._seen == NOTHING_YET else self._now + SOON)
        known = [at for at in times if at is not None]
        return now if known and (now := max(min(known), self._now)) < self._programme.until else None

    def reach(self, now: datetime) -> Sequence[Happening]:
        """Everything up to `now` has happened; what of it automations may want to hear."""
        self._now = now
        heard: list[Happening] = []
        while self._place < len(self._timeline) and self._timeline[self._place][0] <= now:
            heard += self._pass(self._timeline[self._place])
            self._place += 1
        return heard

    def calls_for_a_look(self) -> bool:
        """At birthdays, schedules, segments: whether one would find anything now."""
        changed = self._seen != self._present.changed
        self._seen = self._present.changed
        return self.tower.is_worth_a_look(self._now, at_members=changed or self._now in self._looks)

    def mails(self) -> Iterator[Batch]:
        return self._tray.due(self._now)

    def standing(self, campaign: Campaign) -> Standing:
        return self._present.standing(campaign.topic, campaign.kind)

    def admit(self, batch: Batch, limits: Limits) -> Mapping[tuple[int, int], Admission]:
        person = self._life.person
        place = place_of(person.timezone, person.country, limits.zone, self._present.open(limits.hold_while))
        return self._tray.admit(batch, limits, place, self._now)

    def settle(self, mail: PostedMail, verdict: Admission) -> None:
        self._tray.settle(mail, verdict, self._now)
        if isinstance(verdict, Admitted):
            self._present.receives(mail.ref, mail.campaign.name, self._now)

    def outcome(self) -> Outcome:
        own = self.journeys
        return Outcome(
            self._life.person.customer_id, tuple(own.begun), tuple(self._tray.posted),
            (*own.skipped, *self.tower.passed_over), tuple(own.ended), own.open, self._tray.left_over(),
        )

    def _pass(self, entry: Entry) -> Sequence[Happening]:
        match entry:
            case (_, Is.BOUGHT, _, Bought() as order):
                self._present.buys(order)
                if not order.is_refund:
                    self._present.hears("order.placed", order.at, order.order_id)
            case (_, Is.UNDONE, _, Bought() as order):
                self._present.undoes(order)
            case (at, Is.NEWS, place, Bought() as order):
                return self._news(order, KINDS[place], at)
            case (at, Is.NOTED, _, Noted() as note):
                self._present.notes(note)
                self._present.hears(note.kind, at, note.source_id)
                if note.kind in self._keeps:
                    return [Happening(note.kind, self._life.person.customer_id, at, note.source, note.source_id, data=note.data)]
            case (at, Is.WORD, _, Word() as word):
                if self._present.says(word) and "subscribed" in self._keeps:
                    id_ = self._life.person.customer_id
                    return [Happening("subscribed", id_, at, "consent", f"{id_}:{at.isoformat()}")]
            case (_, Is.TAGGED, _, str() as tag):
                self._present.is_tagged(tag)
            case (_, _, _, str() as reason):
                self._present.is_suppressed(reason)
        return ()

    def _news(self, order: Bought, kind: str, at: datetime) -> Sequence[Happening]:
        if kind != "placed":
            self._present.hears(f"order.{kind}", at, order.order_id)
        if f"order.{kind}" not in self._keeps:
            return ()
        nth = how_manieth(order.order_id, at, self._counted) if kind == "placed" else None
        return [Happening(
            f"order.{kind}", self._life.person.customer_id, at, "order", f"{order.order_id}:{kind}", order.order_id,
            {"order_id": order.order_id}, nth, order.lines,
        )]


def _timeline(life: Life, until: datetime, keeps: frozenset[str]) -> Iterator[Entry]:
    yield from (entry for entry in _everything(life, keeps) if entry[0] < until)


def _everything(life: Life, keeps: frozenset[str]) -> Iterator[Entry]:
    for order in life.bought:
        if order.is_refund:
            yield order.at, Is.BOUGHT, 0, order
            continue
        if order.counts_from is not None:
            yield max(order.counts_from, order.at), Is.BOUGHT, 0, order
        if order.counts_until is not None:
            yield order.counts_until, Is.UNDONE, 0, order
        for kind, at in order.moments.items():
            if f"order.{kind}" in keeps:
                yield at, Is.NEWS, KINDS.index(kind), order
    for note in life.noted:
        yield note.at, Is.NOTED, 0, note
    for word in life.words:
        yield word.at, Is.WORD, 0, word
    for at, tag in life.tags:
        yield at, Is.TAGGED, 0, tag
    for at, reason in life.suppressed:
        yield at, Is.SUPPRESSED, 0, reason
