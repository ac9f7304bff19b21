"""Orders close the loop: a code is used once an order, given back when the order falls away, and reported with what it earned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from regulars.adapters.database.results import ResultsInDatabase
from regulars.adapters.database.schema import coupon_entries
from regulars.loyalty.coupons import CouponState
from regulars.operations.coupons import card_of
from regulars.operations.report import report
from tests.integration.launching import NOW, add_customers
from tests.integration.offering import IMPORTED, STATIC, OfferFloor, order, record

LATER = NOW + timedelta(days=1)
NOW_IS = LATER + timedelta(hours=1)


@pytest.fixture
def sent(database):
    """Three customers have got their mails."""
    floor = OfferFloor(database)
    floor.people = [f"c{number}@example.com" for number in add_customers(database, 3)]
    floor.drain(floor.launch().id)
    floor.code = {floor.people[number - 1]: code for number, code in floor.shown().items()}
    return floor


def state_of(floor, code):
    floor.assert_replays()
    return card_of(code, floor.coupons).state


def test_an_order_that_carries_a_code_uses_it_once(sent):
    person = sent.people[0]
    code = sent.code[person]

    record(sent, NOW_IS, order("A", person, code.lower(), LATER))
    record(sent, NOW_IS, order("A", person, code, LATER, status="paid"))
    record(sent, NOW_IS, order("A", person, code, LATER, status="shipped"))

    card = card_of(code, sent.coupons)
    assert card.state is CouponState.REDEEMED
    assert [entry.entry.value for entry in card.entries] == ["bound", "redeemed"]
    assert [(use.order_id, use.email, use.by_another) for use in card.uses] == [("A", person, False)]
    assert (card.email, card.campaign) == (person, "hello")


@pytest.mark.parametrize("end", [{"status": "cancelled"}, {"refunded": "600"}, {"cancelled_at": (LATER + timedelta(minutes=5)).isoformat()}, {"coupon": ""}])
def test_an_order_that_falls_away_gives_the_code_back(sent, end):
    person = sent.people[0]
    code = sent.code[person]
    record(sent, NOW_IS, order("A", person, code, LATER))

    record(sent, NOW_IS, {**order("A", person, code, LATER), **end})
    assert state_of(sent, code) is CouponState.BOUND

    record(sent, NOW_IS, order("A", person, code, LATER, status="paid"))
    assert state_of(sent, code) is CouponState.REDEEMED


def test_an_order_that_is_not_paid_yet_uses_nothing(sent):
    person = sent.people[0]

    record(sent, NOW_IS, order("A", person, sent.code[person], LATER, status="pending"))

    assert state_of(sent, sent.code[person]) is CouponState.BOUND


def test_somebody_elses_use_is_shown(sent):
    one, other = sent.people[:2]

    record(sent, NOW_IS, order("A", other, sent.code[one], LATER))

    [use] = card_of(sent.code[one], sent.coupons).uses
    assert use.by_another
    assert use.email == other


def test_two_orders_with_one_code_and_one_order_with_two(sent):
    one, other = sent.people[:2]
    record(sent, NOW_IS, order("A", one, sent.code[one], LATER), order("B", other, f"{sent.code[one]}, {sent.code[other]}", LATER))

    assert state_of(sent, sent.code[one]) is CouponState.REDEEMED
    record(sent, NOW_IS, order("A", one, sent.code[one], LATER, status="cancelled"))
    assert state_of(sent, sent.code[one]) is CouponState.REDEEMED
    record(sent, NOW_IS, order("B", other, "", LATER))
    assert state_of(sent, sent.code[one]) is CouponState.BOUND
    assert state_of(sent, sent.code[other]) is CouponState.BOUND


def test_of_several_codes_of_a_webhook_ours_is_found(sent):
    person = sent.people[0]

    record(sent, NOW_IS, order("A", person, "WELCOME", LATER, coupons=f"WELCOME, {sent.code[person]}"))

    assert state_of(sent, sent.code[person]) is CouponState.REDEEMED


def test_a_strangers_code_is_nothing_to_us(sent):
    record(sent, NOW_IS, order("A", sent.people[0], "WELCOME5", LATER))

    assert {row.state for row in sent.rows()} == {"bound"}
    with sent.database.read() as connection:
        assert connection.scalar(select(func.count()).where(coupon_entries.c.entry == "redeemed")) == 0


def test_a_free_code_that_somebody_used_is_given_to_nobody(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 1)
    floor.stock("A-1", "A-2")

    record(floor, NOW_IS, order("A", "stranger@example.com", "a-1", NOW - timedelta(days=1)))
    record(floor, NOW_IS, order("A", "stranger@example.com", "a-1", NOW - timedelta(days=1), status="cancelled"))

    assert floor.code_states() == {"A-1": "void", "A-2": "free"}
    floor.assert_replays()


def test_a_report_says_what_the_codes_brought(sent):
    one, other, third = sent.people
    record(
        sent, NOW_IS, order("A", one, sent.code[one], LATER, total="1000", discount="100"),
        order("B", third, sent.code[other], LATER, total="500", line_discount="50"),
        order("C", third, "", LATER, total="70"), order("D", third, sent.code[third], LATER, total="10", status="cancelled"),
    )

    results = report("hello", sent.workspace.campaigns, sent.workspace.shop, ResultsInDatabase(sent.database), LATER + timedelta(days=1))

    assert results.as_json()["codes"] == {
        "bound": 3, "redeemed": 2, "by_others": 1, "orders": 2,
        "revenue": {"amount": "1350", "currency": "TRY"}, "discount": {"amount": "150", "currency": "TRY"},
    }


def test_a_report_of_one_code_for_everybody_counts_orders_of_those_who_got_it(database):
    floor = OfferFloor(database, STATIC)
    people = [f"c{number}@example.com" for number in add_customers(database, 2)]
    floor.drain(floor.launch().id)
    record(
        floor, NOW_IS, order("A", people[0], "other, summer", LATER, total="300"), order("B", "stranger@example.com", "SUMMER", LATER),
        order("C", people[1], "MIDSUMMER", LATER), order("D", people[1], "SUMMER", NOW - timedelta(days=2)),
    )

    results = report("hello", floor.workspace.campaigns, floor.workspace.shop, ResultsInDatabase(database), LATER + timedelta(days=1))

    assert results.codes.bound is None
    assert (results.codes.redeemed, str(results.codes.revenue)) == (1, "300 TRY")


def test_a_campaign_without_an_offer_reports_no_codes(database):
    floor = OfferFloor(database, STATIC)
    add_customers(database, 1)
    floor.drain(floor.launch().id)
    plain = replace(floor.workspace.campaigns["hello"], offer=None)

    results = report("hello", {"hello": plain}, floor.workspace.shop, ResultsInDatabase(database), LATER)

    assert results.as_json()["codes"] is None


def test_orders_without_our_codes_cost_two_look_ups_at_most(sqlite_database):

    floor = OfferFloor(sqlite_database)
    said = []
    listener = lambda *args: said.append(args[2])  # noqa: E731
    event.listen(sqlite_database.engine, "before_cursor_execute", listener)
    record(floor, NOW_IS, *(order(f"O{number}", f"p{number}@example.com", "WELCOME", NOW - timedelta(days=1)) for number in range(50)))
    event.remove(sqlite_database.engine, "before_cursor_execute", listener)

    assert len([one for one in said if "coupon" in one and "FROM coupon" in one]) <= 2
