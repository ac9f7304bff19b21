"""What a score is made of: every event with its weight and what is left of it today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from regulars.definition.decay import Decay, weight_of
from regulars.definition.workspace import Scoring


@dataclass(frozen=True, slots=True)
class ScoredEvent:
    """One line of a customer's timeline. `about`: the campaign and link, or the order's id, in words."""

    kind: str
    at: datetime
    verdict: str | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """`weight` when it happened; `value` what is left of it now."""

    event: ScoredEvent
    weight: float
    value: float


def contributions(events: Iterable[ScoredEvent], scoring: Scoring, now: datetime) -> list[Contribution]:
    """Newest first, those that weigh anything and have happened by `now`; their values add up to the score."""
    decay = Decay.of(scoring, now)  # any landmark gives the same values: here the present one
    weighed = [
        Contribution(event, weight, weight * decay.grown(event.at))
        for event in events
        if event.at <= now and (weight := weight_of(event.kind, event.verdict, scoring))
    ]
    return sorted(weighed, key=lambda part: part.event.at, reverse=True)
