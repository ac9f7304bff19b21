"""What is remembered of journeys, for those who ask where they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many journeys of one edition are at one step, "" when only the end is left. `due_at`: of the first of them."""

    edition: int
    step: str
    count: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """What one step of one journey did. `launch_id` and `number`: of the message that it made."""

    journey_id: int
    step: str
    kind: str
    outcome: str
    reason: str | None
    at: datetime
    launch_id: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Moments of one day that nobody looked for in time: how many customers they were of."""

    day: date
    customers: int
    reason: str
