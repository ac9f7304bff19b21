"""Whose moment has come: birthdays, schedules and segments, which nobody tells of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from regulars.definition.automation import Schedule, Trigger
from regulars.definition.conditions import Any_, Condition, Fact, InSegment, Kind, Op, SegmentScore, Test
from regulars.definition.quantities import Duration
from regulars.definition.spans import plus
from regulars.journeys.live import LiveAutomation
from regulars.journeys.waits import at_wall

ONE_DAY = timedelta(days=1)
MEMBERSHIPS = frozenset({"segment.entered", "score.crossed"})
MOMENTS = frozenset({"birthday", "schedule", "replenishment.due"})
# As far as two places' clocks are apart: each look reaches back so far, that who moved in between is not missed.
LOOKS_BACK = timedelta(hours=27)
FEBRUARY_28, FEBRUARY_29 = 228, 229


@dataclass(frozen=True, slots=True)
class Moment:
    """`subject`: what it is once for: the year of a birthday, the day of a schedule. `born`: 517 for 17 May; () is everybody.
    `day`: the birthday, the day or the occasion itself."""

    at: datetime
    subject: str
    day: date
    born: tuple[int, ...] = ()

    @property
    def found_since(self) -> datetime:
        """Who was found later than this has had it. A birthday is once a year, also for who flies to where it begins again."""
        return self.at - timedelta(days=60) if self.born else self.at


def since_when(live: LiveAutomation, watched_at: datetime | None) -> datetime:
    """Moments after this one are looked for; those that were found before are marked, and are not found again."""
    assert live.live_since is not None
    return live.live_since if watched_at is None else max(live.live_since, watched_at - LOOKS_BACK)


def is_late(at: datetime, live: LiveAutomation, now: datetime) -> bool:
    """Nothing starts for what is older than the entry window."""
    return plus(at, live.automation.entry_window, live.shop.timezone) <= now


def moments(live: LiveAutomation, zone: ZoneInfo, since: datetime, until: datetime) -> Sequence[Moment]:
    """Of a birthday or a schedule, on the clocks of one place, after `since` up to `until`, the earliest first."""
    trigger = live.automation.trigger
    if trigger.schedule is None:
        return list(_birthdays(trigger.before, zone, since, until))
    return list(_scheduled(trigger.schedule, live.shop.calendar.occasions, zone, since, until))


def lives_by_own_clock(trigger: Trigger) -> bool:
    """Or does one moment in the shop's zone count for everybody?"""
    return trigger.schedule is None or trigger.schedule.local


def watched_condition(trigger: Trigger) -> Condition:
    """Who is in what an automation watches; whoever comes into it enters."""
    if trigger.event == "segment.entered" and trigger.segment:
        return InSegment(trigger.segment)
    if trigger.event == "score.crossed" and trigger.at_least is not None:
        tests = (Test(Op.AT_LEAST, trigger.at_least),)
        return SegmentScore(trigger.segment, tests) if trigger.segment else Fact("engagement", Kind.NUMBER, tests)
    return Any_(())


def _birthdays(before: Duration | None, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Moment]:
    """The first moment of the day, so long before. Who was born on 29 February has a birthday on the 28th in common years."""
    for day in _days(zone, since, until):
        at = at_wall(day, time(), zone) or at_wall(day + ONE_DAY, time(), zone)
        if at is not None and since < at <= until:
            for birthday in _so_long_after(day, before):
                yield Moment(at, str(birthday.year), birthday, _born_on(birthday))


def _born_on(birthday: date) -> tuple[int, ...]:
    month_day = birthday.month * 100 + birthday.day
    is_last = month_day == FEBRUARY_28 and (birthday + ONE_DAY).month == 3
    return (month_day, FEBRUARY_29) if is_last else (month_day,)


def _so_long_after(day: date, before: Duration | None) -> Iterator[date]:
    """The days that `day` is so long before: of a month earlier there may be several, as 28, 29, 30 and 31 March of 28 February."""
    if before is None or not before.months:
        yield day + timedelta(seconds=before.seconds if before else 0)
        return
    first = day + timedelta(days=28 * before.months - 3)
    for candidate in (first + timedelta(days=number) for number in range(3 * before.months + 8)):
        if _earlier(candidate, before) == day:
            yield candidate


def _scheduled(
    schedule: Schedule, occasions: Mapping[str, tuple[date, ...]], zone: ZoneInfo, since: datetime, until: datetime
) -> Iterator[Moment]:
    if schedule.occasion is not None:
        days = {_earlier(day, schedule.before): day for day in occasions.get(schedule.occasion, ())}
    for day in _days(zone, since, until):
        if not (day in days if schedule.occasion is not None else _fits(day, schedule)):
            continue
        at = at_wall(day, schedule.at, zone)
        if at is not None and since < at <= until:
            subject = days[day] if schedule.occasion is not None else day
            yield Moment(at, subject.isoformat(), subject)


def _fits(day: date, schedule: Schedule) -> bool:
    if schedule.day_of_month is not None:
        return day.day == schedule.day_of_month
    return not schedule.weekdays or day.weekday() in schedule.weekdays


def _earlier(day: date, before: Duration | None) -> date:
    if before is None:
        return day
    if not before.months:
        return day - timedelta(seconds=before.seconds)
    return plus(datetime.combine(day, time(), UTC), Duration(months=-before.months), "UTC").date()


def _days(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[date]:
    """With one more at both ends: clocks may be put back or forward across midnight."""
    day, last = since.astimezone(zone).date() - ONE_DAY, until.astimezone(zone).date() + ONE_DAY
    while day <= last:
        yield day
        day += ONE_DAY
