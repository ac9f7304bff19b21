"""Coupon codes in a WooCommerce shop, by its REST API: a coupon for each code, a hundred in a call."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from regulars.adapters.discount_terms import Terms, terms_of
from regulars.adapters.shop_calls import ShopCalls, in_words
from regulars.definition.programme import Offer
from regulars.definition.workspace import Shop

COUPONS = "/wp-json/wc/v3/coupons"
TAKEN = "woocommerce_rest_coupon_code_already_exists"


def basic(user: str, password: str) -> Mapping[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


class WooCommerceCodes:
    """operations.ports.ShopCodes. A coupon that is there already is known again by its description."""

    most = 100

    def __init__(self, calls: ShopCalls, shop: Shop, now: datetime) -> None:
        self._calls, self._shop, self._now = calls, shop, now

    def put(self, offer: Offer, codes: Sequence[str]) -> Mapping[str, str | None]:
        terms = terms_of(offer, self._shop, self._now)
        answer = self._calls.call("POST", f"{COUPONS}/batch", {"create": [self._coupon(code, terms) for code in codes]})
        created = answer.get("create") if isinstance(answer, dict) else None
        if not isinstance(created, list) or len(created) != len(codes):
            raise self._calls.failed("answered something else than a coupon for each code")
        return {code: self._verdict(code, made, terms) for code, made in zip(codes, created, strict=True)}

    def _verdict(self, code: str, made: Any, terms: Terms) -> str | None:
        error = made.get("error") if isinstance(made, dict) else None
        if error is None:
            if isinstance(made, dict) and made.get("id") and str(made.get("code", "")).casefold() == code.casefold():
                return None
            raise self._calls.failed(f"does not say what became of the code {code}")
        if isinstance(error, dict) and error.get("code") == TAKEN:
            return None if self._is_ours(code, terms) else "the shop has this code for something else"
        return in_words(error.get("message") if isinstance(error, dict) else error) or "the shop does not say why"

    def _is_ours(self, code: str, terms: Terms) -> bool:
        found = self._calls.call("GET", f"{COUPONS}?code={quote(code, safe='')}")
        return isinstance(found, list) and any(isinstance(one, dict) and one.get("description") == terms.mark for one in found)

    def _coupon(self, code: str, terms: Terms) -> dict[str, Any]:
        worth = ("percent", terms.percent) if terms.percent is not None else ("fixed_cart", terms.amount)
        coupon: dict[str, Any] = {"code": code, "discount_type": worth[0], "amount": f"{worth[1]:f}", "description": terms.mark}
        if terms.once:
            coupon["usage_limit"] = 1
        if terms.minimum is not None:
            coupon["minimum_amount"] = f"{terms.minimum:f}"
        if terms.ends_at is not None:
            coupon["date_expires"] = f"{terms.ends_at.astimezone(ZoneInfo(self._shop.timezone)):%Y-%m-%dT%H:%M:%S}"
        return coupon
