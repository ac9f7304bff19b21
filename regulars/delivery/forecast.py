"""How long so many mails take at most, by the limits that there are, and which of them takes longest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.definition.relays import Relay, WarmUp
from regulars.delivery.pace import ALL_LANES, rates_of

WARM_UP = "warm_up"


@dataclass(frozen=True, slots=True)
class Forecast:
    """`lanes`: mails by group of domains, "" for all others. `seconds`: None where no limit is set.

    `bottleneck`: the lane that takes longest, `*` for the relay as a whole, or `warm_up`; None where nothing holds up.
    """

    relay: str
    lanes: Mapping[str, int]
    seconds: float | None = None
    bottleneck: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "relay": self.relay, "seconds": None if self.seconds is None else round(self.seconds), "bottleneck": self.bottleneck,
            "lanes": {lane or "others": count for lane, count in self.lanes.items()},
        }


def forecast(lanes: Mapping[str, int], relay: Relay, now: datetime, zone: str, used: int = 0) -> Forecast:
    """From `now` on, with nothing else to send; `used`: of today's warm-up. A relay's own speed is not known and not counted."""
    total, rates = sum(lanes.values()), rates_of(relay)
    takes = {lane: count / rates[lane].per_second for lane, count in {**lanes, ALL_LANES: total}.items() if lane in rates and count}
    if relay.warm_up and total:
        takes[WARM_UP] = _warming_up(total, relay.warm_up, used, now, ZoneInfo(zone))
    if not takes:
        return Forecast(relay.name, dict(lanes))
    slowest = max(takes, key=lambda limit: takes[limit])
    return Forecast(relay.name, dict(lanes), takes[slowest], slowest if takes[slowest] > 0 else None)


def _warming_up(total: int, plan: WarmUp, used: int, now: datetime, zone: ZoneInfo) -> float:
    """Seconds until the day begins on which the last of them leave."""
    day = first = now.astimezone(zone).date()
    while (cap := plan.cap(day)) is not None and total > cap - used:
        total -= max(0, cap - used)
        day, used = max(day + timedelta(days=1), plan.start), 0
    return 0.0 if day == first else (datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) - now).total_seconds()
