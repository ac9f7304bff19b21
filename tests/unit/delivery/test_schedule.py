"""Send times in the shop's zone and in each customer's own."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.definition.conditions import All
from regulars.definition.quantities import Duration
from regulars.definition.spans import plus
from regulars.definition.workspace import Campaign, IfPast, SendAt, Texts
from regulars.delivery.schedule import timetable

NINE = datetime(2026, 12, 1, 9, 0)
ZONES = ["Europe/Istanbul", "Asia/Baku", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"]


def campaign(wall=NINE, local=True, **more):
    return Campaign("c", All(()), "c.mjml", Texts({"": "s"}), send_at=SendAt(wall, local) if wall else None, **more)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def due(zone, now, **more):
    slot = timetable(campaign(**more), "Europe/Istanbul", [zone] if zone else [], now).slot(zone)
    return slot and slot.due


def test_without_a_send_time_it_goes_now():
    now = utc(2026, 11, 20, 9)

    assert due("Asia/Baku", now, wall=None) == now


@pytest.mark.parametrize(("zone", "expected"), [
    ("Europe/Istanbul", utc(2026, 12, 1, 6)),
    ("Asia/Baku", utc(2026, 12, 1, 5)),
    ("Pacific/Kiritimati", utc(2026, 11, 30, 19)),  # the first to see the day, on the other side of the date line
    ("Pacific/Pago_Pago", utc(2026, 12, 1, 20)),    # and the last
    (None, utc(2026, 12, 1, 6)),                    # no zone known: the shop's
    ("Mars/Olympus", utc(2026, 12, 1, 6)),
    ("../../etc/passwd", utc(2026, 12, 1, 6)),
])
def test_nine_in_the_morning_is_the_customers_own(zone, expected):
    assert due(zone, utc(2026, 11, 20)) == expected


def test_a_time_without_local_is_the_shops_for_all():
    assert due("America/New_York", utc(2026, 11, 20), local=False) == utc(2026, 12, 1, 6)


@pytest.mark.parametrize(("wall", "expected"), [
    (datetime(2027, 3, 14, 2, 30), utc(2027, 3, 14, 7, 30)),   # New York skips 02:30; it is sent at 03:30 on their clock
    (datetime(2026, 11, 1, 1, 30), utc(2026, 11, 1, 5, 30)),   # and has 01:30 twice; the first
    (datetime(2027, 3, 13, 9, 0), utc(2027, 3, 13, 14)),       # the day before the change
    (datetime(2027, 3, 14, 9, 0), utc(2027, 3, 14, 13)),       # and on it
])
def test_clock_changes(wall, expected):
    assert due("America/New_York", utc(2026, 10, 1), wall=wall) == expected


def test_where_it_is_past_the_next_day_is_meant():
    now = utc(2026, 12, 1, 5, 30)  # past nine in Baku, not yet in Istanbul

    assert due("Asia/Baku", now) == utc(2026, 12, 2, 5)
    assert due("Europe/Istanbul", now) == utc(2026, 12, 1, 6)


def test_where_it_is_past_it_may_go_now_or_not_at_all():
    now = utc(2026, 12, 1, 5, 30)

    assert due("Asia/Baku", now, if_past=IfPast.NOW) == now
    assert due("Asia/Baku", now, if_past=IfPast.SKIP) is None
    assert due("Europe/Istanbul", now, if_past=IfPast.SKIP) == utc(2026, 12, 1, 6)


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), st.times())
def test_the_next_day_is_at_most_a_day_away(zone, now, time):
    found = due(zone, now.replace(tzinfo=UTC), wall=datetime.combine(datetime(2025, 1, 1), time))

    assert timedelta(0) <= found - now.replace(tzinfo=UTC) <= timedelta(hours=25)


def test_a_mail_expires_after_its_own_send_time():
    times = timetable(campaign(expires_after=Duration(seconds=3 * 86_400)), "Europe/Istanbul", ["Asia/Baku"], utc(2026, 11, 20))

    assert times.slot("Asia/Baku").expires == utc(2026, 12, 4, 5)
    assert times.otherwise.expires == utc(2026, 12, 4, 6)


@pytest.mark.parametrize(("start", "months", "expected"), [
    (utc(2027, 1, 31, 12), 1, utc(2027, 2, 28, 12)),
    (utc(2027, 11, 15, 12), 1, utc(2027, 12, 15, 12)),
    (utc(2027, 12, 31, 12), 2, utc(2028, 2, 29, 12)),
    (utc(2027, 1, 10, 12), 11, utc(2027, 12, 10, 12)),
    (utc(2027, 10, 31, 12), 1, utc(2027, 11, 30, 12)),
])
def test_months_are_calendar_months(start, months, expected):
    assert plus(start, Duration(months=months), "Europe/Istanbul") == expected
