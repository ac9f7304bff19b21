"""Rows become one order: what they say of it, and when it is the same again."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from regulars.audience.cells import BadCell
from regulars.audience.header import match_header
from regulars.audience.record import Reading
from regulars.loyalty.purchases import FIELDS, REQUIRED, Order, make_order, read_row
from regulars.loyalty.rates import Rates
from tests.factories import OrderLineFactory
from tests.shops import Rows

ZONE = ZoneInfo("Europe/Istanbul")


def order(*rows: dict) -> Order:
    table = Rows(rows)
    reading = Reading(match_header(table.columns, FIELDS, REQUIRED, {}), ZONE, datetime(2026, 11, 20, tzinfo=UTC))
    read = [read_row(reading.record(cells), "TRY") for _, cells in table.rows()]
    return make_order(read, Rates("TRY"), lambda moment: moment.date())


def test_the_first_row_that_says_something_of_the_order_wins():
    one = order(OrderLineFactory(order_id="A"), OrderLineFactory(order_id="A", coupon="TEN"), OrderLineFactory(order_id="A", coupon="FIVE"))

    assert one.head.coupon == "TEN"


def test_the_same_order_again_has_the_same_hash_and_any_change_another():
    line = OrderLineFactory(order_id="A")

    same = {order(line).content_hash, order(dict(line)).content_hash}
    other = {order({**line, name: value}).content_hash for name, value in (
        ("quantity", "2"), ("status", "paid"), ("email", "ben@mail.example"), ("gift_note", "hi"), ("ordered_at", "2026-05-01 10:01"))}

    assert len(same) == 1
    assert len(same | other) == 6


def test_trailing_blanks_and_prices_of_nothing_are_fine():
    (line,) = order(OrderLineFactory(product="OWLS ON A PERCH  ", unit_price="0", sku="BANK CHARGES ")).lines

    assert (line.product, line.sku, line.amount) == ("OWLS ON A PERCH", "BANK CHARGES", 0)


@pytest.mark.parametrize(("told", "said"), [
    ({"ordered_at": "2027-01-01"}, "ordered_at: 2027-01-01 lies in the future"),
    ({"refunded": "-5"}, "without a minus sign"),
    ({"currency": "TL"}, 'currency: "TL" is not a currency'),
    ({"quantity": "1,5"}, 'quantity: "1,5" is not a number'),
    ({"order_id": " "}, "order_id is empty"),
])
def test_a_row_that_cannot_be_read_says_which_cell(told, said):
    with pytest.raises(BadCell, match=said):
        order(OrderLineFactory(**told))


def test_lines_in_two_currencies_are_no_order():
    with pytest.raises(BadCell, match="lines in TRY and in EUR"):
        order(OrderLineFactory(order_id="A"), OrderLineFactory(order_id="A", currency="EUR"))


def test_an_order_beyond_any_purse_is_refused():
    with pytest.raises(BadCell, match="more than ten billion"):
        order(*(OrderLineFactory(order_id="A", unit_price="9999999999") for _ in range(2)))
