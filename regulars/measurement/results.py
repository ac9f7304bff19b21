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
class Results:
    """All launches of a campaign together. `sent`: messages the relay accepted. `states`: every message by its state.

    `clicks`, `unsubscribes`: messages with at least one, by humans. `links`: name -> messages in which it was clicked.
    `clicks_by_hour`: human clicks in each hour after the first launch began.
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
        }
