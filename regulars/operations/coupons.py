"""Codes of offers: made, imported, told to the shop, counted, and refused to a launch that would run out of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.definition.programme import Made, Offer
from regulars.definition.workspace import Shop
from regulars.diagnostics import did_you_mean
from regulars.errors import Refused, UsageError
from regulars.loyalty.coupon_card import CouponCard
from regulars.loyalty.coupons import Stock, is_made_in_shop, is_over, is_stock
from regulars.operations.ports import Coupons

MOST_MADE = 1_000_000


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer with its codes, as `coupons list` shows it. `offer`: None when regulars.yaml has it no more."""

    name: str
    offer: Offer | None
    stock: Stock

    def as_json(self) -> dict[str, Any]:
        offer, stock = self.offer, self.stock
        return {
            "offer": self.name, "words": offer.reward.words if offer else None,
            "codes": None if offer is None else "unique" if offer.is_unique else "static", "code": offer.code if offer else None,
            "made_in": offer.made_in.value if offer and offer.is_unique else None,
            "free": stock.free, "unsynced": stock.unsynced, "reserved": stock.reserved, "bound": stock.bound, "redeemed": stock.redeemed,
            "void": stock.void,
        }


@dataclass(frozen=True, slots=True)
class CodesAhead:
    """What a launch would need. `available`: None where codes are made as they are needed, or are the same for all."""

    offer: str
    needed: int
    available: int | None
    is_static: bool

    def as_json(self) -> dict[str, Any]:
        return {"offer": self.offer, "needed": self.needed, "available": self.available}


def codes_ahead(offer: Offer | None, needed: int, coupons: Coupons | None) -> CodesAhead | None:
    """None without an offer."""
    if offer is None:
        return None
    stock = coupons.stock(offer.name) if coupons is not None and is_stock(offer) else None
    return CodesAhead(offer.name, needed, stock.available(offer) if stock else None, not offer.is_unique)


def refuse_without_codes(offer: Offer | None, needed: int, shop: Shop, coupons: Coupons | None, now: datetime) -> None:
    """Raises Refused for an offer that is over, and for a launch that would run out of codes."""
    if offer is None:
        return
    if is_over(offer, now, shop.timezone):
        raise Refused(f'the offer "{offer.name}" ended on {offer.valid_until}', hint="change valid_until in regulars.yaml, or take another offer")
    if not is_stock(offer):
        return
    assert coupons is not None
    stock = coupons.stock(offer.name)
    missing = needed - stock.available(offer)
    if missing <= 0:
        return
    if is_made_in_shop(offer) and stock.free - stock.reserved >= needed:
        raise Refused(
            f'{stock.unsynced:,} codes of "{offer.name}" are not known to {_shop_name(offer)} yet, and {needed:,} are needed',
            hint=f"regulars coupons sync {offer.name}",
        )
    reserved = f" ({stock.reserved:,} more are reserved by launches under way)" if stock.reserved else ""
    raise Refused(
        f'{missing:,} codes of "{offer.name}" are missing: {needed:,} are needed and {needed - missing:,} are free{reserved}',
        hint=way_to_codes(offer, missing),
    )


def way_to_codes(offer: Offer, missing: int | None = None) -> str:
    """What to do about too few."""
    if offer.made_in is Made.IMPORTED:
        return f"get more from the shop, then: regulars coupons import {offer.name} FILE"
    return f"regulars coupons make {offer.name} {missing or 'N'}, then: regulars coupons sync {offer.name}"


def offers_with_codes(shop: Shop, coupons: Coupons) -> list[OfferRow]:
    """Those of regulars.yaml in its order, then those that only the ledger knows."""
    stocks = coupons.stocks()
    return [OfferRow(name, shop.offers.get(name), stocks.get(name, Stock())) for name in dict.fromkeys([*shop.offers, *stocks])]


def make_codes(shop: Shop, name: str, count: int, coupons: Coupons, now: datetime) -> Offer:
    """Free codes in advance. Raises UsageError for an offer whose codes are not made here."""
    offer = unique_offer(shop, name)
    if offer.made_in is Made.IMPORTED:
        raise UsageError(f'the codes of "{name}" are imported', hint=f"regulars coupons import {name} FILE")
    if not 0 < count <= MOST_MADE:
        raise UsageError(f"{count:,} codes cannot be made at once", hint=f"between 1 and {MOST_MADE:,}")
    coupons.make(offer, count, now)
    return offer


def void_code(code: str, reason: str, coupons: Coupons, now: datetime) -> CouponCard:
    """Nobody gets it any more. Raises UsageError for one that nobody knows, Refused while its mail is about to leave."""
    if coupons.void(code, reason, now) is None:
        raise _no_such(code)
    return card_of(code, coupons)


def card_of(code: str, coupons: Coupons) -> CouponCard:
    card = coupons.card(code)
    if card is None:
        raise _no_such(code)
    return card


def unique_offer(shop: Shop, name: str) -> Offer:
    """Raises UsageError for one that regulars.yaml does not have, or whose code is the same for everybody."""
    if name not in shop.offers:
        raise UsageError(f'there is no offer "{name}"', hint=did_you_mean(name, list(shop.offers), "offers: in regulars.yaml lists them"))
    offer = shop.offers[name]
    if not offer.is_unique:
        raise UsageError(f'the offer "{name}" has one code for everybody: {offer.code}', hint="codes: unique in regulars.yaml gives each mail its own")
    return offer


def _shop_name(offer: Offer) -> str:
    return {Made.SHOPIFY: "Shopify", Made.WOOCOMMERCE: "WooCommerce"}[offer.made_in]


def _no_such(code: str) -> UsageError:
    return UsageError(f'nobody here knows the code "{code}"', hint="codes that are the same for everybody have no ledger; see: regulars coupons list")
