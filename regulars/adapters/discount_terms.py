"""What a shop must be told of an offer, whatever its program: a value in its currency, a minimum, an end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from regulars.definition.programme import Offer, RewardKind
from regulars.definition.quantities import Money
from regulars.definition.workspace import Shop
from regulars.errors import Refused
from regulars.loyalty.coupons import valid_until


@dataclass(frozen=True, slots=True)
class Terms:
    """Either `percent` (10 is ten per cent) or `amount`. `ends_at`: the first moment at which it is over."""

    mark: str
    percent: Decimal | None
    amount: Decimal | None
    minimum: Decimal | None
    ends_at: datetime | None
    once: bool


def terms_of(offer: Offer, shop: Shop, now: datetime) -> Terms:
    """Amounts are those of the shop's currency. Raises Refused for what no discount code can be worth."""
    reward = offer.reward
    if reward.kind not in {RewardKind.PERCENT, RewardKind.AMOUNT}:
        raise Refused(f'the shop cannot be told to give "{reward.words}" for a code', hint="offers that are made in the shop are worth a percentage or an amount")
    amount = _in_currency(offer, reward.amounts, shop.currency) if reward.kind is RewardKind.AMOUNT else None
    minimum = _in_currency(offer, offer.minimum, shop.currency) if offer.minimum else None
    last = valid_until(replace(offer, valid_for=None), now, shop.timezone)
    ends_at = last + timedelta(seconds=1) if last else None
    terms = (reward.percent, amount, minimum, ends_at, offer.once)
    mark = f"regulars {offer.name} {hashlib.sha256(repr(terms).encode()).hexdigest()[:8]}"
    return Terms(mark, reward.percent if amount is None else None, *terms[1:])


def _in_currency(offer: Offer, amounts: tuple[Money, ...], currency: str) -> Decimal:
    for money in amounts:
        if money.currency == currency:
            return money.amount
    raise Refused(f'the offer "{offer.name}" has no amount in {currency}, the currency of the shop', hint=f"add one in regulars.yaml, as in 100 {currency}")
