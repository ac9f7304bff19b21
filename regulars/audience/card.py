"""All that is known about one customer, for the eyes of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.definition.quantities import Money


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of the consent ledger."""

    purpose: str
    topic: str | None
    state: str
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Code:
    """Of an offer, in a mail to the customer."""

    code: str
    offer: str
    state: str
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Card:
    """`person`: the plain columns that hold something. `identities`: (kind, value) besides the address.
    `suppressed`: the reason, None when the address is not on the list. `messages`: campaign and time of the latest. Newest answers, orders and messages first."""

    customer_id: int
    email: str
    person: Mapping[str, Any]
    attributes: Mapping[str, Any]
    created_at: datetime
    marketing: str | None
    answers: tuple[Answer, ...]
    suppressed: str | None
    orders_count: int
    spent: Money
    first_at: datetime | None
    last_at: datetime | None
    orders: tuple[tuple[str, datetime, Money], ...]
    identities: tuple[tuple[str, str], ...]
    messages_received: int
    messages: tuple[tuple[str, datetime], ...]
    referral_code: str | None
    referred_by: str | None
    has_referred: int
    codes: tuple[Code, ...] = ()  # of the latest mails that had one
    rewards: tuple[str, ...] = ()  # what is left of them, in words

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.customer_id, "email": self.email, **self.person, "attributes": dict(self.attributes),
            "created_at": _iso(self.created_at),
            "consent": {
                "marketing": self.marketing,
                "history": [
                    {"purpose": a.purpose, "topic": a.topic, "state": a.state, "at": _iso(a.at), "source": a.source} for a in self.answers
                ],
            },
            "suppressed": self.suppressed,
            "orders": {
                "count": self.orders_count, "spent": _money(self.spent), "first_at": _iso(self.first_at), "last_at": _iso(self.last_at),
                "latest": [{"order_id": id_, "ordered_at": _iso(at), "total": _money(total)} for id_, at, total in self.orders],
            },
            "identities": [{"kind": kind, "value": value} for kind, value in self.identities],
            "messages_received": self.messages_received,
            "latest_messages": [{"campaign": campaign, "accepted_at": _iso(at)} for campaign, at in self.messages],
            "codes": [
                {"code": one.code, "offer": one.offer, "state": one.state, "valid_until": _iso(one.valid_until)} for one in self.codes
            ],
            "referral": {"code": self.referral_code, "referred_by": self.referred_by, "has_referred": self.has_referred,
                         "rewards": list(self.rewards)},
        }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _money(money: Money) -> dict[str, str]:
    return {"amount": str(money).split(" ", maxsplit=1)[0], "currency": money.currency}
