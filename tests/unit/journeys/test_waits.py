"""When a wait is over, on clocks that are put forward, put back and moved."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.definition.automation import Days, Wait
from regulars.definition.quantities import Duration
from regulars.definition.spans import plus
from regulars.journeys.waits import at_wall, over

ISTANBUL, BERLIN, KOLKATA, APIA, LORD_HOWE, KATHMANDU, BEIRUT, NUUK = (
    ZoneInfo(name) for name in (
        "Europe/Istanbul", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Beirut",
        "America/Nuuk",
    )
)
ZONES = [ISTANBUL, BERLIN, KOLKATA, APIA, LORD_HOWE, KATHMANDU, BEIRUT, NUUK, ZoneInfo("America/New_York"), ZoneInfo("Africa/Casablanca")]


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def wait(days: int = 0, until: str | None = None, on: Days = Days.ANY, *, months: int = 0, local: bool = True) -> Wait:
    duration = Duration(months, days * 86_400) if days or months else None
    return Wait("wait", duration, time.fromisoformat(until) if until else None, local, on)


@pytest.mark.parametrize(("waited", "begun", "zone", "expected"), [
    # a day is 24 hours, a month is one of the calendar
    (wait(1), "2026-03-28 12:00", BERLIN, "2026-03-29 13:00"),
    (wait(months=1), "2026-01-31 10:00", BERLIN, "2026-02-28 10:00"),
    (wait(months=12), "2028-02-29 10:00", BERLIN, "2029-02-28 10:00"),
    # until a time of day
    (wait(3, "10:00"), "2026-11-20 09:00", BERLIN, "2026-11-23 10:00"),
    (wait(3, "10:00"), "2026-11-20 10:00", BERLIN, "2026-11-23 10:00"),
    (wait(3, "10:00"), "2026-11-20 10:01", BERLIN, "2026-11-24 10:00"),
    (wait(0, "10:00"), "2026-11-20 10:00", KOLKATA, "2026-11-20 10:00"),
    (wait(0, "00:00"), "2026-11-20 10:00", KATHMANDU, "2026-11-21 00:00"),
    # the skipped hour, the doubled one, and a half-hour change
    (wait(0, "02:30"), "2026-03-28 12:00", BERLIN, "2026-03-29 03:00"),
    (wait(0, "02:15"), "2026-10-03 12:00", LORD_HOWE, "2026-10-04 02:30"),
    (wait(0, "00:30"), "2026-03-28 12:00", BEIRUT, "2026-03-29 01:00"),
    (wait(0, "02:30"), "2026-10-24 12:00", BERLIN, "2026-10-25 02:30"),
    # a day that was never there
    (wait(0, "10:00"), "2011-12-29 12:00", APIA, "2011-12-31 10:00"),
    # such a day
    (wait(0, "10:00", Days.WEEKDAYS), "2026-11-20 12:00", BERLIN, "2026-11-23 10:00"),
    (wait(0, "10:00", Days.WEEKENDS), "2026-11-20 12:00", BERLIN, "2026-11-21 10:00"),
    (wait(1, None, Days.WEEKDAYS), "2026-11-20 12:00", BERLIN, "2026-11-23 00:00"),
    (wait(3, None, Days.WEEKDAYS), "2026-11-20 12:00", BERLIN, "2026-11-23 12:00"),
])
def test_a_wait_is_over(waited: Wait, begun: str, zone: ZoneInfo, expected: str) -> None:
    assert over(waited, at(begun, zone), ISTANBUL, zone) == at(expected, zone)


def test_a_doubled_hour_comes_once() -> None:
    first = over(wait(0, "02:30"), at("2026-10-24 12:00"), BERLIN, BERLIN)
    assert over(wait(0, "02:30"), first + timedelta(minutes=1), BERLIN, BERLIN) == at("2026-10-26 02:30")


def test_only_a_local_wait_asks_for_the_customers_clock() -> None:
    begun = at("2026-11-20 00:00", ISTANBUL)
    assert over(wait(0, "10:00", local=False), begun, ISTANBUL, KOLKATA) == at("2026-11-20 10:00", ISTANBUL)


waits = st.builds(
    Wait, key=st.just("wait"), duration=st.none() | st.builds(Duration, seconds=st.integers(0, 40 * 86_400)),
    until=st.none() | st.times().map(lambda t: t.replace(microsecond=0)), local=st.booleans(), days=st.sampled_from(Days),
)
moments = st.datetimes(datetime(2009, 1, 1), datetime(2038, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(ZONES)


@given(waits, moments, zones, zones)
def test_a_wait_lasts_as_long_as_it_says_and_ends_when_it_says(waited: Wait, begun: datetime, shop: ZoneInfo, own: ZoneInfo) -> None:
    end, zone = over(waited, begun, shop, own), own if waited.local else shop
    earliest = plus(begun, waited.duration, zone.key) if waited.duration else begun
    local = end.astimezone(zone)

    assert earliest <= end < earliest + timedelta(days=9)
    assert waited.until is None or local.time() == waited.until or at_wall_skips(waited.until, end, zone)
    if waited.days is not Days.ANY:
        assert (local.date().weekday() < 5) is (waited.days is Days.WEEKDAYS) or at_wall_skips(waited.until or time(), end, zone)


def at_wall_skips(until: time, end: datetime, zone: ZoneInfo) -> bool:
    """The end is the first moment after a skipped hour, which would have held that time."""
    last, first = (end - timedelta(microseconds=1)).astimezone(zone), end.astimezone(zone)
    before, after = last.replace(tzinfo=None), first.replace(tzinfo=None)
    return any(before < datetime.combine(day, until) < after for day in {last.date(), first.date()})


@given(waits, moments, st.timedeltas(timedelta(0), timedelta(days=4)), zones)
def test_who_begins_later_is_not_done_earlier(waited: Wait, begun: datetime, later: timedelta, zone: ZoneInfo) -> None:
    assert over(waited, begun, zone, zone) <= over(waited, begun + later, zone, zone)


@given(st.times().map(lambda t: t.replace(microsecond=0)), st.dates(datetime(2009, 1, 1).date(), datetime(2037, 1, 1).date()), zones)
def test_every_day_has_each_time_once(time_of_day: time, day: object, zone: ZoneInfo) -> None:
    here, next_ = at_wall(day, time_of_day, zone), at_wall(day + timedelta(days=1), time_of_day, zone)  # type: ignore[operator, arg-type]
    assert here is None or next_ is None or here < next_
