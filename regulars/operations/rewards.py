"""What a customer has earned by bringing friends, and what the shop has paid out of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.definition.programme import RewardKind
from regulars.definition.quantities import Money
from regulars.definition.units import Unfit, money
from regulars.definition.workspace import Shop
from regulars.errors import Refused, UsageError
from regulars.loyalty.rewards import PIECE, Entry, EntryKind, Purse
from regulars.operations.ports import ReferralBook, ReferralLists
from regulars.operations.suppress import address_of


def ledger_of(email: str, lists: ReferralLists) -> Sequence[Entry]:
    """The oldest first. Raises UsageError when nobody has, or had, the address."""
    return lists.entries(_customer(email, lists))


def use(email: str, what: str, order_id: str, book: ReferralBook, lists: ReferralLists, shop: Shop, now: datetime) -> Sequence[Purse]:
    """Notes that the shop has paid `what` out: an amount, or the words of a reward in kind. Returns what is left.

    Raises UsageError for what they do not have, Refused for more than they have, or for the same order twice.
    """
    customer_id = _customer(email, lists)
    with book.writing() as page:
        purses = page.purses(customer_id, now)
        purse, value = _asked(email, what, purses, shop)
        if value > purse.value:
            raise Refused(f"{email} has {purse}, not {what}; nothing was changed", hint=f"regulars rewards show {email}")
        words = str(Money(value, purse.currency)) if purse.currency else purse.words
        entry = Entry(
            customer_id, EntryKind.USED, purse.kind, words, -value, purse.currency, now, "order",
            f"{order_id}/{purse.currency or purse.words}")
        if not page.use(entry):
            raise Refused(f"for order {order_id} that was paid out before; nothing was changed", hint=f"regulars rewards show {email}")
        return page.purses(customer_id, now)


def _asked(email: str, what: str, purses: Sequence[Purse], shop: Shop) -> tuple[Purse, int]:
    try:
        written = money(what, None)
        amount: Money | None = Money(written.units, shop.currency) if written.currency == "XXX" else written
    except Unfit:
        amount = None
    if amount is not None and amount.units <= 0:
        raise UsageError(f"{what} is no amount to pay out", hint="write an amount such as 100 TRY")
    for purse in purses:
        if amount is not None and purse.kind is RewardKind.AMOUNT and purse.currency == amount.currency:
            return purse, amount.units
        if amount is None and purse.currency is None and purse.words.casefold() == what.casefold():
            return purse, PIECE
    has = ", ".join(map(str, purses)) or "nothing"
    raise UsageError(f"{email} has no {amount.currency if amount else what}", hint=f"they have {has}")


def _customer(email: str, lists: ReferralLists) -> int:
    customer_id = lists.customer(address_of(email).key)
    if customer_id is None:
        raise UsageError(f"nobody here has the address {email}", hint="an order or an import makes a customer")
    return customer_id
