"""When a moment comes, on every clock and in every kind of year."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from regulars.definition.automation import Automation, Schedule, Tag, Trigger
from regulars.definition.conditions import Any_
from regulars.definition.limits import Calendar
from regulars.definition.quantities import Duration
from regulars.definition.wording import Mailbox, Texts
from regulars.definition.workspace import Campaign, Shop
from regulars.journeys.live import LiveAutomation
from regulars.journeys.watching import is_late, moments, since_when

DAYS = 86_400
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def live(trigger: Trigger, since: datetime = NEW_YEAR) -> LiveAutomation:
    shop = Shop("Kahve", "https://kahve.example", "", "tr", "Europe/Istanbul", "TRY", Mailbox("a@kahve.example"), None, ("tr",), "TRY",
                calendar=Calendar({"bayram": (date(2027, 5, 16), date(2028, 5, 5))}))
    campaign = Campaign("watching", Any_(()), "", Texts({}), automation=Automation(trigger, (Tag("note", add=("x",)),)))
    return LiveAutomation(campaign, 1, shop, {}, {}, since)


def of_year(trigger: Trigger, year: int, zone: str = "Europe/Istanbul"):
    first = datetime(year, 1, 1, tzinfo=ZoneInfo(zone)) - timedelta(seconds=1)
    return moments(live(trigger), ZoneInfo(zone), first, first.replace(year=year))


@pytest.mark.parametrize("zone", ["Europe/Istanbul", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Cairo"])
@pytest.mark.parametrize("year", [2027, 2028])
def test_every_birthday_comes_once_a_year_at_the_first_moment_of_its_day(zone, year):
    found = of_year(Trigger("birthday"), year, zone)

    assert [each.day for each in found] == [date(year, 1, 1) + timedelta(days=n) for n in range(len(found))]
    born = [month_day for each in found for month_day in each.born]
    assert sorted(born) == sorted({*born})
    assert len(born) == 366, "also those born on 29 February, in common years on the 28th"
    for each in found:
        assert (each.at - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() < each.day == each.at.astimezone(ZoneInfo(zone)).date()


def test_of_some_days_before_the_years_are_those_of_the_birthday():
    found = of_year(Trigger("birthday", before=Duration(seconds=3 * DAYS)), 2027)

    assert (found[0].day, found[0].subject, found[0].born) == (date(2027, 1, 4), "2027", (104,))
    assert (found[-1].day, found[-1].subject, found[-1].born) == (date(2028, 1, 3), "2028", (103,))


def test_of_a_month_before_nobody_is_left_out():
    found = of_year(Trigger("birthday", before=Duration(months=1)), 2027)

    assert len({month_day for each in found for month_day in each.born}) == 366
    assert [each.day for each in found if each.at.astimezone(ZoneInfo("Europe/Istanbul")).date() == date(2027, 2, 28)] == [
        date(2027, 3, day) for day in (28, 29, 30, 31)
    ]


def test_a_schedule_in_the_hour_that_clocks_skip_comes_with_the_hour_after():
    found = of_year(Trigger("schedule", schedule=Schedule(time(2, 30), local=True)), 2027, "Europe/Berlin")

    assert len(found) == 365
    spring = next(each for each in found if each.day == date(2027, 3, 28))
    assert spring.at == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


def test_a_schedule_in_the_hour_that_comes_twice_comes_once():
    found = of_year(Trigger("schedule", schedule=Schedule(time(2, 30), weekdays=(6,), local=True)), 2027, "Europe/Berlin")

    assert sum(each.day == date(2027, 10, 31) for each in found) == 1


def test_before_an_occasion():
    week_before = Schedule(time(10), occasion="bayram", before=Duration(seconds=7 * DAYS))

    assert [(each.at, each.subject) for each in of_year(Trigger("schedule", schedule=week_before), 2027)] == [
        (datetime(2027, 5, 9, 7, 0, tzinfo=UTC), "2027-05-16")
    ]
    assert of_year(Trigger("schedule", schedule=Schedule(time(10), occasion="gone")), 2027) == []


def test_looks_reach_back_but_never_before_it_was_put_live():
    one = live(Trigger("birthday"))

    assert since_when(one, None) == NEW_YEAR
    assert since_when(one, NEW_YEAR + timedelta(hours=3)) == NEW_YEAR
    assert since_when(one, NEW_YEAR + timedelta(days=9)) == NEW_YEAR + timedelta(days=9, hours=-27)


def test_the_entry_window_ends_to_the_second():
    one = live(Trigger("birthday"))

    assert not is_late(NEW_YEAR, one, NEW_YEAR + timedelta(days=1, seconds=-1))
    assert is_late(NEW_YEAR, one, NEW_YEAR + timedelta(days=1))
