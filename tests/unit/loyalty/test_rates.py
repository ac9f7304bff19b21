"""An order is compared at the latest rate that was known on its day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from regulars.audience.cells import BadCell
from regulars.errors import UsageError
from regulars.loyalty.rates import compared, read_rates

TEXT = "day,currency,rate\n2026-06-01,EUR,60\n2026-01-01,EUR,50.5\n2026-01-01,AZN,25\n"


@pytest.mark.parametrize(("day", "rate"), [(date(2026, 1, 1), "50.5"), (date(2026, 5, 31), "50.5"), (date(2026, 6, 1), "60"), (date(2027, 1, 1), "60")])
def test_the_latest_rate_not_after_the_day(day, rate):
    assert read_rates(TEXT, "TRY", "data/rates.csv").on(day, "EUR") == Decimal(rate)


def test_the_compared_currency_needs_no_rate():
    assert read_rates(TEXT, "TRY", "data/rates.csv").on(date(1990, 1, 1), "TRY") == 1


@pytest.mark.parametrize(("day", "code", "said"), [(date(2026, 5, 1), "USD", "USD has no rate: add a line 2026-05-01,USD,"), (date(2025, 1, 1), "EUR", "EUR has no rate before 2026-01-01")])
def test_a_missing_rate_says_which_line_to_add(day, code, said):
    with pytest.raises(BadCell, match=said):
        read_rates(TEXT, "TRY", "data/rates.csv").on(day, code)


@pytest.mark.parametrize(("text", "said"), [
    ("date,currency,rate\n", "the first line"), ("day,currency,rate\n2026-01-01,EUR\n", "rates.csv:2"),
    ("day,currency,rate\n2026-01-01,EUR,50\n2026-01-02,EUR,-1\n", "rates.csv:3: -1 is not above 0"),
    ('day,currency,rate\n2026-01-01,EUR,"50,5"\n', "a comma can be"),
])
def test_a_broken_rates_file_names_its_line(text, said):
    with pytest.raises(UsageError, match=said):
        read_rates(text, "TRY", "data/rates.csv")


def test_compared_amounts_are_rounded_half_to_even():
    assert [compared(units, Decimal("0.5")) for units in (1, 3, -1)] == [0, 2, 0]
