"""Whose friend a customer is, and which state may follow which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.loyalty.referrals import NEXT, Coded, ReferralState, Tie, lapsed, retied, tie_of

S = ReferralState
START = datetime(2026, 5, 1, tzinfo=UTC)
ADA, BEN = (1, ("ada@mail.example",)), (2, ("ben@mail.example",))
OWNERS = {"RJQ4MGXT": ADA, "QPT7W9XJ": (3, ("cem@mail.example",))}


def coded(name: str = "A", day: int = 0, code: str = "RJQ4MGXT", *, counts: bool = True, gone: str | None = None) -> Coded:
    return Coded(name, START + timedelta(days=day), code, counts, gone)


def tied(orders, first_at=START, friend=BEN):
    tie = tie_of(friend, orders, first_at, OWNERS)
    return None if tie is None else (tie.advocate_id, tie.order_id, tie.lapsed)


def test_the_first_order_that_counts_decides():
    assert tied([coded()]) == (1, "A", None)
    assert tied([coded(counts=False, day=5)]) is None                      # had ordered before
    assert tied([coded(code="SUMMER10")]) is None                          # somebody's coupon, nobody's code
    assert tied([coded(code="qpt7 w9xj")]) == (3, "A", None)


@pytest.mark.parametrize("friend", [ADA, (2, ("a.d.a+x@mail.example",)), (2, ("new@mail.example", "ada+old@mail.example"))])
def test_nobody_brings_themselves_by_whichever_address(friend):
    assert tied([coded()], friend=friend) is None


def test_an_order_that_was_taken_back_is_remembered_until_another_one_counts():
    back = coded("A", counts=False, gone="the order was cancelled")

    assert tied([back], first_at=None) == (1, "A", "the order was cancelled")
    assert tied([back, coded("B", 2, "QPT7W9XJ")], first_at=START + timedelta(days=2)) == (3, "B", None)
    assert tied([coded("B", 2, counts=False, gone="the order was cancelled")]) is None  # it was not the first one anyway


@given(st.permutations([
    coded("A", counts=False, gone="the order was returned"), coded("B", 1, "QPT7W9XJ"), coded("C", 2, counts=False), coded("D", 0, "?", counts=False),
]))
def test_the_sequence_in_which_orders_become_known_changes_nothing(orders):
    assert tied(orders, first_at=START + timedelta(days=1)) == (3, "B", None)


@pytest.mark.parametrize(("told", "said"), [
    ((None, 100, None, 0), None), (("paid", 100, None, 99), None), (("pending", 100, None, 0), None),
    (("Cancelled", 100, None, 0), "the order was cancelled"), ((None, 100, START, 0), "the order was cancelled"),
    (("on_hold", 0, None, 0), None), (("paid", 100, None, 100), "the order was returned"),
])
def test_why_an_order_does_not_count_any_more(told, said):
    assert lapsed(*told) == said


STANDS, GONE = Tie(1, "RJQ4MGXT", "A", START), Tie(1, "RJQ4MGXT", "A", START, "the order was returned")


@pytest.mark.parametrize(("before", "tie", "known", "then"), [
    # a new friend
    (None, STANDS, {}, (S.ORDERED, None)), (None, STANDS, {"suspicion": "same device"}, (S.HELD, "same device")),
    (None, GONE, {}, (S.REVERSED, "the order was returned")),
    # the same order again changes nothing, however far it has come
    *((state, STANDS, {"same": True, "suspicion": "late"}, (state, None)) for state in (S.ORDERED, S.HELD, S.CONFIRMED, S.REWARDED)),
    # an order that comes back takes everything with it, but a person's no
    *((state, GONE, {"same": True}, (S.REVERSED, "the order was returned")) for state in (S.ORDERED, S.HELD, S.CONFIRMED, S.REWARDED)),
    (S.REJECTED, GONE, {"same": True}, (S.REJECTED, None)), (S.REJECTED, STANDS, {"same": True}, (S.REJECTED, None)),
    # counts again; who was let pass is not asked about twice
    (S.REVERSED, STANDS, {"same": True}, (S.ORDERED, None)), (S.REVERSED, STANDS, {"same": True, "suspicion": "x"}, (S.HELD, "x")),
    (S.REVERSED, STANDS, {"same": True, "suspicion": "x", "approved": True}, (S.ORDERED, None)),
    # another order or another advocate: what was decided was about the former one
    (S.REJECTED, STANDS, {}, (S.ORDERED, None)), (S.REWARDED, STANDS, {"suspicion": "x", "approved": True}, (S.HELD, "x")),
])
def test_what_becomes_of_a_referral_when_its_orders_are_looked_at_again(before, tie, known, then):
    assert retied(before, tie=tie, **{"same": False, "approved": False, "suspicion": "", **known}) == then


@given(before=st.sampled_from(S), tie=st.sampled_from([STANDS, GONE]), approved=st.booleans(), suspicion=st.sampled_from(["", "x"]))
def test_orders_move_a_referral_only_along_the_table(before, tie, approved, suspicion):
    state, _ = retied(before, same=True, tie=tie, approved=approved, suspicion=suspicion)

    assert state is before or state in NEXT[before]
