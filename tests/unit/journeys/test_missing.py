"""Who never entered is told which part of the trigger did not hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from regulars.definition.automation import Trigger
from regulars.journeys.live import Applied, AutomationState
from regulars.journeys.missing import Known, Seen, why_not
from regulars.journeys.records import PassedOver
from tests.unit.journeys.test_watching import NEW_YEAR, live

NOW = NEW_YEAR + timedelta(days=30)
APPLIED = Applied("watching", 1, AutomationState.LIVE, None, NEW_YEAR, "Ada", NEW_YEAR, None, "hash", NEW_YEAR)
ORDERED = Trigger("order.placed", nth=1)
MOVED_IN = Trigger("segment.entered", segment="vip")
LATE = PassedOver(date(2027, 1, 5), 3, "nobody looked")


def seen(days: int, *, is_live: bool = True) -> Known:
    return Known((Seen(NEW_YEAR + timedelta(days=days), is_live),))


@pytest.mark.parametrize(("trigger", "known", "may_enter", "reason"), [
    (ORDERED, Known(), True, "no order.placed of theirs is known"),
    (ORDERED, seen(5, is_live=False), True, "imported history"),
    (ORDERED, seen(-5), True, "before the automation was put live"),
    (ORDERED, seen(5), False, "the conditions that let customers in do not hold"),
    (ORDERED, seen(5), True, "not the one that is asked for (order.placed, number 1)"),
    (MOVED_IN, Known(), False, "not in it (segment.entered vip)"),
    (MOVED_IN, Known(), True, "enter at the next look"),
    (MOVED_IN, Known(found_at=NEW_YEAR), True, "only new members enter"),
    (MOVED_IN, Known(found_at=NEW_YEAR), False, "did not hold"),
    (Trigger("birthday"), Known(), True, "birthday is not known"),
    (Trigger("birthday"), Known(birthday=105), True, "has not come"),
    (Trigger("birthday"), Known((), NEW_YEAR + timedelta(days=4), 105, (LATE,)), True, "passed over: nobody looked"),
    (Trigger("birthday"), Known((), NEW_YEAR + timedelta(days=4), 105), False, "its conditions do not hold"),
])
def test_the_reason_is_the_part_that_did_not_hold(trigger, known, may_enter, reason) -> None:
    assert reason in why_not(live(trigger), APPLIED, known, may_enter=may_enter, now=NOW)


def test_a_disabled_one_says_that_first() -> None:
    disabled = replace(APPLIED, live_since=None, reason="disabled by Ada")

    assert why_not(live(ORDERED), disabled, seen(5), may_enter=True, now=NOW) == "the automation is disabled: disabled by Ada"
