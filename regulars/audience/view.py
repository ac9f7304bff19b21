"""What a customer is judged by in memory: the facts, purchases and reactions that conditions ask about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order. Texts are folded, `quantity` is in thousandths, `amount` in the compare currency.

    The order counts at a time t when `counts_from` <= t < `counts_until` (None: never, and for ever).
    """

    order: int
    ordered_at: datetime
    amount: int
    quantity: int = 1000
    is_refund: bool = False
    counts_from: datetime | None = None
    counts_until: datetime | None = None
    sku: str | None = None
    product: str | None = None
    category: str | None = None
    coupon: str | None = None
    channel: str | None = None
    currency: str | None = None

    def counts_at(self, moment: datetime) -> bool:
        if self.ordered_at > moment:
            return False
        return self.is_refund or (
            self.counts_from is not None and self.counts_from <= moment
            and (self.counts_until is None or self.counts_until > moment)
        )


@dataclass(frozen=True, slots=True, order=True)
class MessageRef:
    launch: int
    number: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message that the relay accepted."""

    message: MessageRef
    campaign: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MailEvent:
    """An open, a click or a reply; `kind` as in the events table, `verdict` of the hit it came from."""

    message: MessageRef
    campaign: str
    kind: str
    at: datetime
    link: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Absent is None. `attributes`: declared ones, texts folded, dates as ISO text. `engagement` and `scores` are
    sums at the decay's landmark. `topics`: topic -> the consent ledger's last word about it.
    """

    customer_id: int
    email: str | None = None
    country: str | None = None   # folded, as are locale and city
    locale: str | None = None
    city: str | None = None
    birthday: date | None = None
    created_at: datetime | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    marketing: str | None = None
    topics: Mapping[str, str] = field(default_factory=dict)
    orders_count: int = 0
    orders_spent: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    engagement: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)
    is_referred: bool = False
    has_referred: int = 0
    lines: tuple[Line, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    mail_events: tuple[MailEvent, ...] = ()
