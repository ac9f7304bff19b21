"""The events that can be told of customers, and their fields as the shop declares them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from regulars.audience import cells
from regulars.audience.cells import BadCell
from regulars.definition.workspace import EventField, Shop
from regulars.diagnostics import did_you_mean
from regulars.doors.told.fields import Item

Fields = Mapping[str, EventField]
MOST_ITEMS = 250
ALWAYS: Mapping[str, Fields] = {
    "cart.updated": {"items": EventField.ITEMS, "url": EventField.URL},
    "cart.emptied": {},
    "wishlist.added": {"sku": EventField.TEXT},
    "wishlist.removed": {"sku": EventField.TEXT},
}


def known_events(shop: Shop) -> Mapping[str, Fields]:
    """Those that every shop has, those that open and close what `hold_while` names, and the declared ones."""
    held: dict[str, Fields] = {f"{name.rpartition('.')[0]}.{word}": {} for name in shop.hold_while for word in ("opened", "closed")}
    return {**ALWAYS, **held, **shop.events}


def read_data(told: Mapping[str, Any], fields: Fields, shop: Shop) -> dict[str, Any]:
    """The fields as they are stored: JSON without a fraction that could lose a digit. Raises BadCell, the field first."""
    read = {}
    for name, value in told.items():
        if name not in fields:
            raise BadCell(f"{name}: the event has no such field; {did_you_mean(name, list(fields), 'declare it under events in regulars.yaml')}")
        if value is None:
            continue
        try:
            read[name] = _READERS[fields[name]](value, shop)
        except (BadCell, ValueError) as error:
            raise BadCell(f"{name}: {error}") from None
    return read


def _text(value: Any, _shop: Shop) -> str:
    if not isinstance(value, str):
        raise BadCell("expected a text in quotes")
    return cells.text(value) or ""


def _number(value: Any, _shop: Shop) -> int | str:
    read = cells.number(_written(value))
    return int(read) if read == read.to_integral_value() else f"{read:f}"


def _whole(value: Any, _shop: Shop) -> int:
    return cells.whole(_written(value))


def _yes_no(value: Any, _shop: Shop) -> bool:
    if not isinstance(value, bool):
        raise BadCell("expected true or false")
    return value


def _money(value: Any, shop: Shop) -> dict[str, str]:
    """`"12.50"` in the shop's currency, or {amount, currency}."""
    amount, currency = (value.get("amount"), value.get("currency")) if isinstance(value, dict) else (value, None)
    cells.money(_written(amount))
    return {"amount": _written(amount), "currency": cells.currency(_text(currency, shop)) if currency else shop.currency}


def _date(value: Any, shop: Shop) -> str:
    written = _text(value, shop)
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        raise BadCell("expected a day, as in 2026-05-17") from None


def _url(value: Any, shop: Shop) -> str:
    written = _text(value, shop)
    if not written.startswith(("https://", "http://")) or any(letter.isspace() for letter in written):
        raise BadCell("expected a web address that begins with https://")
    return written


def _items(value: Any, shop: Shop) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        raise BadCell(f"expected a list of at most {MOST_ITEMS} items")
    try:
        items = msgspec.convert(value, list[Item])
    except msgspec.ValidationError as error:
        raise BadCell(str(error).replace("`", "")) from None
    for item in items:
        item.quantity = str(item.quantity)
        item.currency = item.currency or shop.currency
    return [{"quantity": "1", **msgspec.to_builtins(item)} for item in items]


def _written(value: Any) -> str:
    """As `cells` read it; exponents are not numbers that people write."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadCell("expected a number")
    return str(value)


_READERS = {
    EventField.TEXT: _text, EventField.NUMBER: _number, EventField.WHOLE: _whole, EventField.YES_NO: _yes_no, EventField.MONEY: _money,
    EventField.DATE: _date, EventField.URL: _url, EventField.ITEMS: _items,
}
