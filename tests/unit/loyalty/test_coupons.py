"""Codes are hard to guess and easy to read out; what may follow what is one table, and the ledger says the state."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.definition.programme import Made, Offer, Reward, RewardKind
from regulars.definition.quantities import Duration
from regulars.loyalty.codes import ALPHABET
from regulars.loyalty.coupons import (
    DRAWN,
    MOST_DRAWS,
    CouponState,
    Entry,
    Line,
    Standing,
    Stock,
    after,
    codes_in,
    drawn_code,
    is_over,
    preview_code,
    read_coupon,
    replayed,
    valid_until,
)

TEN = Offer("comeback-10", Reward(RewardKind.PERCENT, "10%", percent=10), prefix="COME")
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ISTANBUL = "Europe/Istanbul"
MAIL = (1, 1)


@given(st.integers(min_value=0, max_value=MOST_DRAWS - 1))
def test_a_code_has_its_prefix_and_no_letter_to_mix_up(draw):
    code = drawn_code("COME", draw)

    assert code.startswith("COME-")
    assert set(code.removeprefix("COME-")) <= set(ALPHABET)
    assert len(code) == len("COME-") + DRAWN
    assert read_coupon(code) == code


def test_every_draw_is_another_code():
    assert len({drawn_code("", draw) for draw in range(5_000)}) == 5_000
    assert drawn_code("A-", 7) == drawn_code("A", 7)


@pytest.mark.parametrize("prefix", ["", "COME", "A-VERY-LONG-PREFIX"])
def test_a_preview_shows_a_code_of_the_same_length_that_is_none(prefix):
    offer = Offer("x", TEN.reward, prefix=prefix)

    assert len(preview_code(offer)) == len(drawn_code(prefix, 1))
    assert preview_code(offer).startswith("PREVIEW")
    assert not set("EIVX-") <= set(ALPHABET)


def test_a_static_code_is_shown_as_it_is():
    assert preview_code(Offer("x", TEN.reward, code="SUMMER")) == "SUMMER"


def test_valid_for_counts_from_the_binding_and_valid_until_is_the_whole_day_in_the_shops_zone():
    for_ten_days = Offer("x", TEN.reward, valid_for=Duration(seconds=10 * 86_400))
    until_the_end = Offer("x", TEN.reward, valid_until=date(2026, 11, 24))

    assert valid_until(TEN, NOW, ISTANBUL) is None
    assert valid_until(for_ten_days, NOW, ISTANBUL) == NOW + timedelta(days=10)
    assert valid_until(until_the_end, NOW, ISTANBUL) == datetime(2026, 11, 24, 20, 59, 59, tzinfo=UTC)


def test_the_earlier_end_wins_and_months_are_those_of_the_calendar():
    both = Offer("x", TEN.reward, valid_for=Duration(months=1), valid_until=date(2027, 1, 31))

    assert valid_until(both, NOW, ISTANBUL) == datetime(2026, 12, 20, 9, tzinfo=UTC)


def test_an_offer_is_over_on_the_day_after_its_last_one():
    offer = Offer("x", TEN.reward, valid_until=date(2026, 11, 20))

    assert not is_over(offer, datetime(2026, 11, 20, 20, 59, tzinfo=UTC), ISTANBUL)
    assert is_over(offer, datetime(2026, 11, 20, 21, 0, tzinfo=UTC), ISTANBUL)
    assert not is_over(TEN, NOW, ISTANBUL)


@pytest.mark.parametrize(("written", "found"), [
    (None, []), ("", []), ("SUMMER", ["summer"]), (" summer ", ["summer"]), ("B2, a1;A1|c3", ["a1", "b2", "c3"]), ("İLK", ["ilk"]),
])
def test_the_codes_of_an_order_are_read_however_the_shop_lists_them(written, found):
    assert codes_in(written) == found


@pytest.mark.parametrize("hostile", ["", "   ", "=1+1", "-5", "@cmd", "a b", "a\0b", "a\x1bb", "a,b", "<b>", "x" * 65, "\u202eabc", "{{ x }}", "preview-1"])
def test_what_is_no_code_says_why(hostile):
    with pytest.raises(ValueError, match=r"\w"):
        read_coupon(hostile)


def test_a_shop_sends_only_codes_that_it_knows_and_that_no_launch_has_reserved():
    stock = Stock(free=100, unsynced=30, reserved=50)

    assert stock.available(Offer("x", TEN.reward, made_in=Made.IMPORTED)) == 50
    assert stock.available(Offer("x", TEN.reward, made_in=Made.SHOPIFY)) == 20
    assert Stock(free=1, reserved=5).available(Offer("x", TEN.reward, made_in=Made.IMPORTED)) == 0


def test_a_code_is_bound_once_freed_and_bound_again():
    bound = replayed([Line(Entry.MADE), Line(Entry.BOUND, MAIL)])

    assert bound == Standing(CouponState.BOUND, MAIL)
    assert after(bound, Line(Entry.FREED, MAIL)) == Standing()
    with pytest.raises(ValueError, match="may not follow"):
        after(bound, Line(Entry.BOUND, (1, 2)))


def test_an_order_that_does_not_count_any_more_gives_the_code_back_to_its_message():
    used = replayed([Line(Entry.BOUND, MAIL), Line(Entry.REDEEMED, order_id="A"), Line(Entry.REDEEMED, order_id="B")])

    one_left = after(used, Line(Entry.UNREDEEMED, order_id="A"))

    assert used.state is one_left.state is CouponState.REDEEMED
    assert after(one_left, Line(Entry.UNREDEEMED, order_id="B")) == Standing(CouponState.BOUND, MAIL)


def test_a_code_that_somebody_used_without_a_mail_is_given_to_nobody_afterwards():
    used = replayed([Line(Entry.MADE), Line(Entry.REDEEMED, order_id="A")])

    assert after(used, Line(Entry.UNREDEEMED, order_id="A")).state is CouponState.VOID


def test_a_void_code_stays_void_whatever_orders_do():
    void = replayed([Line(Entry.MADE), Line(Entry.VOID), Line(Entry.REDEEMED, order_id="A"), Line(Entry.UNREDEEMED, order_id="A")])

    assert void.state is CouponState.VOID
    with pytest.raises(ValueError, match="may not follow"):
        after(void, Line(Entry.BOUND, MAIL))


@pytest.mark.parametrize("entry", [Entry.FREED, Entry.REDEEMED, Entry.VOID, Entry.SYNCED])
def test_nothing_happens_to_a_code_that_was_never_made(entry):
    with pytest.raises(ValueError, match="unknown"):
        replayed([Line(entry)])
