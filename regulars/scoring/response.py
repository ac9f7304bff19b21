"""A segment's own score: the decayed rate at which its recipients react, and where it is heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.definition.decay import Decay, seconds
from regulars.definition.workspace import Scoring

TREND_OVER = timedelta(days=30)
STEADY_WITHIN = 0.1  # a change of less than a tenth is no trend


@dataclass(frozen=True, slots=True)
class Wave:
    """One launch to the segment: how many messages were accepted, and to how many a human reacted."""

    at: datetime
    accepted: int
    reacted: int

    @property
    def rate(self) -> float:
        return self.reacted / self.accepted if self.accepted else 0.0


@dataclass(frozen=True, slots=True)
class Response:
    """`rate`: 0..1, recent waves weigh more. `before`: the same 30 days earlier, None when nothing was sent by then.

    `waves`: the rate of each launch, oldest first.
    """

    rate: float
    before: float | None
    waves: tuple[float, ...]

    @property
    def trend(self) -> str:
        """rising | falling | steady | new"""
        if self.before is None:
            return "new"
        if abs(self.rate - self.before) <= STEADY_WITHIN * max(self.before, self.rate):
            return "steady"
        return "rising" if self.rate > self.before else "falling"


def response(waves: Sequence[Wave], scoring: Scoring, now: datetime) -> Response | None:
    """None when the segment was never written to."""
    sent = sorted((wave for wave in waves if wave.accepted), key=lambda wave: wave.at)
    rate = _decayed_rate(sent, scoring, now)
    if rate is None:
        return None
    return Response(rate, _decayed_rate(sent, scoring, now - TREND_OVER), tuple(wave.rate for wave in sent))


def _decayed_rate(waves: Sequence[Wave], scoring: Scoring, now: datetime) -> float | None:
    decay = Decay(seconds(scoring.half_life), now)
    past = [wave for wave in waves if wave.at <= now]
    accepted = sum(wave.accepted * decay.grown(wave.at) for wave in past)
    return sum(wave.reacted * decay.grown(wave.at) for wave in past) / accepted if accepted else None
