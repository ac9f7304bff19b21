"""What "30 days", "2 months" and "2026-12-01" mean in the shop's zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from regulars.audience.comparison import in_window, reduced, satisfies
from regulars.audience.frame import Frame
from regulars.definition.conditions import Kind, Op, Test, Window
from regulars.definition.quantities import Duration
from tests.people import SHOP

BERLIN = replace(SHOP, timezone="Europe/Berlin")
DAY = 86_400


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("as_of", "duration", "expected"), [
    ("2026-11-20 09:00", Duration(seconds=30 * DAY), "2026-10-21 09:00"),
    ("2026-03-29 10:00", Duration(seconds=DAY), "2026-03-28 10:00"),    # the day of 23 hours is still a day of 24
    ("2026-03-29 10:00", Duration(months=1), "2026-02-28 11:00"),       # 12:00 in Berlin on both days
    ("2026-03-31 10:00", Duration(months=1), "2026-02-28 11:00"),       # February has no 31st
    ("2024-02-29 10:00", Duration(months=12), "2023-02-28 10:00"),
    ("2026-01-15 10:00", Duration(months=2), "2025-11-15 10:00"),
])
def test_days_are_24_hours_and_months_are_the_calendars(as_of: str, duration: Duration, expected: str) -> None:
    assert Frame(utc(as_of), BERLIN).ago(duration) == utc(expected)


def test_a_window_leaves_out_its_first_moment_and_keeps_its_last() -> None:
    frame = Frame(utc("2026-11-20 09:00"), SHOP)
    window = in_window(Window(within=Duration(seconds=DAY)), frame)

    assert [satisfies(utc(at), window) for at in ("2026-11-19 09:00", "2026-11-19 09:01", "2026-11-20 09:00", "2026-11-20 09:01")] == [
        False, True, True, False,
    ]


def test_a_bare_date_is_its_midnight_in_the_shop() -> None:
    frame = Frame(utc("2026-11-20 09:00"), SHOP)  # Istanbul is three hours ahead
    before, after = (in_window(window, frame) for window in (Window(before=date(2026, 11, 1)), Window(after=date(2026, 11, 1))))

    assert satisfies(utc("2026-10-31 20:59"), before)
    assert not satisfies(utc("2026-10-31 21:00"), before)
    assert satisfies(utc("2026-10-31 21:01"), after)


def test_on_a_day_and_between_two_days_hold_whole_days_of_the_shop() -> None:
    frame = Frame(utc("2026-11-20 09:00"), SHOP)
    on = reduced(Kind.TIME, [Test(Op.ON, date(2026, 11, 1))], frame)
    between = reduced(Kind.TIME, [Test(Op.BETWEEN, (date(2026, 11, 1), date(2026, 11, 2)))], frame)

    assert [satisfies(utc(at), on) for at in ("2026-10-31 21:00", "2026-11-01 20:59", "2026-11-01 21:00")] == [True, True, False]
    assert [satisfies(utc(at), between) for at in ("2026-10-31 20:59", "2026-11-02 20:59", "2026-11-02 21:00")] == [False, True, False]


def test_a_birthday_is_a_day_without_a_zone() -> None:
    frame = Frame(utc("2026-11-19 22:30"), SHOP)  # the 20th in Istanbul
    grown_up = reduced(Kind.DATE, [Test(Op.OLDER_THAN, Duration(months=18 * 12))], frame)

    assert satisfies(date(2008, 11, 20), grown_up)
    assert not satisfies(date(2008, 11, 21), grown_up)
