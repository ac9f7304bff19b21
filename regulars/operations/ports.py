"""Every hole in the wall on one page: what operations ask of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from regulars.definition.workspace import Scoring
from regulars.measurement.attribution import Sale, Touch
from regulars.measurement.results import Opens
from regulars.scoring.contributions import ScoredEvent
from regulars.scoring.response import Wave


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class Progress(Protocol):
    def __call__(self, done: int, total: int | None = None) -> None:
        """`done` units so far, of `total` when it is known."""
        ...


# ---- measurement ----


class ResultsStore(Protocol):
    """Counts of one campaign's launches."""

    def launches(self, campaign: str) -> Sequence[tuple[int, datetime]]:
        """Id and time of each launch of the campaign, oldest first."""
        ...

    def states(self, launches: Sequence[int]) -> Mapping[str, int]: ...

    def opens(self, launches: Sequence[int]) -> Opens: ...

    def clicks(self, launches: Sequence[int]) -> tuple[int, int]:
        """Messages clicked by a human, and messages clicked by machines only."""
        ...

    def links(self, launches: Sequence[int]) -> Mapping[str, int]: ...

    def unsubscribes(self, launches: Sequence[int]) -> int: ...

    def clicks_by_hour(self, launches: Sequence[int], since: datetime, hours: int) -> tuple[int, ...]: ...

    def touches(self, launches: Sequence[int], of: str) -> Sequence[Touch]:
        """Every touch, of any campaign, by the customers who touched these launches."""
        ...

    def sales(self, launches: Sequence[int], of: str, since: datetime, now: datetime) -> Sequence[Sale]:
        """Orders of those customers since then that count now."""
        ...


# ---- scoring ----


class ScoreBook(Protocol):
    """Stored scores and the timelines they come from."""

    def timeline(self, customer_id: int) -> Sequence[ScoredEvent]:
        """The customer's events, with campaign and link in words."""
        ...

    def segment_timelines(self, customer_id: int) -> Mapping[str, Sequence[ScoredEvent]]:
        """Reactions to messages launched for each segment."""
        ...

    def stored(self, customer_id: int) -> tuple[float, Mapping[str, float]]:
        """The stored sums: engagement, and by segment."""
        ...

    def landmark(self) -> datetime: ...

    def recompute(self, scoring: Scoring, landmark: datetime) -> int:
        """Replays all events under these weights into fresh sums at this landmark; returns how many customers have any."""
        ...

    def waves(self, segment: str) -> Sequence[Wave]:
        """The segment's launches with what was accepted and reacted to."""
        ...
