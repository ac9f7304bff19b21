"""Slow-downs: a domain, or the lane it is in, that asked for patience is left alone for a while; all others go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST = timedelta(minutes=1)
LONGEST = timedelta(minutes=60)
CALM = timedelta(hours=1)  # after so long without a complaint it is forgotten how often there was one
MOST_REASON = 500          # letters


@dataclass(frozen=True, slots=True)
class SlowDown:
    """`domain`: a domain or a lane. `step`: how often in a row. `reason`: the reply that asked for it."""

    relay: str
    domain: str
    until: datetime
    step: int
    reason: str
    changed_at: datetime


def slower(before: SlowDown | None, relay: str, domain: str, reason: str, now: datetime) -> SlowDown:
    """1, 2, 4 … up to 60 minutes. While one lasts it is not made longer: what complains then left before it began."""
    if before is not None and before.until > now:
        return before
    step = before.step + 1 if before is not None and now - before.until < CALM else 0
    length: timedelta = FIRST * 2 ** min(step, 10)
    return SlowDown(relay, domain, now + min(length, LONGEST), step, reason[:MOST_REASON], now)
