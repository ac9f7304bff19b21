"""The moment and the shop that a condition is read in, and what its words of time mean there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from regulars.definition.decay import FIRST_LANDMARK, Decay
from regulars.definition.quantities import Duration
from regulars.definition.workspace import Segment, Shop


@dataclass(frozen=True, slots=True)
class Cuts:
    """Values that divide all customers who ordered, computed before anybody is asked.

    `rfm`: measure (recency, frequency, monetary) -> the four borders between the fifths, none when nobody ordered.
    `top`: (fact, percent) -> the fact of the last customer who is still in it.
    Recency is in microseconds since 1970, money in 1/10,000 units.
    """

    rfm: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    top: Mapping[tuple[str, Decimal], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """`recomputed`: facts, reactions and scores come from what happened up to `as_of`, not from the stored ones.

    `landmark`: the moment that stored scores refer to.
    """

    as_of: datetime
    shop: Shop
    segments: Mapping[str, Segment] = field(default_factory=dict)
    cuts: Cuts = Cuts()
    recomputed: bool = False
    landmark: datetime = FIRST_LANDMARK

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.shop.timezone)

    @cached_property
    def today(self) -> date:
        return self.as_of.astimezone(self.zone).date()

    @cached_property
    def decay(self) -> Decay:
        return Decay.of(self.shop.scoring, self.landmark)

    def ago(self, duration: Duration) -> datetime:
        """So long before `as_of`: calendar months on the shop's clock, everything else in seconds."""
        if not duration.months:
            return self.as_of - timedelta(seconds=duration.seconds)
        local = self.as_of.astimezone(self.zone)
        return _months_before(local, duration.months).astimezone(UTC)

    def midnight(self, day: date) -> datetime:
        """The first moment of a day in the shop."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)


def _months_before(local: datetime, months: int) -> datetime:
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    for day in (local.day, 30, 29, 28):
        try:
            return local.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError(local)
