"""What a shop tells of an order, in whatever order: the laws, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from regulars.audience.addresses import read_address
from regulars.loyalty.order_news import Counted, how_manieth, moments, unheard
from regulars.loyalty.purchases import Head, Line, Person, Row
from regulars.loyalty.tellings import (
    Gathered,
    Hints,
    Parcel,
    Refund,
    Telling,
    as_json,
    from_json,
    gathered,
    order_of,
    states_of,
)
from tests.shops import RATES

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
WHO = Person(read_address("ada@mail.example"), "77")


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def whole(told: int, price: int = 100, **head: object) -> Telling:
    line = Line("COF-1", "Huila", None, 1_000, price * 10_000, None, 0, price * 10_000)
    row = Row("1", START, WHO, "TRY", Head(**head), line, ())
    return Telling("1", after(told), (row,), states_of(row.head), hints=Hints(network=f"{price}"))


moment = st.integers(0, 500)
tellings = st.one_of(
    st.builds(whole, moment, st.integers(1, 3), status=st.sampled_from(["pending", "paid", "cancelled", "refunded", None])),
    st.builds(lambda at, key, amount: Telling("1", after(at), refunds={key: Refund(amount * 10_000, after(at))}), moment, st.sampled_from("ab"), st.integers(1, 60)),
    st.builds(
        lambda at, key, is_delivered, is_off: Telling("1", after(at), parcels={key: Parcel(after(at), START, after(at) if is_delivered else None, is_off)}),
        moment, st.sampled_from("xy"), st.booleans(), st.booleans()),
)


@given(st.lists(tellings, max_size=6).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told), st.lists(st.sampled_from(told), max_size=3) if told else st.just([]))))
def test_neither_order_nor_repetition_matters(drawn) -> None:
    straight, shuffled, again = drawn

    assert fold([*shuffled, *again]) == fold(straight)


@given(st.lists(tellings, max_size=6))
def test_what_is_stored_is_what_was_gathered(told) -> None:
    assert from_json(as_json(fold(told))) == fold(told)


@given(st.lists(tellings, max_size=6))
def test_what_was_announced_is_not_news_again(told) -> None:
    known = fold(told)
    if (order := order_of(known, RATES, lambda at: at.date())) is not None:
        now = moments(known, order)

        assert set(unheard({}, now)) == set(now)
        assert unheard(now, now) == []
        assert [now[kind] for kind in unheard({}, now)] == sorted(now.values())


def test_parts_of_an_order_that_nobody_told_yet_wait_for_it() -> None:
    parts = fold([Telling("1", after(5), refunds={"a": Refund(40_0000, after(5))})])
    assert order_of(parts, RATES, lambda at: at.date()) is None

    order = order_of(gathered(parts, whole(0, status="paid")), RATES, lambda at: at.date())
    assert (order.head.refunded, order.total_compared) == (40_0000, 60_0000)


def test_an_order_is_paid_when_it_was_first_told_so_if_it_was_told_as_unpaid_before() -> None:
    def paid_at(*told: Telling) -> datetime | None:
        return order_of(fold(told), RATES, lambda at: at.date()).head.paid_at

    assert paid_at(whole(0, status="pending")) is None
    assert paid_at(whole(300, status="paid")) == START
    assert paid_at(whole(0, status="pending"), whole(300, status="paid"), whole(400, status="paid")) == after(300)
    assert paid_at(whole(0, status="pending"), whole(300, status="paid", paid_at=after(250))) == after(250)


def test_an_order_that_is_told_late_was_paid_before_it_was_undone() -> None:
    refund = Telling("1", after(50), refunds={"a": Refund(10_0000, after(50))})
    told = fold([whole(0, status="pending"), whole(60, status="refunded"), refund])
    known = moments(told, order_of(told, RATES, lambda at: at.date()))

    assert known["placed"] == known["paid"] < known["refunded"] == after(50)


def test_an_order_has_arrived_when_all_its_parcels_have() -> None:
    def delivered_at(*parcels: Parcel) -> datetime | None:
        told = Telling("1", after(9), parcels={str(number): parcel for number, parcel in enumerate(parcels)})
        return order_of(fold([whole(0), told]), RATES, lambda at: at.date()).head.delivered_at

    assert delivered_at(Parcel(after(1), START)) is None
    assert delivered_at(Parcel(after(1), START, after(5)), Parcel(after(1), START)) is None
    assert delivered_at(Parcel(after(1), START, after(5)), Parcel(after(1), START, after(7))) == after(7)
    assert delivered_at(Parcel(after(1), START, after(5)), Parcel(after(1), START, is_off=True)) == after(5)


def test_news_of_a_moment_that_moved_is_told_again_only_when_it_moved_far() -> None:
    assert unheard({"placed": START}, {"placed": after(59)}) == []
    assert unheard({"placed": after(600)}, {"placed": START}) == []
    assert unheard({"placed": START}, {"placed": after(61)}) == ["placed"]


def test_the_how_manieth_order_it_is_depends_on_those_that_count() -> None:
    others = [Counted("a", after(0), None), Counted("b", after(1), after(2)), Counted("c", after(9), None)]

    assert how_manieth("new", after(5), others) == 2
    assert how_manieth("a", after(0), others) == 1
    assert how_manieth("new", after(1), [Counted("b", after(1), None)]) == 2
    assert how_manieth("a", after(1), [Counted("b", after(1), None)]) == 1


def fold(told) -> Gathered:
    known = Gathered()
    for telling in told:
        known = gathered(known, telling)
    return known
