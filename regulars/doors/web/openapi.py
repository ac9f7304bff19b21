"""OpenAPI 3.1 of /api/v1, made of the table of fields that also reads what is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from regulars import __version__
from regulars.definition.workspace import EventField, Shop
from regulars.doors.told.events import MOST_ITEMS, known_events
from regulars.doors.told.fields import KINDS, MOST_AT_ONCE, Item
from regulars.doors.web.problems import TITLES

_REF = "#/components/schemas/{name}"
_WHAT = {
    "orders": "Tell orders. They are recorded, and start what automations wait for.",
    "customers": "Tell customers: what is told changes, what is left out stays.",
    "products": "Tell products: a lower price and a stock that is back start what automations wait for.",
    "events": "Tell what happened to customers: a cart that changed, or an event that regulars.yaml declares.",
}
_ANSWERS = {
    "400": "It is not JSON, or not in UTF-8.", "401": "No key, or none that is good.", "403": "The key has not the scope that is asked for.",
    "413": "More than 2 MB.", "415": "Not application/json, or packed.",
    "422": "Something does not fit, and nothing was recorded; or this Idempotency-Key named another body before.",
    "429": "Too many calls wait; tell it again after Retry-After seconds.", "503": "It could not be stored now; tell it again after Retry-After seconds.",
}
_DATA: Mapping[EventField, Mapping[str, Any]] = {
    EventField.TEXT: {"type": "string", "maxLength": 2000}, EventField.NUMBER: {"type": ["integer", "string"], "description": "A fraction in quotes."},
    EventField.WHOLE: {"type": "integer"}, EventField.YES_NO: {"type": "boolean"},
    EventField.MONEY: {"type": "string", "description": "A decimal number in quotes, in the shop's currency."},
    EventField.DATE: {"type": "string", "format": "date"}, EventField.URL: {"type": "string", "format": "uri"},
    EventField.ITEMS: {"type": "array", "maxItems": MOST_ITEMS, "items": {"$ref": _REF.format(name="Item")}},
}


def document(shop: Shop, base_url: str) -> dict[str, Any]:
    """With this shop's own events and attributes."""
    schemas = _schemas()
    _declare(schemas, shop)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "regulars", "version": __version__, "summary": "Tell regulars what happens in the shop.",
            "description": "Every call is durable when it is answered with 200, and telling it again changes nothing: orders, customers and "
                           "products by what they are called, events by their id or by the Idempotency-Key of the call.",
        },
        "servers": [{"url": base_url}],
        "security": [{"key": []}],
        "paths": {f"/api/v1/{kind}": {"post": _operation(kind)} for kind in KINDS},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "Made by: regulars keys create NAME --scope …"}},
            "schemas": schemas,
        },
    }


def _schemas() -> dict[str, Any]:
    _, found = msgspec.json.schema_components([*KINDS.values(), Item], ref_template=_REF)
    return {**found, "Taken": _TAKEN, "Problem": _PROBLEM}


def _declare(schemas: dict[str, Any], shop: Shop) -> None:
    events = known_events(shop)
    schemas["Event"]["properties"]["event"]["enum"] = sorted(events)
    for name, fields in sorted(events.items()):
        schemas[f"{name}.data"] = {
            "title": f"{name}: its data", "type": "object", "additionalProperties": False,
            "properties": {field: dict(_DATA[kind]) for field, kind in fields.items()},
        }
    data = schemas["Event"]["properties"]["data"]
    data["description"] = f"{data.get('description', '')} Of each event: {', '.join(f'{name}.data' for name in sorted(events))}."
    attributes = schemas["Customer"]["properties"]["attributes"]
    attributes["description"] = f"Those that regulars.yaml declares: {', '.join(shop.attributes) or 'none'}."


def _operation(kind: str) -> dict[str, Any]:
    one = {"$ref": _REF.format(name=KINDS[kind].__name__)}
    many = {"type": "array", "minItems": 1, "maxItems": MOST_AT_ONCE, "items": one}
    problem = {"content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}}
    return {
        "operationId": f"tell_{kind}", "summary": _WHAT[kind], "description": f"One, or a list of at most {MOST_AT_ONCE}. Scope: {kind}:write.",
        "parameters": [{
            "name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            "description": "A name for the call: told again with the same body it is answered as before, with another one it is refused.",
        }],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"anyOf": [one, many]}, "example": EXAMPLES[kind]}}},
        "responses": {
            "200": {"description": "Durable.", "content": {"application/json": {"schema": {"$ref": _REF.format(name="Taken")}}}},
            **{status: {"description": f"{TITLES[int(status)]}: {said}", **problem} for status, said in _ANSWERS.items()},
        },
    }


def words_of(schema: Mapping[str, Any]) -> str:
    """A field's schema for people."""
    kinds = [_kind(part) for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    told = [schema.get("description", ""), *(part.get("description", "") for part in schema.get("anyOf", ()))]
    return f"{' or '.join(dict.fromkeys(kinds))}. {' '.join(filter(None, dict.fromkeys(told)))}"


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    kind = schema.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


EXAMPLES: Mapping[str, Any] = {
    "orders": {
        "id": "1001", "ordered_at": "2026-11-20T10:00:00+03:00", "email": "ada@mail.example", "paid_at": "2026-11-20T10:01:00+03:00",
        "coupon": "HOSGELDIN", "lines": [{"sku": "COF-1", "product": "Kolombiya Huila", "category": "beans", "quantity": 2, "unit_price": "200.00"}],
    },
    "customers": {
        "email": "ada@mail.example", "first_name": "Ada", "locale": "tr", "consent": "yes", "consent_at": "2026-11-20T10:00:00+03:00",
        "consent_source": "checkout",
    },
    "products": {"sku": "COF-1", "name": "Kolombiya Huila", "url": "https://kahve.example/huila", "price": "180.00", "stock": 12},
    "events": {
        "event": "cart.updated", "email": "ada@mail.example", "id": "cart-77-3", "subject": "cart-77",
        "data": {"items": [{"sku": "COF-1", "quantity": 2, "price": "180.00"}], "url": "https://kahve.example/cart/77"},
    },
}
_REASONS = {"type": "array", "items": {"type": "object", "properties": {"reason": {"type": "string"}}, "required": ["reason"]}}
_TAKEN = {
    "title": "Taken", "type": "object", "required": ["recorded", "unchanged"], "description": "What became of the call.",
    "properties": {
        "recorded": {"type": "integer", "description": "New or different."}, "unchanged": {"type": "integer", "description": "Known so already."},
        "refused": {**_REASONS, "description": "What contradicts something that is stored."}, "ignored": {"type": "string"},
    },
}
_PROBLEM = {
    "title": "Problem", "type": "object", "required": ["type", "title", "status", "detail"], "description": "RFC 9457.",
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
        "errors": {
            "type": "array", "description": "Field by field.",
            "items": {"type": "object", "required": ["path", "problem"], "properties": {"path": {"type": "string"}, "problem": {"type": "string"}}},
        },
    },
}
