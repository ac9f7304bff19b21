"""What starts a journey, for whom, and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from regulars.audience.view import Line
from regulars.definition.automation import OnePer, Trigger
from regulars.definition.conditions import InSegment, LineField, Not, Op, Test
from regulars.definition.quantities import Duration, Money
from regulars.definition.workspace import EventField
from regulars.journeys.entering import calls_for, entry_condition, start
from regulars.journeys.happenings import Happening
from regulars.journeys.journey import Entry
from regulars.journeys.live import LiveAutomation
from tests.shops import a_shop
from tests.unit.journeys.ways import NOW, after, days, happening, live, orders, send

ANSWERS = a_shop(events={"nps.answered": {
    "score": EventField.WHOLE, "words": EventField.TEXT, "worth": EventField.MONEY, "again": EventField.YES_NO, "on": EventField.DATE,
}})


def entry(occurrence: int = 1, key: str = "once", at: datetime = NOW, *, under_way: bool = False) -> Entry:
    return Entry(7, occurrence, key, at, under_way)


@pytest.mark.parametrize(("changed", "expected"), [
    ({}, True),
    ({"kind": "order.paid"}, False),
    ({"live": False}, False),
    ({"at": after(-24)}, False),
    ({"at": after(-23)}, True),
    ({"at": after(-49)}, False),
])
def test_only_a_fresh_live_event_of_its_kind_starts_anything(changed: dict[str, object], expected: bool) -> None:
    automation = live(since=after(-48))
    assert calls_for(replace(happening(), **changed), automation, NOW) is expected


def test_what_happened_before_it_was_put_live_starts_nothing() -> None:
    automation = live(since=NOW)
    assert not calls_for(happening(at=after(-1)), automation, after(1))
    assert calls_for(happening(at=NOW), automation, after(1))
    assert not calls_for(happening(), replace(automation, live_since=None), after(1))


def test_the_window_may_be_longer() -> None:
    assert calls_for(happening(at=after(-49)), live(since=after(-100), entry_window=days(3)), NOW)


@pytest.mark.parametrize(("nth", "expected"), [(1, True), (2, False), (None, False)])
def test_the_first_order_is_the_first(nth: int | None, expected: bool) -> None:
    assert calls_for(happening(nth=nth), live(trigger=Trigger("order.placed", nth=1)), NOW) is expected


def test_one_line_has_to_be_all_of_it() -> None:
    automation = live(trigger=Trigger("order.placed", where=(
        (LineField.CATEGORY, (Test(Op.IS, "Machines"),)), (LineField.SKU, (Test(Op.STARTS_WITH, "X"),)),
    )))

    def bought(*lines: tuple[str, str]) -> Happening:
        return happening(lines=tuple(Line(1, NOW, 1, category=category, sku=sku) for category, sku in lines))

    assert calls_for(bought(("beans", "b1"), ("machines", "x9")), automation, NOW)
    assert not calls_for(bought(("beans", "x1"), ("machines", "m9")), automation, NOW)
    assert not calls_for(bought(), automation, NOW)


@pytest.mark.parametrize(("field", "test", "told", "expected"), [
    ("score", Test(Op.AT_LEAST, 9), 9, True),
    ("score", Test(Op.AT_LEAST, 9), "9", True),
    ("score", Test(Op.AT_LEAST, 9), 8, False),
    ("score", Test(Op.AT_LEAST, 9), None, False),
    ("score", Test(Op.AT_LEAST, 9), True, False),
    ("score", Test(Op.AT_LEAST, 9), {"a": 1}, False),
    ("words", Test(Op.CONTAINS, "İYİ"), "çok iyi", True),
    ("words", Test(Op.CONTAINS, "iyi"), 7, False),
    ("again", Test(Op.IS, True), True, True),
    ("again", Test(Op.IS, True), "yes", False),
    ("worth", Test(Op.MORE_THAN, Money.of(99, "TRY")), "99.50", True),
    ("worth", Test(Op.MORE_THAN, Money.of(99, "TRY")), {"amount": 100, "currency": "TRY"}, True),
    ("worth", Test(Op.MORE_THAN, Money.of(99, "TRY")), {"amount": 100, "currency": "EUR"}, False),
    ("worth", Test(Op.MORE_THAN, Money.of(99, "TRY")), "lots", False),
    ("on", Test(Op.BEFORE, datetime(2026, 12, 1).date()), "2026-11-30", True),
    ("on", Test(Op.BEFORE, datetime(2026, 12, 1).date()), "yesterday", False),
])
def test_the_fields_of_a_declared_event_narrow_it(field: str, test: Test, told: object, expected: bool) -> None:
    automation = live(trigger=Trigger("nps.answered", fields=((field, (test,)),)), shop=ANSWERS)
    assert calls_for(happening("nps.answered", data={field: told}), automation, NOW) is expected


def test_a_moment_that_was_looked_up_starts_the_automation_it_was_looked_for() -> None:
    birthday = live(trigger=Trigger("birthday", before=days(3)))
    assert calls_for(happening("birthday", campaign="welcome"), birthday, NOW)
    assert not calls_for(happening("birthday", campaign="another"), birthday, NOW)


def test_who_may_enter_is_asked_as_one_condition() -> None:
    assert entry_condition(live()) is None
    watched = live(trigger=Trigger("segment.entered", segment="vip"), when=orders(2), excluding=orders(9))
    assert entry_condition(watched).parts == (InSegment("vip"), orders(2), Not(orders(9)))


# ---- how often ----


def begun(automation: LiveAutomation, entries: list[Entry], at: datetime = NOW, subject: str = "1001"):
    return start(happening(at=at, subject=subject), automation, entries, max(at, NOW))


def test_never_again_is_never() -> None:
    automation = live()
    first = begun(automation, [])
    assert (first.occurrence, first.entry, first.step, first.at) == (1, "once", "hello", NOW)
    assert begun(automation, [entry(at=after(-9_999))], subject="1002") is None


def test_again_counts_from_the_last_entry_and_not_before_its_end() -> None:
    automation = live(again=days(180))
    before = entry(3, "1000", at=after(-180 * 24))
    assert begun(automation, [before]).occurrence == 4
    assert begun(automation, [before, entry(4, "1003", at=after(-24))]) is None
    assert begun(automation, [replace(before, under_way=True)]) is None
    assert begun(automation, [replace(before, entry="1001")]) is None, "it was for this very order"


def test_each_order_has_its_own_way() -> None:
    automation = live(one_per=OnePer.ORDER)
    under_way = entry(1, "1000", under_way=True)
    assert begun(automation, [under_way]).occurrence == 2
    assert begun(automation, [under_way], subject="1000") is None


@pytest.mark.parametrize("event", ["birthday", "replenishment.due", "schedule"])
def test_what_comes_round_is_once_each_time(event: str) -> None:
    automation = live(trigger=Trigger(event))
    last_year = entry(1, "2025", at=after(-365 * 24))
    again = start(happening(event, subject="2026", campaign="welcome"), automation, [last_year], NOW)
    assert again.occurrence == 2
    assert start(happening(event, subject="2025", campaign="welcome"), automation, [last_year], NOW) is None


def test_a_clock_that_is_ahead_starts_nothing_in_the_future() -> None:
    assert begun(live(), [], at=NOW).at == NOW
    assert start(happening(at=NOW + timedelta(hours=3)), live(), [], NOW).at == NOW


def test_what_started_it_is_remembered() -> None:
    made = begun(live(send("hello")), [])
    assert made.trigger == {
        "kind": "order.placed", "at": NOW.isoformat(), "subject": "1001", "source": "test", "source_id": "order.placed:1001", "data": {}
    }


def test_months_are_those_of_the_shops_calendar() -> None:
    automation = live(again=Duration(months=1))
    before = entry(1, "1000", at=datetime.fromisoformat("2026-10-31T09:00:00+00:00"))
    assert begun(automation, [before], at=datetime.fromisoformat("2026-11-30T08:59:00+00:00")) is None
    assert start(happening(at=datetime.fromisoformat("2026-11-30T09:00:00+00:00")), automation, [before], after(9_999)) is not None
