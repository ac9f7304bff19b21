"""An order is credited once, to the last touch before it, and only within the window."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from regulars.measurement.attribution import Sale, Touch, credited

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WEEK = timedelta(days=7)


def at(days_ago):
    return NOW - timedelta(days=days_ago)


def test_the_last_touch_before_the_order_gets_it():
    touches = [Touch(1, at(5), 10), Touch(1, at(2), 20), Touch(1, at(0.5), 30)]

    [(sale, launch)] = credited([Sale(1, at(1), "A", 100)], touches, WEEK)

    assert (sale.order_id, launch) == ("A", 20)


def test_a_touch_is_too_old_at_exactly_the_window_and_fresh_at_the_very_moment():
    assert credited([Sale(1, at(0), "A", 1)], [Touch(1, at(7), 10)], WEEK) == []
    assert len(credited([Sale(1, at(0), "A", 1)], [Touch(1, at(0), 10)], WEEK)) == 1


def test_somebody_elses_touch_earns_nothing():
    assert credited([Sale(2, at(1), "A", 1)], [Touch(1, at(2), 10)], WEEK) == []


moments = st.integers(0, 60).map(at)


@given(
    st.lists(st.builds(Sale, st.integers(1, 3), moments, st.uuids().map(str), st.integers(0, 10**6))),
    st.lists(st.builds(Touch, st.integers(1, 3), moments, st.integers(1, 4))),
)
def test_each_sale_is_credited_at_most_once_and_touches_of_others_do_not_matter(sales, touches):
    found = credited(sales, touches, WEEK)

    assert len({sale.order_id for sale, _ in found}) == len(found)
    for sale, launch in found:
        own = [touch for touch in touches if touch.customer_id == sale.customer_id]
        assert [(sale, launch)] == credited([sale], own, WEEK)
