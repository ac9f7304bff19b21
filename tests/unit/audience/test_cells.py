"""Cells as shops' exports hold them: what is read, and the reason a person gets for the rest."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from regulars.audience import cells
from regulars.audience.cells import BadCell

ISTANBUL = ZoneInfo("Europe/Istanbul")


@pytest.mark.parametrize(("cell", "utc"), [
    ("2026-05-01", "2026-04-30 21:00:00"),
    ("2026-05-01 10:00", "2026-05-01 07:00:00"),
    ("2026-05-01T10:00:30", "2026-05-01 07:00:30"),
    ("2026-05-01T10:00:00Z", "2026-05-01 10:00:00"),
    ("2026-05-01T10:00:00+0200", "2026-05-01 08:00:00"),
    (" 2026-05-01 10:00:00.5 +02:00 ", "2026-05-01 08:00:00"),
])
def test_a_moment_without_a_zone_is_the_shops(cell, utc):
    assert f"{cells.moment(cell, ISTANBUL):%Y-%m-%d %H:%M:%S}" == utc


@pytest.mark.parametrize("cell", ["01/05/2026", "2026-13-01", "2026-02-29", "2026-05-01 25:00", "yesterday", "20260501", "2026-05-01 10"])
def test_a_moment_that_can_be_misread_is_refused(cell):
    with pytest.raises(BadCell, match=r"time|calendar"):
        cells.moment(cell, ISTANBUL)


@pytest.mark.parametrize(("cell", "units"), [
    ("12.50", 125_000), ("-3", -30_000), ("+.5", 5_000), (" 4. ", 40_000), ("0", 0), ("0.00005", 0), ("0.00015", 2),
])
def test_money_is_exact(cell, units):
    assert cells.money(cell) == units


@pytest.mark.parametrize("cell", ["12,50", "1.250,00", "1,250.00", "1E5", "12 TL", "₺12", "NaN", "inf", "--1", "1 000"])
def test_a_number_that_can_be_read_in_two_ways_is_refused(cell):
    with pytest.raises(BadCell, match="is not a number"):
        cells.money(cell)


def test_a_comma_gets_its_own_way_out():
    with pytest.raises(BadCell, match="a comma can be a fraction or thousands"):
        cells.number("12,50")


def test_a_number_beyond_any_price_is_refused():
    with pytest.raises(BadCell, match="too large"):
        cells.money("99999999999")


def test_a_customers_number_is_the_same_with_a_spreadsheets_fraction():
    assert cells.shop_id("12923.0") == cells.shop_id(" 12923 ") == "12923"
    assert cells.shop_id("A.0") == "A.0"


@pytest.mark.parametrize(("cell", "read"), [
    ("1990-05-17", (date(1990, 5, 17), 517)), ("05-17", (None, 517)), ("--02-29", (None, 229)), ("2000-02-29", (date(2000, 2, 29), 229)),
])
def test_birthdays(cell, read):
    assert cells.birthday(cell) == read


@pytest.mark.parametrize("cell", ["1990-02-29", "17.05.1990", "13-01", "5-17"])
def test_what_is_no_birthday(cell):
    with pytest.raises(BadCell):
        cells.birthday(cell)


@pytest.mark.parametrize(("thousandths", "price", "amount"), [(1_000, 7, 7), (333, 1_000, 333), (500, 1, 0), (1_500, 1, 2), (-500, 3, -2)])
def test_amounts_of_broken_quantities_are_rounded_half_to_even(thousandths, price, amount):
    assert cells.times(thousandths, price) == amount
