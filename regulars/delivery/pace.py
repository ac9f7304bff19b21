"""Pace: token buckets that all workers share, and fair shares of what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.definition.quantities import Rate
from regulars.definition.relays import Relay

ALL_LANES = "*"
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Ask:
    """So many tokens of the bucket `name`, which fills with `rate` a second up to `burst`. A negative `count` gives back."""

    name: str
    rate: float
    burst: float
    count: int


@dataclass(frozen=True, slots=True)
class Level:
    """What a bucket held `at` a moment, in seconds of whatever clock its keeper has."""

    tokens: float
    at: float


@dataclass(frozen=True, slots=True)
class Grant:
    """`count` tokens, and the seconds until asking again is worth it (0: at once)."""

    count: int
    wait: float = 0.0


def taken(ask: Ask, level: Level | None, now: float) -> tuple[Grant, Level]:
    """Of a bucket as it was left. One that nobody knows of starts empty: whoever loses it loses time, not restraint."""
    tokens = 0.0 if level is None else min(ask.burst, level.tokens + max(0.0, now - level.at) * ask.rate)
    count = min(ask.count, int(tokens))
    left = min(ask.burst, tokens - count)
    return Grant(count, wait_for(ask, left) if count < ask.count else 0.0), Level(left, now)


def wait_for(ask: Ask, tokens: float) -> float:
    """Until the bucket is half full, or holds what is asked: who comes for every single token only adds to the traffic."""
    enough = min(float(ask.count), max(1.0, ask.burst * HALF))
    return max(0.0, (enough - tokens) / ask.rate)


def ask_for(relay: str, lane: str, rate: Rate, count: int) -> Ask:
    """The bucket of a lane at a relay, or of the whole relay. It holds what a second brings, and one token at least."""
    return Ask(f"{relay}/{lane}", rate.per_second, max(1.0, rate.per_second), count)


def rates_of(relay: Relay) -> Mapping[str, Rate]:
    """Lane to rate, and `ALL_LANES` to that of the relay as a whole."""
    lanes = {name: group.rate for name, group in relay.domains.items() if group.rate}
    return lanes | ({ALL_LANES: relay.rate} if relay.rate else {})


def shared(total: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """`total` dealt out evenly, nobody more than wanted: what one cannot use goes to the others."""
    dealt = dict.fromkeys(wanted, 0)
    open_, left = [lane for lane in wanted if wanted[lane] > 0], total
    while left > 0 and open_:
        each = max(1, left // len(open_))
        for lane in list(open_):
            more = min(each, wanted[lane] - dealt[lane], left)
            dealt[lane] += more
            left -= more
            if dealt[lane] == wanted[lane]:
                open_.remove(lane)
    return dealt
