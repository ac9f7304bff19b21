"""A mail that was composed for a customer in a launch, as far as the database remembers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.content.tokens import MessageRef
from regulars.loyalty.coupons import BoundCode


@dataclass(frozen=True, slots=True)
class SentMail:
    """`email`: the address at launch. `content_hash`: of the bytes at the handoff; None when it never came to one.

    `bundle`: the launch's, when it was composed. `code`: the unique one that it shows.
    """

    ref: MessageRef
    customer_id: int
    email: str
    composed_at: datetime
    content_hash: str | None
    bundle: str
    code: BoundCode | None = None
