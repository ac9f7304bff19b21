"""Every hole in the wall on one page: what operations ask of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # names in annotations only: a door that reports progress need not load every room
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from regulars.content.tokens import MessageRef
    from regulars.definition.workspace import Scoring
    from regulars.delivery.outcomes import Outgoing, Result
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


# ---- delivery ----


class Ledger(Protocol):
    """The durable record that a transport writes to while it speaks to the relay."""

    def turn(self, results: Sequence[Result], handoffs: Sequence[MessageRef]) -> set[MessageRef]:
        """Commits the results and marks the handoffs in one transaction, then answers whose final dot may be written.

        A mail missing from the answer must not be delivered and needs no result: abandon it (RSET, or close).
        Call it with every `handoffs` before their dots, and again (with no handoffs) for results at the end.
        """
        ...


class Transport(Protocol):
    """A spool or a relay."""

    def send(self, batch: Sequence[Outgoing], ledger: Ledger) -> None:
        """Offers every mail; returns when each has a result in the ledger or was refused by it.

        Raises Unreachable when no connection could be made at all; what has neither result nor handoff then goes back.
        """
        ...

    def arrived(self, mails: Sequence[tuple[MessageRef, str]]) -> Mapping[MessageRef, bool]:
        """Evidence about uncertain mails, given as (ref, Message-ID): True it was delivered, False it certainly was not.

        Those that this transport cannot tell about are absent (a relay knows none, a spool all).
        """
        ...
