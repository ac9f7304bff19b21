"""One product change may concern many customers, and one customer many changes: what is worth telling, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from regulars.journeys.happenings import Happening

SOURCE = "products"
GATHER = timedelta(minutes=10)  # a shop that changes a hundred prices does so within minutes
PRICE_DROPPED = "product.price_dropped"


@dataclass(frozen=True, slots=True)
class ProductChange:
    """`data`: `before` and `now`, as the shop told; `price` (1/10,000) and `stock`: as they are by now."""

    sku: str
    at: datetime
    data: Mapping[str, Any]
    price: int | None
    stock: int | None


@dataclass(frozen=True, slots=True)
class Gathering:
    """Changes of one kind that are told of together. `number`: of the first of them."""

    number: int
    kind: str
    changes: tuple[ProductChange, ...]

    @property
    def at(self) -> datetime:
        """Of the last one: what is gathered is as fresh as its newest part."""
        return max(each.at for each in self.changes)


def worth_telling(gathering: Gathering) -> Mapping[str, Mapping[str, Any]]:
    """Product -> its change from before the first to after the last one, unless that has been taken back meanwhile."""
    told: dict[str, dict[str, Any]] = {}
    for each in gathering.changes:
        told[each.sku] = {**each.data, "before": told.get(each.sku, each.data).get("before")}
    latest = {each.sku: each for each in gathering.changes}
    return {sku: data for sku, data in told.items() if _still_holds(gathering.kind, data, latest[sku])}


def happenings(gathering: Gathering, worth: Mapping[str, Mapping[str, Any]], wishers: Mapping[int, Sequence[str]]) -> list[Happening]:
    """One for each customer, of all that they wish: `sku` is the one whose price fell the most, `skus` are all."""
    return [_happening(gathering, worth, customer, skus) for customer, skus in wishers.items()]


def _happening(gathering: Gathering, worth: Mapping[str, Mapping[str, Any]], customer_id: int, skus: Sequence[str]) -> Happening:
    ranked = sorted(skus, key=lambda sku: (-_fall(worth[sku]), sku))
    data = {"sku": ranked[0], **worth[ranked[0]], "skus": ranked}
    number = f"{gathering.number}:{customer_id}"
    return Happening(gathering.kind, customer_id, gathering.at, SOURCE, number, f"gathering {gathering.number}", data)


def _fall(data: Mapping[str, Any]) -> float:
    before, now = data.get("before"), data.get("now")
    return 1 - now / before if isinstance(before, int) and isinstance(now, int) and before > 0 else 0.0


def _still_holds(kind: str, data: Mapping[str, Any], latest: ProductChange) -> bool:
    if kind != PRICE_DROPPED:
        return latest.stock is None or latest.stock > 0
    return latest.price is None or data.get("before") is None or latest.price < data["before"]
