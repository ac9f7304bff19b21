"""Referrals as the shop looks at them, and its word on those that wait for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.definition.programme import ReferralProgramme
from regulars.definition.workspace import Shop
from regulars.errors import Refused, UsageError
from regulars.loyalty.codes import read_code
from regulars.loyalty.confirming import due_at, next_milestone
from regulars.loyalty.referrals import NEXT, AdvocateCard, Referral, ReferralState
from regulars.operations.happen import happen
from regulars.operations.ports import ReferralBook, ReferralLists
from regulars.operations.suppress import address_of

APPROVED, REJECTED = ReferralState.ORDERED, ReferralState.REJECTED
MOST_FRIENDS = 50
_WAITS_FOR_NOBODY = "regulars referrals list --held shows those that wait for a word"


@dataclass(frozen=True, slots=True)
class Page:
    """`friends`: whom they brought, the newest first, at most fifty. `came_through`: who brought them; `not_referred`: why nobody did,
    where an order of theirs names a code. `milestone`: (at how many friends, what) comes next."""

    advocate: AdvocateCard
    friends: Sequence[Referral]
    came_through: Referral | None
    not_referred: str | None
    milestone: tuple[int, str] | None

    def as_json(self) -> dict[str, Any]:
        return {
            **self.advocate.as_json(), "referred_friends": [friend.as_json() for friend in self.friends],
            "came_through": self.came_through and self.came_through.as_json(), "not_referred": self.not_referred,
            "milestone": self.milestone and {"at": self.milestone[0], "reward": self.milestone[1]},
        }


def referral_of(number: int, lists: ReferralLists) -> Referral:
    """Raises UsageError when there is none of this number."""
    found = lists.get(number)
    if found is None:
        raise UsageError(f"there is no referral {number}", hint="regulars referrals list shows their numbers")
    return found


def page_of(email: str, lists: ReferralLists, shop: Shop) -> Page:
    """A customer as friend and as advocate. Raises UsageError when nobody has, or had, the address."""
    customer_id = lists.customer(address_of(email).key)
    if customer_id is None:
        raise UsageError(f"nobody here has the address {email}", hint="an order or an import makes a customer")
    advocate, through = lists.advocate(customer_id, shop.compare_in), lists.came_through(customer_id)
    ahead = next_milestone(shop.referral, advocate.confirmed) if shop.referral else None
    return Page(
        advocate, lists.brought(customer_id, MOST_FRIENDS), through, None if through else _why_not(customer_id, lists),
        (ahead[0], ahead[1].words) if ahead else None,
    )


def confirmed_on(referral: Referral, shop: Shop) -> datetime | None:
    """When an order that is kept so long is confirmed; None: it is no longer open, or there is no programme."""
    programme: ReferralProgramme | None = shop.referral
    open_ = referral.state in {ReferralState.ORDERED, ReferralState.HELD}
    return due_at(referral.ordered_at, programme, shop.timezone) if programme and open_ else None


def decide(
    numbers: Sequence[int], state: ReferralState, book: ReferralBook, lists: ReferralLists, *, by: str, why: str, now: datetime
) -> Sequence[Referral]:
    """Somebody's word on referrals, on all of them or on none; returns them as they stand then. `state`: APPROVED or REJECTED.

    Raises UsageError for an unknown number, Refused where there is nothing to decide.
    """
    if state is REJECTED and not why.strip():
        raise UsageError("a no needs a reason", hint='--why "same person, other address"')
    with book.writing() as page:
        for number in sorted(set(numbers)):
            before = page.lock(number)
            if before is None:
                raise UsageError(f"there is no referral {number}", hint="regulars referrals list shows their numbers; nothing was changed")
            if state not in NEXT[before] or before is ReferralState.REVERSED:
                raise Refused(f"referral {number} is {before.value}; nothing was changed", hint=_WAITS_FOR_NOBODY)
            happen(page.decide(number, state, by=by, why=why, now=now), page.journeys, now)
    return [referral_of(number, lists) for number in sorted(set(numbers))]


def _why_not(customer_id: int, lists: ReferralLists) -> str | None:
    """Most asked of all: "I ordered with my friend's code, and she got nothing"."""
    named = lists.coded_orders(customer_id)
    if not named:
        return None
    order_id, code, at = named[0]
    if read_code(code) is None:
        return f'order {order_id} names the code "{code}", which is no referral code'
    return (f'order {order_id} of {at:%Y-%m-%d} names the code "{code}": nobody has it, or it is their own, '
            "or this was not their first order that counts")
