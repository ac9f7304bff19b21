"""What one campaign brought, as numbers that add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from regulars.definition.quantities import Money


@dataclass(frozen=True, slots=True)
class Opens:
    """Messages, not hits. `machine`: opened by machines only; `unknown`: nobody can say (image proxies)."""

    human: int = 0
    unknown: int = 0
    machine: int = 0


@dataclass(frozen=True, slots=True)
class CodesUsed:
    """`bound`: codes in mails, None for one code for everybody. `redeemed`: codes that at least one order used; `by_others`: uses by
    somebody else than the customer whose mail showed the code. `revenue`, `discount`: of those orders, and given on them."""

    bound: int | None
    redeemed: int
    by_others: int
    orders: int
    revenue: Money
    discount: Money

    def as_json(self) -> dict[str, Any]:
        return {
            "bound": self.bound, "redeemed": self.redeemed, "by_others": self.by_others, "orders": self.orders,
            "revenue": {"amount": str(self.revenue.amount), "currency": self.revenue.currency},
            "discount": {"amount": str(self.discount.amount), "currency": self.discount.currency},
        }


@dataclass(frozen=True, slots=True)
class Results:
    """All launches of a campaign together. `sent`: messages the relay accepted. `states`: every message by its state.

    `clicks`, `unsubscribes`: messages with at least one, by humans. `links`: name -> messages in which it was clicked.
    `clicks_by_hour`: human clicks in each hour after the first launch began. `codes`: None for a campaign without an offer.
    """

    campaign: str
    launches: int
    first_at: datetime
    sent: int
    states: Mapping[str, int]
    opens: Opens
    clicks: int
    machine_clicks: int
    unsubscribes: int
    orders: int
    revenue: Money
    attribution: str
    links: Mapping[str, int] = field(default_factory=dict)
    clicks_by_hour: tuple[int, ...] = ()
    codes: CodesUsed | None = None

    def share(self, of: int) -> float:
        """Of the mails sent, 0..1."""
        return of / self.sent if self.sent else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign,
            "launches": self.launches,
            "first_at": self.first_at.isoformat(),
            "sent": self.sent,
            "states": dict(self.states),
            "opens": {"human": self.opens.human, "unknown": self.opens.unknown, "machine": self.opens.machine},
            "clicks": self.clicks,
            "machine_clicks": self.machine_clicks,
            "links": dict(self.links),
            "unsubscribes": self.unsubscribes,
            "orders": self.orders,
            "revenue": {"amount": str(self.revenue.amount), "currency": self.revenue.currency},
            "attribution": self.attribution,
            "codes": self.codes.as_json() if self.codes else None,
        }
