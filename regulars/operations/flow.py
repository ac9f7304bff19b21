"""How a launch flows: how fast, who still waits, who asked for patience, and how long it may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.definition.workspace import Shop
from regulars.delivery.forecast import Forecast, forecast
from regulars.delivery.launches import Launch
from regulars.delivery.life import LaunchState
from regulars.delivery.routes import relays_of, route
from regulars.delivery.slowdowns import SlowDown
from regulars.operations.pace import Pace, rules
from regulars.operations.ports import Flows

LATELY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Flow:
    """`per_minute`: mails that relays took lately. `ahead`: what is left by lane, and how long that takes at least."""

    per_minute: float
    ahead: Forecast
    slow: Sequence[SlowDown]

    @property
    def seconds_left(self) -> float | None:
        """By the limits, and by what was done lately, whichever takes longer; None where neither says anything."""
        left = sum(self.ahead.lanes.values())
        known = [] if self.ahead.seconds is None else [self.ahead.seconds]
        if self.per_minute > 0:
            known.append(left / self.per_minute * 60)
        return max(known, default=None) if left else None

    def as_json(self) -> dict[str, Any]:
        left = self.seconds_left
        return {
            "per_minute": round(self.per_minute, 1), "seconds_left": None if left is None else round(left),
            "relay": self.ahead.relay, "bottleneck": self.ahead.bottleneck, "waiting": self.ahead.as_json()["lanes"],
            "slowed_down": [
                {"relay": one.relay, "domain": one.domain, "until": one.until.isoformat(), "reason": one.reason} for one in self.slow
            ],
        }


def flow(launch: Launch, shop: Shop, wanted: str | None, flows: Flows, pace: Pace, now: datetime) -> Flow | None:
    """Of a launch that is sending; `wanted`: the relay that its campaign names."""
    if launch.state is not LaunchState.SENDING:
        return None
    today = now.astimezone(ZoneInfo(shop.timezone)).date()
    relay = rules(shop, route(relays_of(shop.relays, shop.warm_up), wanted, today)[0])
    used = pace.quotas.used(relay.name, today) if relay.warm_up else 0
    ahead = forecast(flows.waiting(launch.id), relay, now, shop.timezone, used)
    since = max(now - LATELY, launch.started_at or launch.created_at)  # what left before it began was not slow, but other launches'
    count, span = flows.taken_since(launch.id, since, now)
    return Flow(count / span.total_seconds() * 60 if count else 0.0, ahead, pace.slowdowns.lasting(now))
