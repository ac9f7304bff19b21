"""What all customers of a simulation share: the automations, and what conditions are read by on each day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from regulars.adapters.simulation.scene import Scene
from regulars.audience.cuts import cuts_needed
from regulars.audience.frame import Cuts, Frame
from regulars.audience.rankings import Total, daily_cuts
from regulars.definition.conditions import All
from regulars.journeys.asking import conditions_of, events_of
from regulars.journeys.entering import entry_condition
from regulars.journeys.live import LiveAutomation
from regulars.journeys.recorded import Life
from regulars.journeys.simulation import Programme
from regulars.journeys.watching import MEMBERSHIPS, Moment, moments, watched_condition
from regulars.operations.ports import Lives

ONE_DAY = timedelta(days=1)


class Stage:
    """operations.ports.Stage. `lives`: where what ranks customers is read from, if a condition asks for ranks."""

    def __init__(self, programme: Programme, lives: Lives) -> None:
        self._programme = programme
        self._midnights = list(_midnights(programme))
        self._looks = self._midnights if any(live.automation.trigger.event in MEMBERSHIPS for live in programme.automations.values()) else []
        self._keeps = frozenset[str]().union(*(_kept(live) for live in programme.automations.values()))
        self._cuts = _cuts(programme, lives, self._midnights)
        self._frames: dict[tuple[str, datetime], Frame] = {}
        self._moments: dict[tuple[str, str], Sequence[Moment]] = {}

    def open(self, life: Life) -> Scene:
        return Scene(life, self._programme, self._keeps, self._frame, self._moments_of, self._looks)

    def _frame(self, live: LiveAutomation, now: datetime) -> Frame:
        """Those of looks are everybody's; of other moments nobody else has the same."""
        known = self._frames.get((live.name, now))
        if known is None:
            day = bisect_right(self._midnights, now) - 1
            known = Frame(now, live.shop, live.segments, self._cuts.get(self._midnights[max(day, 0)], Cuts()))
            if self._midnights[max(day, 0)] == now:
                self._frames[live.name, now] = known
        return known

    def _moments_of(self, live: LiveAutomation, zone: ZoneInfo) -> Sequence[Moment]:
        key = live.name, zone.key
        if key not in self._moments:
            found = moments(live, zone, self._programme.since, self._programme.until)
            self._moments[key] = sorted(found, key=lambda moment: moment.at)
        return self._moments[key]


def _kept(live: LiveAutomation) -> frozenset[str]:
    """Kinds of events that mean anything to it."""
    return frozenset({live.automation.trigger.event, *live.automation.leave_when}) | events_of(live)


def _midnights(programme: Programme) -> Iterator[datetime]:
    """The beginning, and every midnight in the shop until the end."""
    zone = ZoneInfo(programme.workspace.shop.timezone)
    yield programme.since
    day = programme.since.astimezone(zone).date() + ONE_DAY
    while (at := datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)) < programme.until:
        yield at
        day += ONE_DAY


def _cuts(programme: Programme, lives: Lives, midnights: Sequence[datetime]) -> Mapping[datetime, Cuts]:
    rfm, top = set[str](), set[tuple[str, Decimal]]()
    for live in programme.automations.values():
        asked = [conditions_of(live), entry_condition(live), watched_condition(live.automation.trigger)]
        needed = cuts_needed(All(tuple(each for each in asked if each)), Frame(programme.since, live.shop, live.segments))
        rfm |= needed[0]
        top |= needed[1]
    totals: Iterable[Total] = lives.totals() if rfm or top else ()
    return daily_cuts(totals, midnights, rfm, top) if rfm or top else {}
