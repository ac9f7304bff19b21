"""Codes of offers: made, imported, told to the shop, counted, and refused to a launch that would run out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.definition.programme import Made, Offer
from regulars.definition.workspace import Shop
from regulars.diagnostics import did_you_mean
from regulars.errors import Refused, UsageError
from regulars.loyalty.coupon_card import CouponCard
from regulars.loyalty.coupons import Stock, folded, is_made_in_shop, is_over, is_stock, read_coupon
from regulars.operations.importing import Imported
from regulars.operations.ports import Coupons, Progress, RowFile, ShopCodes

MOST_MADE = 1_000_000
MOST_REMEMBERED = 1_000_000  # lines of a file; a code that comes twice beyond them counts as unchanged
AT_ONCE = 5_000
HEADERS = frozenset({"code", "codes", "coupon", "coupon code", "discount code", "voucher", "voucher code", "kod", "kupon", "kupon kodu"})


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
class Synced:
    """`refused`: code -> why the shop does not take it; such a code is void."""

    told: int
    refused: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        return {"synced": self.told, "refused": [{"code": code, "reason": why} for code, why in sorted(self.refused.items())]}


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


def import_codes(shop: Shop, name: str, file: RowFile, coupons: Coupons, now: datetime, *, dry_run: bool = False) -> Imported:
    """A code a line, or the column named like one. What cannot be a code, or is somebody's already, is told by its line."""
    offer = unique_offer(shop, name)
    if offer.made_in is not Made.IMPORTED:
        raise UsageError(f'the codes of "{name}" are not imported', hint="write made_in: imported in regulars.yaml, if they come from a file")
    result = Imported()
    reading = _Reading(file, result, {folded(one.code): one.name for one in shop.offers.values() if one.code is not None})
    while batch := reading.next(AT_ONCE):
        codes = [code for _, code in batch]
        there = coupons.known(codes) if dry_run else coupons.add(name, codes, now)
        for line, code in batch:
            owner = there.get(folded(code))
            if owner is None:
                result.imported += 1
            elif owner == name:
                result.unchanged += 1
            else:
                result.reject(line, _taken(code, owner))
    return result


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


def sync_codes(offer: Offer, coupons: Coupons, there: ShopCodes, now: datetime, progress: Progress) -> Synced:
    """Tells the shop every code that it does not know. Each batch is marked before the next one, so whoever is interrupted goes on."""
    told, refused = 0, dict[str, str]()
    total = coupons.stock(offer.name).unsynced
    for page in coupons.codes(offer.name, unsynced=True):
        for start in range(0, len(page), there.most):
            batch = page[start:start + there.most]
            answers = there.put(offer, batch)
            told += coupons.mark_synced([code for code in batch if answers.get(code, "") is None], now)
            for code, why in answers.items():
                if why is not None:
                    coupons.void(code, why, now)
                    refused[code] = why
            progress(told + len(refused), max(total, told + len(refused)))
    return Synced(told, refused)


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


def _taken(code: str, owner: str) -> str:
    return f'{code} is a code of the offer "{owner}"'


def _no_such(code: str) -> UsageError:
    return UsageError(f'nobody here knows the code "{code}"', hint="codes that are the same for everybody have no ledger; see: regulars coupons list")


class _Reading:
    """Codes of a file with their lines, in batches; each code once. `static`: codes for everybody, and their offers."""

    def __init__(self, file: RowFile, result: Imported, static: Mapping[str, str]) -> None:
        self._result, self._static = result, static
        names = [" ".join(name.replace("_", " ").split()).casefold() for name in file.columns]
        self._column = next((place for place, name in enumerate(names) if name in HEADERS), None)
        if self._column is None and len(names) > 1:
            raise UsageError(
                "none of the file's columns is called code", hint=f"its columns: {', '.join(file.columns[:20])}; name one of them code"
            )
        self._first = [] if self._column is not None else [(1, [file.columns[0]])]
        self._rows = file.rows()
        self._seen: dict[str, int] = {}

    def next(self, most: int) -> Sequence[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        while len(found) < most:
            row: tuple[int, list[str] | str] | None = self._first.pop() if self._first else next(self._rows, None)
            if row is None:
                break
            self._result.read += 1
            if code := self._read(*row):
                found.append((row[0], code))
        return found

    def _read(self, line: int, cells: list[str] | str) -> str | None:
        if isinstance(cells, str):  # why the row cannot be read
            self._result.reject(line, cells)
            return None
        place = self._column or 0
        try:
            code = read_coupon(cells[place] if place < len(cells) else "")
        except ValueError as error:
            self._result.reject(line, str(error))
            return None
        if owner := self._static.get(folded(code)):
            self._result.reject(line, _taken(code, owner))
            return None
        before = self._seen.get(folded(code), line)
        if len(self._seen) < MOST_REMEMBERED:
            self._seen.setdefault(folded(code), line)
        if before != line:
            self._result.reject(line, f"{code} stands in line {before} already")
            return None
        return code


