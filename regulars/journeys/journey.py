"""One customer's way through an automation, as it stands between two steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from regulars.journeys.happenings import Happening

NOTHING: Mapping[str, Any] = MappingProxyType({})


class JourneyState(StrEnum):
    WAITING = "waiting"  # for its next step's time, or for an event
    PAUSED = "paused"    # its step is due, and its automation is disabled
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Journey:
    """`step`: the key of the step that is next, or of the one it waits in when it `waits_for` an event; None: nothing is left but
    the end. `due_at`: when that step's turn comes, or when the waiting for the event is over. `entry`: what it began for, once each.
    `trigger`: as `remembered` writes it. `fence` rises whenever steps are done."""

    id: int
    campaign: str
    edition: int
    customer_id: int
    occurrence: int
    entry: str
    step: str | None
    due_at: datetime | None
    entered_at: datetime
    state: JourneyState = JourneyState.WAITING
    reason: str | None = None
    waits_for: str | None = None
    ended_at: datetime | None = None
    fence: int = 0
    trigger: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    @property
    def is_under_way(self) -> bool:
        return self.state is not JourneyState.ENDED

    @property
    def subject(self) -> str:
        """Whose turn it is, such as an order's id."""
        return str(self.trigger.get("subject", ""))


@dataclass(frozen=True, slots=True)
class Entry:
    """An earlier or present journey of the customer in the same automation."""

    customer_id: int
    occurrence: int
    entry: str
    entered_at: datetime
    under_way: bool


@dataclass(frozen=True, slots=True)
class Start:
    """A journey that begins with the automation's first step at `at`."""

    campaign: str
    edition: int
    customer_id: int
    occurrence: int
    entry: str
    step: str
    at: datetime
    trigger: Mapping[str, Any]


def remembered(happening: Happening, at: datetime) -> dict[str, Any]:
    """The JSON of a journey's trigger: what conditions, templates and webhooks may know of it later."""
    return {
        "kind": happening.kind, "at": at.isoformat(), "subject": happening.subject, "source": happening.source,
        "source_id": happening.source_id, "data": dict(happening.data),
    }
