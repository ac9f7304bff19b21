"""One customer seen from a tower in memory: operations.ports.Watchtower."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

from regulars.adapters.simulation.page import Frames, JourneysInMemory
from regulars.adapters.simulation.present import EPOCH, Present
from regulars.audience.evaluation import holds
from regulars.audience.steady import steady_until
from regulars.audience.zones import zone_of
from regulars.definition.conditions import All, Condition
from regulars.definition.quantities import Duration
from regulars.journeys.applying import takes_everyone
from regulars.journeys.entering import entry_condition
from regulars.journeys.live import LiveAutomation
from regulars.journeys.simulation import Programme
from regulars.journeys.watching import (
    LOOKS_BACK,
    MEMBERSHIPS,
    MOMENTS,
    Moment,
    lives_by_own_clock,
    watched_condition,
)
from regulars.operations.ports import WatchPage

NEVER = EPOCH
Moments = Callable[[LiveAutomation, ZoneInfo], Sequence[Moment]]


class TowerInMemory:
    """`moments`: all of an automation on the clocks of one place, the earliest first. `looks`: when it is looked who is in a segment.
    `passed_over`: moments found too late."""

    def __init__(
        self, programme: Programme, present: Present, page: JourneysInMemory, frames: Frames, moments: Moments, looks: Sequence[datetime]
    ) -> None:
        self.passed_over: list[tuple[str, str]] = []
        self._programme, self._present, self._page, self._frames = programme, present, page, frames
        self._id = present.life.person.customer_id
        self._looks = looks
        self._steady: dict[str, tuple[int, datetime | None]] = {}
        self._found: dict[str, datetime] = {}
        self._now = programme.since
        events = {name: live.automation.trigger.event for name, live in programme.automations.items()}
        self._members = [live for name, live in programme.automations.items() if events[name] in MEMBERSHIPS]
        self._rhythms = [live for name, live in programme.automations.items() if events[name] == "replenishment.due"]
        self._moments = [
            (live, [moment for moment in moments(live, self._zone(live)) if not moment.born or present.life.born in moment.born])
            for name, live in programme.automations.items() if events[name] in MOMENTS - {"replenishment.due"}
        ]
        self._times = sorted({moment.at for _, some in self._moments for moment in some})

    def begin(self) -> None:
        """Who is in what is watched when it is put live is known already, unless everyone is to enter."""
        for live in self._members:
            if not takes_everyone(live.automation, None) and self._is_inside(live, self._programme.since):
                self._found[live.name] = self._programme.since

    def next_time(self, after: datetime) -> datetime | None:
        """Of a birthday, a schedule or a rhythm, or of a look that may find another standing in a segment than the last one."""
        place = bisect_right(self._times, after)
        times = self._times[place:place + 1]
        for live in self._members:
            if (until := self._steady_until(live, after)) is not None:
                place = max(bisect_left(self._looks, until), bisect_right(self._looks, after))
                times += self._looks[place:place + 1]
        for live in self._rhythms:
            moment = self._rhythm(live)
            if moment and moment[0] > after:
                times.append(moment[0])
        return min(times, default=None)

    def is_worth_a_look(self, now: datetime, *, at_members: bool) -> bool:
        """Would a look now find or forget anything? `at_members`: their standing in segments may have changed."""
        self._now = now
        return (
            any(self._is_coming(live, now) for live in self._rhythms)
            or any(self._is_due(live, moment, now) for live, some in self._moments for moment in _recent(some, now))
            or (at_members and self.differs(now))
        )

    def differs(self, now: datetime) -> bool:
        """Are they in a segment now where nobody has found them yet, or out of one where somebody has?"""
        return any(self._is_inside(live, now) != (live.name in self._found) for live in self._members)

    # ---- the port ----

    def watches(self) -> Sequence[tuple[LiveAutomation, datetime | None]]:
        """All were looked after until now: what nobody finds here nobody finds by looking once more."""
        return [(live, self._now) for live in self._programme.automations.values()]

    def clocks(self) -> Sequence[tuple[str | None, str | None]]:
        person = self._present.life.person
        return [(person.timezone, person.country)]

    def due(
        self, live: LiveAutomation, moment: Moment, clocks: Sequence[tuple[str | None, str | None]] | None, now: datetime, most: int
    ) -> Sequence[int]:
        return [self._id] if self._is_due(live, moment, now) else []

    def running_out(self, live: LiveAutomation, since: datetime, now: datetime, most: int) -> Sequence[tuple[int, datetime, str]]:
        moment = self._rhythm(live)
        return [(self._id, *moment)] if moment and since < moment[0] <= now and self._found.get(live.name, NEVER) < moment[0] else []

    def newcomers(self, live: LiveAutomation, now: datetime, most: int) -> Sequence[int]:
        return [self._id] if live.name not in self._found and self._is_inside(live, now) else []

    def leavers(self, live: LiveAutomation, now: datetime, most: int) -> Sequence[int]:
        return [self._id] if live.name in self._found and not self._is_inside(live, now) else []

    def entering(self, live: LiveAutomation, now: datetime, *, everyone: bool) -> tuple[int, int, int]:
        inside = self._is_inside(live, now)
        allowed = inside and self._may_enter(live, now)
        return int(inside), int(allowed), int(allowed and (everyone or live.name not in self._found))

    @contextmanager
    def writing(self) -> Iterator[WatchPage]:
        yield _Page(self._page, self._found, self.passed_over)

    def looked(self, campaign: str, now: datetime) -> None:
        self._now = now

    # ---- whose moment it is ----

    def _steady_until(self, live: LiveAutomation, now: datetime) -> datetime | None:
        """Asked anew when anything has happened, and when the time is over that was found last."""
        changed, until = self._steady.get(live.name, (-1, None))
        if changed != self._present.changed or (until is not None and until <= now):
            until = self._find_steady(live, now)
            self._steady[live.name] = self._present.changed, until
        return until

    def _find_steady(self, live: LiveAutomation, now: datetime) -> datetime | None:
        if self._present.life.created_at > now:
            return self._present.life.created_at
        return steady_until(watched_condition(live.automation.trigger), self._present.view, self._frames(live, now))

    def _is_coming(self, live: LiveAutomation, now: datetime) -> bool:
        moment = self._rhythm(live)
        return moment is not None and self._programme.since < moment[0] <= now and self._found.get(live.name, NEVER) < moment[0]

    def _rhythm(self, live: LiveAutomation) -> tuple[datetime, str] | None:
        found = self._present.runs_out()
        return (EPOCH + (found[0] - _micros(live.automation.trigger.before)) * datetime.resolution, found[1]) if found else None

    def _is_due(self, live: LiveAutomation, moment: Moment, now: datetime) -> bool:
        """Of everybody only those who may enter, as where there are many."""
        life = self._present.life
        return (
            moment.at <= now and life.created_at <= now and self._found.get(live.name, NEVER) < moment.found_since
            and (life.born in moment.born if moment.born else self._may_enter(live, now))
        )

    def _may_enter(self, live: LiveAutomation, now: datetime) -> bool:
        return self._holds(entry_condition(live), live, now)

    def _is_inside(self, live: LiveAutomation, now: datetime) -> bool:
        return self._present.life.created_at <= now and self._holds(watched_condition(live.automation.trigger), live, now)

    def _holds(self, condition: Condition | None, live: LiveAutomation, now: datetime) -> bool:
        return condition is None or condition == ALL or holds(condition, self._present.view, self._frames(live, now))

    def _zone(self, live: LiveAutomation) -> ZoneInfo:
        person, shop = self._present.life.person, live.shop.timezone
        return zone_of(person.timezone, person.country, shop) if lives_by_own_clock(live.automation.trigger) else ZoneInfo(shop)


class _Page:
    def __init__(self, page: JourneysInMemory, found: dict[str, datetime], passed_over: list[tuple[str, str]]) -> None:
        self.journeys, self._found, self._passed_over = page, found, passed_over

    def claim(self, campaign: str, moments: Mapping[int, datetime], *, once: bool = False) -> set[int]:
        mine = {id_: at for id_, at in moments.items() if campaign not in self._found or (not once and self._found[campaign] < at)}
        if mine:
            self._found[campaign] = max(mine.values())
        return set(mine)

    def forget(self, campaign: str, customer_ids: Collection[int]) -> None:
        self._found.pop(campaign, None)

    def pass_over(self, campaign: str, day: date, count: int, reason: str, now: datetime) -> None:
        self._passed_over.append((campaign, reason))


ALL = All(())


def _recent(moments: Sequence[Moment], now: datetime) -> Sequence[Moment]:
    last = bisect_right(moments, now, key=lambda moment: moment.at)
    first = bisect_right(moments, now - LOOKS_BACK, key=lambda moment: moment.at)
    return moments[first:last]


def _micros(before: Duration | None) -> int:
    """A month is thirty days here, as in the database's own reading."""
    return 0 if before is None else (before.seconds + before.months * 30 * 86_400) * 1_000_000
