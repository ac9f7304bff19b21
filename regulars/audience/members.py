"""Who is in a segment at a moment, as a person wants to see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.definition.quantities import Money

# What has no history: with `--at` it is taken as it is now.
WITHOUT_HISTORY = ("attributes", "consent")


@dataclass(frozen=True, slots=True)
class Member:
    """One customer with the facts that most segments are about."""

    email: str | None
    country: str | None
    orders_count: int
    orders_spent: Money
    last_order_at: datetime | None
    engagement: float

    def as_json(self) -> dict[str, Any]:
        return {
            "email": self.email, "country": self.country, "orders": self.orders_count,
            "spent": {"amount": str(self.orders_spent.amount), "currency": self.orders_spent.currency},
            "last_order_at": self.last_order_at and self.last_order_at.isoformat(), "engagement": round(self.engagement, 6),
        }


@dataclass(frozen=True, slots=True)
class Membership:
    """`sample`: some of the `count` members, spread over all and always the same ones."""

    segment: str
    as_of: datetime
    count: int
    sample: tuple[Member, ...]
    recomputed: bool = False

    def as_json(self) -> dict[str, Any]:
        told = {"without_history": list(WITHOUT_HISTORY)} if self.recomputed else {}
        return {
            "segment": self.segment, "as_of": self.as_of.isoformat(), "count": self.count,
            "sample": [member.as_json() for member in self.sample], **told,
        }
