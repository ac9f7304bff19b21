"""All that is known about one coupon code, for the eyes of the shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.loyalty.coupons import CouponState, Entry


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A line of the ledger. `message`: launch and number, as in 12-345."""

    entry: Entry
    at: datetime
    message: str | None
    order_id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Use:
    """An order that used it, and whose it was. `by_another`: than the customer whose mail showed the code."""

    order_id: str
    ordered_at: datetime
    email: str | None
    by_another: bool


@dataclass(frozen=True, slots=True)
class CouponCard:
    """`email`: of the customer whose mail shows it. `uses`: of orders that count, the latest first; entries oldest first."""

    code: str
    offer: str
    state: CouponState
    made_at: datetime
    synced_at: datetime | None
    bound_at: datetime | None
    valid_until: datetime | None
    message: str | None
    campaign: str | None
    email: str | None
    entries: tuple[EntryRow, ...]
    uses: tuple[Use, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code, "offer": self.offer, "state": self.state.value,
            "made_at": _iso(self.made_at), "synced_at": _iso(self.synced_at), "bound_at": _iso(self.bound_at),
            "valid_until": _iso(self.valid_until), "message": self.message, "campaign": self.campaign, "email": self.email,
            "uses": [
                {"order_id": use.order_id, "ordered_at": _iso(use.ordered_at), "email": use.email, "by_another": use.by_another}
                for use in self.uses
            ],
            "entries": [
                {"entry": one.entry.value, "at": _iso(one.at), "message": one.message, "order_id": one.order_id, "reason": one.reason}
                for one in self.entries
            ],
        }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
