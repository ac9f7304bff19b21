"""What an event does to those on their way."""

from __future__ import annotations

import pytest

from regulars.definition.automation import OnePer, WaitFor, WaitQuiet
from regulars.journeys.advancing import advance
from regulars.journeys.effects import Told
from regulars.journeys.entering import start
from regulars.journeys.journey import JourneyState
from regulars.journeys.leaving import has_left, touched
from tests.unit.journeys.ways import HOUR, NOW, after, days, happening, journey, live, send, sight, wait


def test_an_event_ends_the_journey_at_any_time_after_its_entry() -> None:
    automation = live(wait("pause"), send("hello"), leave_when=("order.placed", "order.refunded"))
    made = touched(automation, journey(automation), happening("order.refunded", after(2)), after(3))

    assert (made.journey.state, made.journey.reason, made.journey.due_at, made.journey.fence) == (
        JourneyState.ENDED, "left: order.refunded", None, 1)
    assert [(done.kind, done.outcome, done.reason, done.at) for done in made.steps] == [("leave", "left", "order.refunded", after(2))]


@pytest.mark.parametrize("told", [
    happening(),                                                   # what it began with
    happening("order.placed", after(-2), "1000"),                  # before
    happening("order.shipped", after(2)),                          # means nothing to it
    happening("order.placed", after(2), "1002", live=False),       # imported
])
def test_other_events_end_nothing(told) -> None:
    automation = live(wait("pause"), leave_when=("order.placed",))
    assert touched(automation, journey(automation), told, after(3)) is None


def test_on_the_way_of_one_order_other_orders_mean_nothing_but_that_they_are_placed() -> None:
    automation = live(wait("pause"), one_per=OnePer.ORDER, leave_when=("order.placed", "order.refunded", "subscribed"))
    mine = journey(automation)

    assert touched(automation, mine, happening("order.refunded", after(1), "1002"), after(1)) is None
    assert touched(automation, mine, happening("order.refunded", after(1), "1001"), after(1))
    assert touched(automation, mine, happening("order.placed", after(1), "1002"), after(1))
    assert touched(automation, mine, happening("subscribed", after(1), "x"), after(1))


def test_who_waits_for_an_event_goes_on_from_when_it_happened() -> None:
    automation = live(WaitFor("empty", "cart.emptied", days(14)), wait("pause"), send("hello"))
    waiting = advance(automation, journey(automation), sight(automation, NOW), NOW).journey
    woken = touched(automation, waiting, happening("cart.emptied", after(5)), after(6)).journey

    assert (woken.step, woken.due_at, woken.waits_for, woken.fence) == ("pause", after(5), None, 2)
    assert advance(automation, woken, sight(automation, after(6)), after(6)).journey.due_at == after(29)


def test_an_event_told_late_moves_nobody_back_before_the_wait_began() -> None:
    automation = live(wait("pause"), WaitFor("empty", "cart.emptied", days(14)), send("hello"))
    waiting = journey(automation, step="empty", due_at=after(24 + 14 * 24), waits_for="cart.emptied")
    assert touched(automation, waiting, happening("cart.emptied", after(2)), after(30)).journey.due_at == after(24)


@pytest.mark.parametrize(("told", "due"), [(after(0.5), after(1.5)), (after(-3), None), (after(2), None)])
def test_a_touch_puts_the_quiet_off(told, due) -> None:
    automation = live(WaitQuiet("quiet", "cart.updated", HOUR), send("hello"))
    waiting = journey(automation, step="quiet", due_at=after(1), waits_for="cart.updated")
    made = touched(automation, waiting, happening("cart.updated", told), after(2))

    assert (made.journey.due_at if made else None) == due
    assert made is None or (made.steps, made.journey.step, made.journey.waits_for) == ((), "quiet", "cart.updated")


def test_a_journey_does_not_begin_that_has_ended_already() -> None:
    """The shop told of the refund before it told of the order."""
    automation = live(leave_when=("order.refunded",), one_per=OnePer.ORDER)
    begun = start(happening(at=NOW), automation, [], NOW)

    assert has_left(automation, begun, [Told("order.refunded", after(1), "1001")])
    assert not has_left(automation, begun, [Told("order.refunded", after(1), "1002"), Told("order.shipped", after(1), "1001")])
    assert not has_left(automation, begun, [Told("order.refunded", NOW, "1001")])
