"""Who brought whom, and how far it has come: the states of a referral, what moves it on, and whose code an order counts for.

A friend who only follows the link is `visited`: a hit of the code, no row. The row begins with their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from regulars.definition.quantities import Money
from regulars.loyalty.codes import may_refer, read_code
from regulars.loyalty.counting import CANCELLED


class ReferralState(StrEnum):
    ORDERED = "ordered"      # the friend's first order counts, and may still come back
    HELD = "held"            # something looks like one person on both sides; somebody of the shop has to look
    CONFIRMED = "confirmed"  # the order was kept beyond the time for returns; without a reward only when the cap was reached
    REWARDED = "rewarded"    # the advocate's reward is in the ledger
    REVERSED = "reversed"    # the order was cancelled, returned or too small; what had been earned is taken back
    REJECTED = "rejected"    # somebody of the shop said no, for good


NEXT: Mapping[ReferralState, frozenset[ReferralState]] = {
    ReferralState.ORDERED: frozenset({ReferralState.HELD, ReferralState.CONFIRMED, ReferralState.REVERSED, ReferralState.REJECTED}),
    ReferralState.HELD: frozenset({ReferralState.ORDERED, ReferralState.REVERSED, ReferralState.REJECTED}),
    ReferralState.CONFIRMED: frozenset({ReferralState.REWARDED, ReferralState.REVERSED, ReferralState.REJECTED}),
    ReferralState.REWARDED: frozenset({ReferralState.REVERSED, ReferralState.REJECTED}),
    ReferralState.REVERSED: frozenset({ReferralState.ORDERED, ReferralState.HELD}),
    ReferralState.REJECTED: frozenset({ReferralState.ORDERED}),
}
# In these the friend counts as brought: for `referred`, `has_referred` and the advocate's mails.
BROUGHT = frozenset({ReferralState.ORDERED, ReferralState.CONFIRMED, ReferralState.REWARDED})
KEPT = frozenset({ReferralState.CONFIRMED, ReferralState.REWARDED})  # confirmed friends, as milestones count them


@dataclass(frozen=True, slots=True)
class Coded:
    """An order with somebody's code on it. `counts`: it is the customer's first order that counts; `lapsed`: why it does not count
    any more; neither: it is a later one, or not paid yet."""

    order_id: str
    ordered_at: datetime
    code: str
    counts: bool
    lapsed: str | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A friend's order that names an advocate. `lapsed`: why it does not count any more."""

    advocate_id: int
    code: str
    order_id: str
    ordered_at: datetime
    lapsed: str | None = None

    def same_as(self, other: Tie) -> bool:
        """The same order of the same advocate, whatever has become of it."""
        return (self.advocate_id, self.order_id) == (other.advocate_id, other.order_id)


@dataclass(frozen=True, slots=True)
class Referral:
    """One friend of one advocate, for the eyes of the shop. `total`: of the friend's order; `reward`: what was earned by it, in words;
    `decided_by`: who let it pass or rejected it."""

    id: int
    advocate: str
    friend: str
    code: str
    order_id: str
    ordered_at: datetime
    state: ReferralState
    total: Money | None = None
    reason: str | None = None
    reward: str | None = None
    confirmed_at: datetime | None = None
    rewarded_at: datetime | None = None
    reversed_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        moments = ("ordered_at", "confirmed_at", "rewarded_at", "reversed_at", "decided_at")
        return {
            "id": self.id, "state": self.state.value, "reason": self.reason, "advocate": self.advocate, "friend": self.friend,
            "code": self.code, "order_id": self.order_id, "total": _money(self.total), "reward": self.reward, "decided_by": self.decided_by,
            **{name: None if (moment := getattr(self, name)) is None else moment.isoformat() for name in moments},
        }


@dataclass(frozen=True, slots=True)
class AdvocateCard:
    """Somebody who brings friends, for the eyes of the shop. `visits`: hits of their code by people; `friends`: who count as brought,
    `confirmed` of them; `waiting`: held; `spent`: all that those friends ever ordered; `rewards`: what is left of theirs, in words."""

    email: str
    code: str | None
    visits: int
    friends: int
    confirmed: int
    waiting: int
    spent: Money
    rewards: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "email": self.email, "code": self.code, "visits": self.visits, "friends": self.friends, "confirmed": self.confirmed,
            "held": self.waiting, "spent": _money(self.spent), "rewards": list(self.rewards),
        }


Owner = tuple[int, Sequence[str]]
"""A customer's id, and every address that they are known by."""


def lapsed(status: str | None, total: int, cancelled_at: datetime | None, refunded: int) -> str | None:
    """Why an order that was placed does not count any more; None: it does, or was never paid."""
    if 0 < total <= refunded:
        return "the order was returned"
    if cancelled_at is not None or (status or "").casefold().replace("_", " ").replace("-", " ") in CANCELLED:
        return "the order was cancelled"
    return None


def tie_of(friend: Owner, coded: Sequence[Coded], first_at: datetime | None, owners: Mapping[str, Owner]) -> Tie | None:
    """Whose friend a customer is. `first_at`: of their first order that counts; `owners`: code -> who it belongs to.

    The code on the first order that counts decides. Before there is one, an order that was taken back is remembered. A function of
    the orders alone: it is the same in whatever sequence they became known.
    """
    for order in sorted(coded, key=lambda one: (not one.counts, one.ordered_at, one.order_id)):
        code = read_code(order.code)
        if code is None or code not in owners or not _are_two(owners[code], friend):
            continue
        if order.counts or (order.lapsed and (first_at is None or order.ordered_at <= first_at)):
            return Tie(owners[code][0], code, order.order_id, order.ordered_at, order.lapsed)
    return None


def retied(before: ReferralState | None, *, same: bool, tie: Tie, approved: bool, suspicion: str) -> tuple[ReferralState, str | None]:
    """The state and its reason after the friend's orders were looked at again. `before`: None for a new referral; `same`: it is
    still the same order of the same advocate; `approved`: somebody looked at that one and let it pass."""
    if before is ReferralState.REJECTED and same:
        return before, None  # a person's word outlasts what the shop tells of the order
    if tie.lapsed:
        return ReferralState.REVERSED, tie.lapsed
    if same and before in BROUGHT | {ReferralState.HELD}:
        return before, None
    if suspicion and not (same and approved):
        return ReferralState.HELD, suspicion
    return ReferralState.ORDERED, None


def _are_two(advocate: Owner, friend: Owner) -> bool:
    """Nobody brings themselves, by whichever of their addresses."""
    return all(
        may_refer((advocate[0], one), (friend[0], other)) for one in advocate[1] or ("",) for other in friend[1] or ("",)
    )


def _money(money: Money | None) -> dict[str, str] | None:
    return None if money is None else {"amount": str(money.amount), "currency": money.currency}
