"""Nobody is asked before their answer can change: until then a condition holds, or does not, as it did."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.audience.evaluation import holds
from regulars.audience.frame import Frame
from regulars.audience.steady import steady_until
from regulars.audience.view import CustomerView, Line
from regulars.definition.conditions import Aggregate, All, Fact, InSegment, Kind, Op, Orders, Test, Window
from regulars.definition.quantities import Duration
from regulars.definition.workspace import Segment
from tests.people import SHOP
from tests.predicates import NOW, conditions, people

DAY = timedelta(days=1)
MONTH = Duration(seconds=30 * 86_400)
VIP = Segment("vip", Fact("orders.count", Kind.WHOLE, (Test(Op.AT_LEAST, 2),)))
ahead = st.one_of(
    st.sampled_from([1, 7, 10, 29, 30, 31, 60, 90, 180, 365, 366]).map(lambda days: days * DAY), st.timedeltas(timedelta(0), 900 * DAY),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(people(at_most=2), conditions(), st.lists(ahead, min_size=1, max_size=12))
def test_nothing_turns_before_its_time(history, condition, spans):
    frame = Frame(NOW, SHOP, {"vip": VIP})
    for person in history:
        view = person.view(frame)
        until = steady_until(condition, view, frame)
        before = holds(condition, view, frame)
        for span in spans:
            if until is None or NOW + span < until:
                assert holds(condition, view, Frame(NOW + span, SHOP, {"vip": VIP})) is before, (condition, until, span)


def view_of(*days_ago):
    times = [NOW - days * DAY for days in days_ago]
    lines = tuple(Line(number, at, 100, counts_from=at) for number, at in enumerate(times))
    return CustomerView(1, orders_count=len(times), first_at=min(times), last_at=max(times), lines=lines, engagement=8.0)


def until(condition, *days_ago):
    return steady_until(condition, view_of(*days_ago), Frame(NOW, SHOP, {"vip": VIP}))


def test_what_has_no_clock_stays_for_ever():
    assert until(All((InSegment("vip"), Fact("customer.country", Kind.TEXT, (Test(Op.IS, "TR"),)))), 5) is None


def test_an_age_turns_when_it_is_reached_and_never_again():
    asleep = Fact("orders.last_at", Kind.TIME, (Test(Op.OLDER_THAN, MONTH),))
    assert until(asleep, 5) == NOW + 25 * DAY
    assert until(asleep, 31) is None


def test_each_order_that_leaves_a_window_may_turn_it():
    lately = Orders((), Window(within=MONTH), ((Aggregate.COUNT, (Test(Op.AT_LEAST, 2),)),))
    assert until(lately, 3, 9, 200) == NOW + 21 * DAY


def test_a_rhythm_turns_when_they_are_overdue():
    overdue = Fact("orders.overdue", Kind.NUMBER, (Test(Op.AT_LEAST, 2),))
    assert abs(until(overdue, 5, 15) - (NOW + 15 * DAY)) <= timedelta(seconds=1)


def test_a_score_turns_when_it_has_faded():
    engaged = Fact("engagement", Kind.NUMBER, (Test(Op.AT_LEAST, 1),))
    frame = Frame(NOW, SHOP, {}, landmark=NOW)
    half_lives = 3 * timedelta(seconds=frame.decay.half_life)  # from 8 to 1
    assert abs(steady_until(engaged, view_of(1), frame) - (NOW + half_lives)) <= timedelta(seconds=1)
