"""From when until when does an order count? Unpaid, cancelled and fully returned ones do not."""

from __future__ import annotations

from datetime import datetime

# What shops call an order that does not count, and one that does not count until `paid_at` is known.
CANCELLED = frozenset({"cancelled", "canceled", "void", "voided", "refunded", "returned", "failed", "rejected", "expired"})
UNPAID = frozenset({"unpaid", "pending", "pending payment", "awaiting payment", "on hold", "draft"})


def counting(
    ordered_at: datetime, total: int, status: str | None, paid_at: datetime | None, cancelled_at: datetime | None, refunded: int | None
) -> tuple[datetime | None, datetime | None]:
    """(from, until): a moment is used where the shop told it; where it only tells a state, the order never counts."""
    if total < 0:
        return ordered_at, None
    state = plain_status(status)
    if state in UNPAID and paid_at is None:
        return None, None
    start = max(ordered_at, paid_at or ordered_at)
    if cancelled_at is not None:
        return (start, cancelled_at) if cancelled_at > start else (None, None)
    is_returned = refunded is not None and 0 < total <= refunded
    return (None, None) if state in CANCELLED or is_returned else (start, None)


def plain_status(status: str | None) -> str:
    """A shop's word for an order's state, as CANCELLED and UNPAID have it."""
    return (status or "").casefold().replace("_", " ").replace("-", " ")
