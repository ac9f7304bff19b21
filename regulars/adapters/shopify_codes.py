"""Coupon codes in a Shopify shop, by its GraphQL Admin API: one discount for an offer's terms, with all its codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from regulars.adapters.discount_terms import Terms, terms_of
from regulars.adapters.shop_calls import MOST_TRIES, ShopCalls, in_words
from regulars.definition.programme import Offer
from regulars.definition.workspace import Shop

VERSION = "2026-07"
MOST_LOOKS = 60  # at a creation that Shopify has put in its queue; about two minutes
TAKEN = frozenset({"TAKEN", "DUPLICATE"})
ELSEWHERE = "the shop has this code for something else"

_OF_TITLE = """query ($query: String!) {
  codeDiscountNodes(first: 10, query: $query) { nodes { id codeDiscount { ... on DiscountCodeBasic { title } } } }
}"""
_OF_CODE = """query ($code: String!) {
  codeDiscountNodeByCode(code: $code) { id codeDiscount { ... on DiscountCodeBasic { title } } }
}"""
_CREATE = """mutation ($discount: DiscountCodeBasicInput!) {
  discountCodeBasicCreate(basicCodeDiscount: $discount) { codeDiscountNode { id } userErrors { field code message } }
}"""
_ADD = """mutation ($id: ID!, $codes: [DiscountRedeemCodeInput!]!) {
  discountRedeemCodeBulkAdd(discountId: $id, codes: $codes) { bulkCreation { id } userErrors { field code message } }
}"""
_ADDED = """query ($id: ID!, $most: Int!) {
  discountRedeemCodeBulkCreation(id: $id) { done codes(first: $most) { nodes { code discountRedeemCode { id } errors { code message } } } }
}"""


class ShopifyCodes:
    """operations.ports.ShopCodes. The discount is known again by its title, which holds the offer's name and a hash of its terms."""

    most = 100  # Shopify takes 250

    def __init__(self, calls: ShopCalls, shop: Shop, now: datetime, version: str = VERSION) -> None:
        self._calls, self._shop, self._now = calls, shop, now
        self._path = f"/admin/api/{version}/graphql.json"
        self._discounts: dict[str, str] = {}  # title -> id

    def put(self, offer: Offer, codes: Sequence[str]) -> Mapping[str, str | None]:
        terms = terms_of(offer, self._shop, self._now)
        answers: dict[str, str | None] = {}
        rest = list(codes)
        while terms.mark not in self._discounts and rest:
            if found := self._with_title(terms):
                self._discounts[terms.mark] = found
            else:
                answers[rest[0]] = self._create(rest[0], terms)
                rest = rest[1:]
        if rest:
            answers |= self._add(self._discounts[terms.mark], rest, terms)
        return answers

    def _with_title(self, terms: Terms) -> str | None:
        found = self._ask(_OF_TITLE, {"query": f'title:"{terms.mark}"'}, "codeDiscountNodes")
        return next((str(node.get("id")) for node in _dicts(found.get("nodes")) if _title(node) == terms.mark), None)

    def _create(self, code: str, terms: Terms) -> str | None:
        """The discount with its first code; None, or why the code cannot be had."""
        made = self._ask(_CREATE, {"discount": self._discount(code, terms)}, "discountCodeBasicCreate")
        errors = _dicts(made.get("userErrors"))
        if not errors and (new := _dict(made.get("codeDiscountNode")).get("id")):
            self._discounts[terms.mark] = str(new)
            return None
        if TAKEN & {str(error.get("code")) for error in errors}:
            return self._owner(code, terms)
        raise self._calls.failed(f"refused the discount: {_words(errors)}")

    def _owner(self, code: str, terms: Terms) -> str | None:
        """Of a code that is taken: made by an earlier run, or not ours."""
        node = self._ask(_OF_CODE, {"code": code}, "codeDiscountNodeByCode")
        if _title(node) != terms.mark:
            return ELSEWHERE
        self._discounts[terms.mark] = str(node.get("id"))  # its title is found by a search that lags behind
        return None

    def _add(self, discount: str, codes: Sequence[str], terms: Terms) -> dict[str, str | None]:
        begun = self._ask(_ADD, {"id": discount, "codes": [{"code": code} for code in codes]}, "discountRedeemCodeBulkAdd")
        creation, errors = _dict(begun.get("bulkCreation")).get("id"), _dicts(begun.get("userErrors"))
        if errors or not creation:
            raise self._calls.failed(f"refused the codes: {_words(errors)}")
        by_code = {code.casefold(): code for code in codes}
        answers: dict[str, str | None] = {}
        for node in self._finished(str(creation), len(codes)):
            code = by_code.get(str(node.get("code", "")).casefold())
            if code is not None:
                answers[code] = self._verdict(code, node, terms)
        return answers

    def _finished(self, creation: str, most: int) -> list[dict[str, Any]]:
        for look in range(MOST_LOOKS):
            found = self._ask(_ADDED, {"id": creation, "most": most}, "discountRedeemCodeBulkCreation")
            if found.get("done"):
                return _dicts(_dict(found.get("codes")).get("nodes"))
            self._calls.pause(min(0.25 * 2**look, 2.0))
        raise self._calls.failed("has not finished with the codes that it was given")

    def _verdict(self, code: str, node: dict[str, Any], terms: Terms) -> str | None:
        if node.get("discountRedeemCode"):
            return None
        errors = _dicts(node.get("errors"))
        if TAKEN & {str(error.get("code")) for error in errors} or any("unique" in str(error.get("message")) for error in errors):
            return self._owner(code, terms)
        return _words(errors)

    def _discount(self, code: str, terms: Terms) -> dict[str, Any]:
        worth: dict[str, Any] = (
            {"percentage": float(terms.percent / 100)} if terms.percent is not None
            else {"discountAmount": {"amount": f"{terms.amount:f}", "appliesOnEachItem": False}}
        )
        least = {"subtotal": {"greaterThanOrEqualToSubtotal": f"{terms.minimum:f}"}} if terms.minimum is not None else None
        return {
            "title": terms.mark, "code": code, "startsAt": self._now.isoformat(), "endsAt": terms.ends_at.isoformat() if terms.ends_at else None,
            "context": {"all": "ALL"}, "customerGets": {"value": worth, "items": {"all": True}}, "minimumRequirement": least,
            "usageLimit": 1 if terms.once else None,  # of each code
        }

    def _ask(self, query: str, variables: Mapping[str, Any], field: str) -> dict[str, Any]:
        """The field of the answer; {} for null. Waits where Shopify says that it is asked too much."""
        for attempt in range(MOST_TRIES):
            answer = self._calls.call("POST", self._path, {"query": query, "variables": variables})
            if not isinstance(answer, dict):
                break
            errors = _dicts(answer.get("errors"))
            kinds = {str(_dict(error.get("extensions")).get("code")) for error in errors}
            if "THROTTLED" in kinds:
                self._calls.pause(2.0**attempt)
                continue
            if "ACCESS_DENIED" in kinds:
                raise self._calls.forbidden(f"does not allow it: {_words(errors)}")
            if errors:
                raise self._calls.failed(f"does not understand the call: {_words(errors)}")
            data = answer.get("data")
            if isinstance(data, dict) and isinstance(data.get(field) or {}, dict):
                return data.get(field) or {}
            break
        else:
            raise self._calls.failed("is asked too much just now")
        raise self._calls.failed("answered something else than was asked for")


def _title(node: Any) -> str | None:
    title = _dict(_dict(node).get("codeDiscount")).get("title")
    return title if isinstance(title, str) else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _words(errors: Sequence[Mapping[str, Any]]) -> str:
    return in_words("; ".join(str(error.get("message")) for error in errors)) or "it does not say why"
