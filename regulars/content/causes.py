"""What started the automation that a mail belongs to, as its template sees it: read from what the journey remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from regulars.content.recipient import Cause, Product, Purchase, Recipient
from regulars.definition.quantities import Money
from regulars.definition.workspace import EventField, Shop

Lookup = Callable[[str | None, str | None, str | None], Product]
"""A product by sku, by what the order called it and by category; the catalogue knows more, and is asked first."""

CHANGES = ("product.price_dropped", "product.back_in_stock")
ORDERS = "order."
_OURS = frozenset({"items", "order_id", "sku", "skus", "before", "now"})  # shown by names of their own
_CART = {"items": EventField.ITEMS, "url": EventField.URL}
_SAMPLES: Mapping[EventField, Any] = {
    EventField.TEXT: "sample", EventField.NUMBER: "9.5", EventField.WHOLE: 9, EventField.YES_NO: True, EventField.MONEY: "250.00",
    EventField.DATE: "2026-01-31", EventField.URL: "https://shop.example/sample",
}


def cause_of(told: Mapping[str, Any], shop: Shop, product: Lookup) -> Cause:
    """`told`: as journeys/journey.py `remembered` writes it."""
    data, at = told.get("data") or {}, datetime.fromisoformat(str(told["at"]))
    event, order_id = str(told["kind"]), data.get("order_id")
    products = tuple(product(sku, None, None) for sku in skus_of(told)) if event in CHANGES else ()
    fields = {name: _typed(kind, data[name], shop.currency) for name, kind in declared(event, shop).items() if data.get(name) is not None and name not in _OURS}
    return Cause(
        event, at, None if order_id is None else str(order_id), tuple(_items(data, at, shop, product)), products,
        _former_price(data, shop) if event == CHANGES[0] else None, fields,
    )


def skus_of(told: Mapping[str, Any]) -> Sequence[str]:
    """Every product that the template may show."""
    data = told.get("data") or {}
    named = [item.get("sku") for item in data.get("items") or ()] or data.get("skus") or [data.get("sku")]
    return [str(sku) for sku in named if sku]


def declared(event: str, shop: Shop) -> Mapping[str, EventField]:
    return _CART if event.startswith("cart.") and event not in shop.events else shop.events.get(event, {})


def fields_of(event: str | None, shop: Shop) -> Mapping[str, frozenset[str]]:
    """Of `trigger` and of `trigger.fields`: what every mail of an automation with this trigger may say."""
    if event is None:
        return {"trigger": frozenset(), "trigger.fields": frozenset()}
    known = {"event", "at"}
    if event.startswith(ORDERS):
        known |= {"order_id", "items"}
    if event in CHANGES:
        known |= {"product", "products"} | ({"was"} if event == CHANGES[0] else set())
    fields = declared(event, shop)
    known |= ({"items"} if EventField.ITEMS in fields.values() else set()) | ({"fields"} if fields else set())
    return {"trigger": frozenset(known), "trigger.fields": frozenset(fields) - _OURS}


def cause_for_show(event: str | None, recipient: Recipient, shop: Shop, now: datetime) -> Cause | None:
    """Of a mail that nothing has started yet: the customer's latest order stands for what would."""
    if event is None:
        return None
    latest = recipient.purchases[0].order_id if recipient.purchases else None
    bought = tuple(line for line in recipient.purchases if line.order_id == latest) or (_something(shop, now),)
    fields = declared(event, shop)
    shown = fields_of(event, shop)["trigger"]
    product = recipient.usual or bought[0].product
    return Cause(
        event, now, (latest or "1001") if "order_id" in shown else None, bought if "items" in shown else (),
        (product,) if "product" in shown else (), _more(product.price or bought[0].unit_price) if "was" in shown else None,
        {name: _typed(kind, _SAMPLES[kind], shop.currency) for name, kind in fields.items() if kind in _SAMPLES},
    )


def _items(data: Mapping[str, Any], at: datetime, shop: Shop, product: Lookup) -> Iterator[Purchase]:
    ordered_at = datetime.fromisoformat(str(data["ordered_at"])) if data.get("ordered_at") else at
    for item in data.get("items") or ():
        currency = str(item.get("currency") or data.get("currency") or shop.currency)
        price, quantity = Money.of(_decimal(item.get("price")), currency), _decimal(item.get("quantity", 1))
        known = product(item.get("sku"), item.get("name"), item.get("category"))
        told = Product(
            known.sku, known.name or str(item.get("name") or ""), known.url or item.get("url"), known.image_url or item.get("image_url"),
            known.price or price, known.compare_at, known.category,
        )
        yield Purchase(str(data.get("order_id") or ""), ordered_at, told, quantity, price, Money.of(price.amount * quantity, currency))


def _former_price(data: Mapping[str, Any], shop: Shop) -> Money | None:
    before = data.get("before")
    return Money(before, str(data.get("currency") or shop.currency)) if isinstance(before, int) else None


def _typed(kind: EventField, value: Any, currency: str) -> Any:
    match kind:
        case EventField.NUMBER:
            return _decimal(value)
        case EventField.MONEY:
            return Money.of(_decimal(value), currency)
        case EventField.DATE:
            return date.fromisoformat(str(value))
        case _:
            return value


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)


def _something(shop: Shop, now: datetime) -> Purchase:
    price = Money.of(100, shop.currency)
    product = Product("sample", "a sample product", shop.url, None, price)
    return Purchase("1001", now.astimezone(UTC), product, Decimal(1), price, price)


def _more(price: Money) -> Money:
    return Money.of((price.amount * Decimal("1.25")).quantize(Decimal("0.01")), price.currency)
