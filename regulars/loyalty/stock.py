"""What happened to a product that somebody may wait for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PRICE_DROPPED, BACK_IN_STOCK = "product.price_dropped", "product.back_in_stock"


def changes(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and data of each change between two rows of one product: price in 1/10,000, `currency`, `stock`. A new product has none."""
    if before is None:
        return
    was, price = before.get("price"), now.get("price")
    if was is not None and price is not None and price < was and before.get("currency") == now.get("currency"):
        yield PRICE_DROPPED, {"before": was, "now": price, "currency": now.get("currency")}
    had, has = before.get("stock"), now.get("stock")
    if had is not None and has is not None and had <= 0 < has:
        yield BACK_IN_STOCK, {"before": had, "now": has}
