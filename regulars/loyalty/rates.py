"""Orders in other currencies are compared at the rate of their day: `day,currency,rate`, units of the compared one for 1."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from regulars.audience.cells import BadCell, currency, number
from regulars.errors import UsageError


@dataclass(frozen=True, slots=True)
class Rates:
    """`known`: currency -> (days in order, the rate from each day on)."""

    compare_in: str
    known: Mapping[str, tuple[tuple[date, ...], tuple[Decimal, ...]]] = field(default_factory=dict)
    source: str = "data/rates.csv"

    def on(self, day: date, code: str) -> Decimal:
        """The latest rate that is not after the day. BadCell with the way out when there is none."""
        if code == self.compare_in:
            return Decimal(1)
        days, rates = self.known.get(code, ((), ()))
        place = bisect_right(days, day)
        if place == 0:
            since = f" before {days[0]}" if days else ""
            raise BadCell(
                f"{code} has no rate{since}: add a line {day},{code},<{self.compare_in} for 1 {code}> to {self.source}"
            )
        return rates[place - 1]


def compared(units: int, rate: Decimal) -> int:
    return int((units * rate).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)) if rate != 1 else units


def read_rates(text: str, compare_in: str, source: str) -> Rates:
    """Raises UsageError naming the line that is no rate."""
    by_currency: dict[str, dict[date, Decimal]] = {}
    rows = csv.reader(text.removeprefix("\ufeff").splitlines())
    if (header := next(rows, [])) != ["day", "currency", "rate"]:
        raise UsageError(f"{source}: the first line is {','.join(header)!r}", hint="it must be: day,currency,rate")
    for row in filter(None, rows):
        try:
            day, code, rate = row
            read = number(rate)
            if read <= 0:
                raise BadCell(f"{rate} is not above 0")
            by_currency.setdefault(currency(code), {})[date.fromisoformat(day.strip())] = read
        except ValueError as error:
            reason = str(error) if isinstance(error, BadCell) else "expected day,currency,rate as in 2026-05-01,EUR,41.2"
            raise UsageError(f"{source}:{rows.line_num}: {reason}") from error
    ordered = {code: tuple(zip(*sorted(days.items()), strict=True)) for code, days in by_currency.items()}
    return Rates(compare_in, {code: (pair[0], pair[1]) for code, pair in ordered.items()}, source)
