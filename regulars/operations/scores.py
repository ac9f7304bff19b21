"""Scores of one customer with what they are made of; all scores computed again from the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.definition.decay import Decay
from regulars.definition.workspace import Scoring
from regulars.operations.ports import ScoreBook
from regulars.scoring.contributions import Contribution, contributions

OUTGROWN = 300  # half-lives: 2^300 leaves floats room for sums of any shop, and centuries of the past


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is the stored score now, at `as_of`; `parts` are what it is made of."""

    name: str
    value: float
    as_of: datetime
    parts: list[Contribution]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "value": round(self.value, 6), "as_of": self.as_of.isoformat(),
            "contributions": [
                {
                    "event": part.event.kind, "at": part.event.at.isoformat(), "about": part.event.about,
                    "weight": part.weight, "value": round(part.value, 6),
                }
                for part in self.parts
            ],
        }


def show_scores(customer_id: int, scoring: Scoring, book: ScoreBook, now: datetime) -> list[Score]:
    """The customer's engagement first, then the score in each segment whose mails they reacted to."""
    decay = Decay.of(scoring, book.landmark())
    engagement, by_segment = book.stored(customer_id)
    scores = [_score("engagement", engagement, book.timeline(customer_id), scoring, decay, now)]
    timelines: Mapping[str, Any] = book.segment_timelines(customer_id)
    return scores + [
        _score(f"in {segment}", by_segment.get(segment, 0.0), timelines[segment], scoring, decay, now)
        for segment in sorted(timelines)
    ]


def recompute_scores(scoring: Scoring, book: ScoreBook, now: datetime) -> int:
    """Replays every event under today's weights; returns how many customers have a score."""
    landmark = book.landmark()
    return book.recompute(scoring, now if _is_outgrown(scoring, landmark, now) else landmark)


def keep_scores_small(scoring: Scoring, book: ScoreBook, now: datetime) -> bool:
    """Moves the landmark before stored sums outgrow floats: once in 300 half-lives. Whether it had to."""
    if not _is_outgrown(scoring, book.landmark(), now):
        return False
    book.recompute(scoring, now)
    return True


def keep_scores_true(scoring: Scoring, book: ScoreBook, now: datetime) -> bool:
    """Also replays all events when regulars.yaml weighs them otherwise than the stored sums. Whether it had to.

    For the one process that reads the workspace: with several, two versions of it would undo each other's work.
    """
    if book.are_by(scoring):
        return keep_scores_small(scoring, book, now)
    recompute_scores(scoring, book, now)
    return True


def _is_outgrown(scoring: Scoring, landmark: datetime, now: datetime) -> bool:
    return Decay.of(scoring, landmark).half_lives_since_landmark(now) > OUTGROWN


def _score(name: str, stored: float, events: Any, scoring: Scoring, decay: Decay, now: datetime) -> Score:
    return Score(name, decay.value(stored, now), now, contributions(events, scoring, now))
