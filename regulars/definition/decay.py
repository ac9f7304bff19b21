"""Forward decay: scores that fade without anybody recomputing them.

An event of weight w at time t adds w * 2^((t - L) / h) to a stored sum, for a landmark L and a half-life h.
The score at any later time is the sum * 2^(-(now - L) / h), so "score >= 10 now" is one comparison of the
stored sum with a number, and the order of customers never changes with time.
Source: Cormode, Shkapenyuk, Srivastava, Xu: Forward decay, a practical time decay model for streaming
systems, ICDE 2009.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from regulars.definition.quantities import Duration
from regulars.definition.workspace import Scoring

FIRST_LANDMARK = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS_OF_A_MONTH = 30.4375 * 86_400  # the mean one: a fading curve needs no calendar

FARTHEST = 1000  # half-lives from the landmark; beyond it nothing is left to weigh, and a float would overflow

# The word in `scoring:` that an event's kind is weighed by.
WEIGHED_BY = {"email.opened": "open", "email.clicked": "click", "order.placed": "order", "email.unsubscribed": "unsubscribe"}
# Verdicts whose events weigh anything; events that came from no hit (orders) have none.
HUMAN = frozenset({None, "human"})


@dataclass(frozen=True, slots=True)
class Decay:
    """Half-life in seconds, at least a day, and the landmark that stored sums refer to."""

    half_life: float
    landmark: datetime = FIRST_LANDMARK

    @classmethod
    def of(cls, scoring: Scoring, landmark: datetime = FIRST_LANDMARK) -> Decay:
        return cls(seconds(scoring.half_life), landmark)

    def grown(self, at: datetime) -> float:
        """What an event of weight 1 at `at` adds to the stored sum."""
        return float(2.0 ** max(-FARTHEST, min(FARTHEST, self.half_lives_since_landmark(at))))

    def value(self, stored: float, now: datetime) -> float:
        """The score now of a stored sum."""
        return stored / self.grown(now)

    def stored(self, value: float, now: datetime) -> float:
        """The stored sum that is worth `value` now: the other side of an indexed comparison."""
        return value * self.grown(now)

    def half_lives_since_landmark(self, now: datetime) -> float:
        """Above some hundreds the sums outgrow floats, and the landmark must move."""
        return (now - self.landmark).total_seconds() / self.half_life


def seconds(duration: Duration) -> float:
    return duration.months * SECONDS_OF_A_MONTH + duration.seconds


def weight_of(kind: str, verdict: str | None, scoring: Scoring) -> float:
    """What one event is worth; 0 for machines, for doubt, and for kinds that are not scored."""
    word = WEIGHED_BY.get(kind)
    return float(getattr(scoring, word)) if word and verdict in HUMAN else 0.0


def weights(scoring: Scoring) -> dict[str, float]:
    """Kind of event -> weight, for kinds that weigh anything."""
    return {kind: weight for kind in WEIGHED_BY if (weight := weight_of(kind, None, scoring))}
