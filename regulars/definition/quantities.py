"""Units in words: `60 days`, `20%`, `500 TRY` as values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

MONEY_SCALE = 10_000
RATE_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in integers of 1/10,000 of the currency's unit, so that sums are exact."""

    units: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        scaled = (Decimal(amount) * MONEY_SCALE).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.units) / MONEY_SCALE

    @property
    def rounded(self) -> Money:
        """To the hundredth: sums of converted amounts have digits that nobody wants to read."""
        return Money.of(self.amount.quantize(Decimal("0.01")), self.currency)

    def __str__(self) -> str:
        text = f"{self.amount:.4f}".rstrip("0")
        whole, _, part = text.partition(".")
        return f"{whole}.{part.ljust(2, '0')} {self.currency}" if part else f"{whole} {self.currency}"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as the marketer wrote it: months and years are calendar ones, a day is 24 hours.

    `months` counts calendar months (a year is twelve); `seconds` everything else. One of the two is zero.
    """

    months: int = 0
    seconds: int = 0

    def __str__(self) -> str:
        if self.months:
            return _counted(self.months // 12, "year") if self.months % 12 == 0 else _counted(self.months, "month")
        for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
            if self.seconds % size == 0:
                return _counted(self.seconds // size, unit)
        return _counted(self.seconds, "second")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a length of time, spread over it as evenly as it goes."""

    count: int
    unit: str  # second | minute | hour | day

    @property
    def per_second(self) -> float:
        return self.count / RATE_UNITS[self.unit]

    def __str__(self) -> str:
        return f"{self.count} per {self.unit}"


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
