"""The offer of a campaign as one mail shows it: with the message's own code, in the customer's currency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from babel.numbers import get_territory_currencies

from regulars.content.recipient import OfferInHand, Recipient
from regulars.definition.programme import Offer
from regulars.definition.quantities import Money
from regulars.definition.workspace import Campaign, Shop
from regulars.loyalty.coupons import BoundCode, preview_code, valid_until


def offer_of(campaign: Campaign, shop: Shop) -> Offer | None:
    """None when the campaign names none. (One that the shop does not have is a finding of `check`.)"""
    return shop.offers.get(campaign.offer) if campaign.offer else None


def in_hand(offer: Offer, bound: BoundCode, country: str | None, shop: Shop, now: datetime) -> OfferInHand:
    """Amounts are those of the customer's country where the offer has them, else of the shop's currency."""
    wanted = (*_currencies(country, now), shop.currency)
    return OfferInHand(
        offer.name, bound.code, offer.reward.words, offer.reward.percent, _fitting(offer.reward.amounts, wanted),
        _fitting(offer.minimum, wanted), bound.valid_until,
    )


def for_show(campaign: Campaign, recipient: Recipient, shop: Shop, now: datetime, bound: BoundCode | None = None) -> OfferInHand | None:
    """Without a code of its own the mail shows one of the same length that no shop takes."""
    offer = offer_of(campaign, shop)
    if offer is None:
        return None
    code = bound or BoundCode(preview_code(offer), valid_until(offer, now, shop.timezone))
    return in_hand(offer, code, recipient.country, shop, now)


def fields_of(offer: Offer) -> frozenset[str]:
    """What every mail with this offer may say of it."""
    known = {
        "percent": offer.reward.percent is not None, "amount": bool(offer.reward.amounts), "minimum": bool(offer.minimum),
        "valid_until": offer.valid_for is not None or offer.valid_until is not None,
    }
    return frozenset({"name", "code", "words", *(name for name, there in known.items() if there)})


def _currencies(country: str | None, now: datetime) -> list[str]:
    return list(get_territory_currencies(country.upper(), now.date(), now.date())) if country else []


def _fitting(amounts: Sequence[Money], wanted: Sequence[str]) -> Money | None:
    by_currency = {amount.currency: amount for amount in amounts}
    first = amounts[0] if amounts else None
    return next((by_currency[currency] for currency in wanted if currency in by_currency), first)
