"""When a wait is over: so long, then until a time of day, then on such a day, by the clock of a place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from regulars.definition.automation import Days, Wait
from regulars.definition.spans import plus

ONE_DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
SATURDAY = 5


def over(wait: Wait, begun: datetime, shop: ZoneInfo, own: ZoneInfo) -> datetime:
    """UTC, never before `begun` and its duration. `own`: the customer's zone, which counts when the wait is local.

    Days are those of that zone. Without a time of day, such a day begins at midnight.
    """
    zone = own if wait.local else shop
    earliest = plus(begun, wait.duration, zone.key) if wait.duration else begun
    if wait.until is None and _fits(earliest.astimezone(zone).date(), wait.days):
        return earliest
    if wait.until is None and wait.days is Days.ANY:
        return earliest
    moments = (moment for day, moment in _days(earliest, wait.until or time(), zone) if _fits(day, wait.days))
    return next(moment for moment in moments if moment >= earliest)


def at_wall(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """UTC of that time on that day: in a doubled hour the first, in a skipped one the first moment after it. None: the place
    never had that day, as Samoa had no 30 December 2011."""
    wall = datetime.combine(day, at)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return first
    change = _change(second, first, zone)
    return change if day in {(change - passed).astimezone(zone).date() for passed in (timedelta(0), INSTANT)} else None


def _days(earliest: datetime, at: time, zone: ZoneInfo) -> Iterator[tuple[date, datetime]]:
    """From the day before, whose evening a clock change may have pushed into this one."""
    day = earliest.astimezone(zone).date() - ONE_DAY
    while True:
        if (moment := at_wall(day, at, zone)) is not None:
            yield day, moment
        day += ONE_DAY


def _fits(day: date, days: Days) -> bool:
    return days is Days.ANY or (day.weekday() >= SATURDAY) is (days is Days.WEEKENDS)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the clocks are put forward."""
    old = before.astimezone(zone).utcoffset()
    while after - before > INSTANT:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
