"""What taking in a call reads and writes, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.loyalty.purchases import Order
from regulars.loyalty.tellings import Hints


@dataclass(frozen=True, slots=True)
class Answered:
    """What was said to a call: an HTTP status, and its JSON."""

    body_hash: str
    status: int
    answer: str


@dataclass(frozen=True, slots=True)
class TakenIn:
    """An answer for each call, in order, and how many journeys began."""

    answers: tuple[Answered, ...]
    begun: int


@dataclass(frozen=True, slots=True)
class Live:
    """An order as it shall stand. `moments`: of its news, by kind."""

    order: Order
    told_at: datetime | None
    hints: Hints
    moments: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An order as it stands. `moments`: what its row says of order_news.KINDS."""

    order_id: str
    key: int
    customer_id: int
    content_hash: str
    told_at: datetime | None
    hints: Hints
    moments: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Somebody agreed to mail who had not, or no longer."""

    customer_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Occurred:
    """An event that nobody had told yet."""

    kind: str
    customer_id: int
    at: datetime
    source: str
    source_id: str
    subject: str
    data: Mapping[str, Any]
