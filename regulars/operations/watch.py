"""Finds whom the moment has come for, and lets it happen: birthdays, rhythms, schedules, segments and scores."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.audience.zones import zone_of
from regulars.journeys.happenings import Happening
from regulars.journeys.live import LiveAutomation
from regulars.journeys.watching import (
    MEMBERSHIPS,
    MOMENTS,
    is_late,
    lives_by_own_clock,
    moments,
    since_when,
)
from regulars.operations.happen import happen
from regulars.operations.ports import Progress, Watchtower

SOURCE = "watch"
BATCH = 500            # customers of one transaction
MOST = 20_000          # that one look fetches; the next one goes on
EVERY = timedelta(minutes=1)
TOO_LATE = "nobody looked until the moment was older than the entry window"

Clocks = Sequence[tuple[str | None, str | None]]


@dataclass(slots=True)
class Watched:
    """By campaign: journeys that began, and moments that came to nothing because they were found too late."""

    began: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody's moment. `day`: of a note, should it be too late."""

    customer_id: int
    at: datetime
    subject: str
    data: Mapping[str, Any]


def watch(
    tower: Watchtower, now: datetime, go_on: Callable[[], bool] = lambda: True, permit: Callable[[], None] = lambda: None, *,
    every: timedelta = EVERY,
) -> Watched:
    """All automations that have not been looked after for so long. May be broken off anywhere: the next look finds the rest.

    `permit` raises Refused where nothing may be sent: a restored backup has forgotten whom it had found.
    """
    watched = Watched()
    for live, watched_at in tower.watches():
        event = live.automation.trigger.event
        if event not in MEMBERSHIPS | MOMENTS or (watched_at is not None and timedelta(0) <= now - watched_at < every):
            continue
        permit()
        if event in MEMBERSHIPS:
            done = _watch_membership(live, tower, now, watched, go_on)
        else:
            done = _watch_moments(live, since_when(live, watched_at), tower, now, watched, go_on)
        if done:
            tower.looked(live.name, now)
    return watched


def look_at_once(
    tower: Watchtower, campaigns: set[str], now: datetime, moved: Progress = lambda done, total=None, why="": None
) -> Watched:
    """For who has just been applied with everyone in it. What is broken off is found by the next look of a worker."""
    watched = Watched()

    def go_on() -> bool:
        moved(watched.began.total())
        return True

    for live, _ in tower.watches():
        if live.name in campaigns and live.automation.trigger.event in MEMBERSHIPS:
            _watch_membership(live, tower, now, watched, go_on)
    return watched


def _watch_membership(live: LiveAutomation, tower: Watchtower, now: datetime, watched: Watched, go_on: Callable[[], bool]) -> bool:
    """Whoever left may come in again. Whether everybody was found."""
    while left := tower.leavers(live, now, MOST):
        with tower.writing() as page:
            page.forget(live.name, left)
        if len(left) < MOST or not go_on():
            break
    while new := tower.newcomers(live, now, MOST):
        for batch in _batches(new):
            found = [Found(customer, now, now.isoformat(), {}) for customer in batch]
            _let_happen(live, found, tower, now, watched, once=True)
            if not go_on():
                return False
        if len(new) < MOST:
            break
    return True


def _watch_moments(
    live: LiveAutomation, since: datetime, tower: Watchtower, now: datetime, watched: Watched, go_on: Callable[[], bool]
) -> bool:
    for find in _searches(live, since, tower, now):
        while found := find():
            for batch in _batches(found):
                _let_happen(live, batch, tower, now, watched, once=False)
                if not go_on():
                    return False
            if len(found) < MOST:
                break
    return True


def _searches(live: LiveAutomation, since: datetime, tower: Watchtower, now: datetime) -> Iterator[Callable[[], Sequence[Found]]]:
    """Each may be asked again until it finds nobody; the earliest moments first."""
    if live.automation.trigger.event == "replenishment.due":
        yield lambda: [Found(customer, at, order, {"order_id": order}) for customer, at, order in tower.running_out(live, since, now, MOST)]
        return
    places = _places(live, tower)
    due = [(moment, clocks) for zone, clocks in places.items() for moment in moments(live, ZoneInfo(zone), since, now)]
    for moment, clocks in sorted(due, key=lambda pair: pair[0].at):
        yield lambda moment=moment, clocks=clocks: [  # type: ignore[misc]
            Found(customer, moment.at, moment.subject, {"day": moment.day.isoformat()})
            for customer in tower.due(live, moment, clocks, now, MOST)
        ]


def _places(live: LiveAutomation, tower: Watchtower) -> Mapping[str, Clocks | None]:
    """Time zone -> the clocks of the customers who live by it; None: everybody."""
    if not lives_by_own_clock(live.automation.trigger):
        return {live.shop.timezone: None}
    places: dict[str, list[tuple[str | None, str | None]]] = defaultdict(list)
    for timezone, country in tower.clocks():
        places[zone_of(timezone, country, live.shop.timezone).key].append((timezone, country))
    return dict(places)


def _let_happen(live: LiveAutomation, found: Sequence[Found], tower: Watchtower, now: datetime, watched: Watched, *, once: bool) -> None:
    """In one transaction: whoever is marked as found has entered, or there is a note why not."""
    with tower.writing() as page:
        mine = page.claim(live.name, {one.customer_id: one.at for one in found}, once=once)
        late = [one for one in found if one.customer_id in mine and is_late(one.at, live, now)]
        fresh = [_happening(live, one) for one in found if one.customer_id in mine and one not in late]
        began = happen(fresh, page.journeys, now) if fresh else 0
        for day, count in Counter(_day(one, live) for one in late).items():
            page.pass_over(live.name, day, count, TOO_LATE, now)
    if began:
        watched.began[live.name] += began
    if late:
        watched.passed_over[live.name] += len(late)


def _happening(live: LiveAutomation, found: Found) -> Happening:
    trigger = live.automation.trigger
    source_id = f"{live.name}:{found.subject}:{found.customer_id}"
    data = {**found.data, **({"segment": trigger.segment} if trigger.segment else {})}
    subject = "" if trigger.event in MEMBERSHIPS else found.subject  # a moment of ours is nobody's word for anything
    return Happening(trigger.event, found.customer_id, found.at, SOURCE, source_id, subject, data, campaign=live.name)


def _day(found: Found, live: LiveAutomation) -> date:
    return found.at.astimezone(ZoneInfo(live.shop.timezone)).date()


def _batches(found: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (found[start:start + BATCH] for start in range(0, len(found), BATCH))
