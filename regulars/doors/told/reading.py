"""JSON that somebody tells becomes our values, or a list of everything that is wrong with it and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from regulars.audience.cells import BadCell
from regulars.audience.people import PersonRow, read_person
from regulars.diagnostics import did_you_mean
from regulars.doors.told.events import known_events, read_data
from regulars.doors.told.fields import KINDS, MOST_AT_ONCE, Customer, Event, Order, Product
from regulars.errors import UsageError
from regulars.loyalty.calls import EventTold, Heard, News, ProductTold, Terms, Who, address_in, must_be_priced
from regulars.loyalty.places import plain_address
from regulars.loyalty.products import read_product
from regulars.loyalty.purchases import Row, read_row
from regulars.loyalty.tellings import Hints, Telling, states_of


@dataclass(frozen=True, slots=True)
class Wrong:
    """`path`: of the field, as in [2].lines[0].unit_price; "" for the whole."""

    path: str
    problem: str


class Unreadable(UsageError):
    """What was told is not what these things look like."""

    def __init__(self, wrongs: Sequence[Wrong]) -> None:
        first = wrongs[0]
        more = f" (and {len(wrongs) - 1} more)" if len(wrongs) > 1 else ""
        super().__init__(f"{first.path}: {first.problem}{more}" if first.path else f"{first.problem}{more}")
        self.wrongs = list(wrongs)


def heard(kind: str, told: Any, terms: Terms, name: str) -> Heard:
    """`kind`: of KINDS. `told`: one, or a list of at most MOST_AT_ONCE. `name`: of the call, by which events happen once.
    Raises Unreadable with all that is wrong."""
    things = told if isinstance(told, list) else [told]
    if not 1 <= len(things) <= MOST_AT_ONCE:
        raise Unreadable([Wrong("", f"tell one, or a list of 1 to {MOST_AT_ONCE}; these are {len(things)}")])
    news: list[News] = []
    wrongs: list[Wrong] = []
    for place, thing in enumerate(things):
        try:
            news.append(_READERS[kind](_shaped(thing, KINDS[kind]), terms, f"{name}:{place}"))
        except _Bad as error:
            inside = f"[{place}]" if isinstance(told, list) else ""
            wrongs.append(Wrong(f"{inside}{'.' if inside and error.path and error.path[0] != '[' else ''}{error.path}", error.problem))
    if wrongs:
        raise Unreadable(wrongs)
    return Heard(tuple(news))


class _Bad(Exception):
    def __init__(self, path: str, problem: str) -> None:
        super().__init__(problem)
        self.path, self.problem = path, problem


def _shaped(thing: Any, wanted: type[Any]) -> Any:
    try:
        return msgspec.convert(thing, wanted)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$")
        raise _Bad(path.rstrip("`").lstrip("."), _in_our_words(problem, wanted)) from None


# By what tells the patterns of fields.py apart: nobody should have to read a pattern.
_AS_WRITTEN = {
    "[A-Za-z]{3}": "a currency has three letters, as in TRY",
    "https?": "an address begins with https://",
    "{1,7}": 'a quantity is a number, with a point before the fraction: 2, or "0.25"',
    "{1,10}": 'an amount is a decimal number in quotes, with a point before the fraction and nothing between thousands: "12.50"',
}


def _in_our_words(problem: str, wanted: type[Any]) -> str:
    if "unknown field" in problem:
        named = problem.partition("`")[2].partition("`")[0]
        return f'there is no field "{named}"; {did_you_mean(named, wanted.__struct_fields__, "see /api/v1/docs")}'
    if "matching regex" in problem:
        return next(words for sign, words in _AS_WRITTEN.items() if sign in problem)
    if "got `decimal`" in problem:
        return 'numbers with a fraction are written in quotes, as "12.50", so that no digit is lost'
    return problem[0].lower() + problem[1:].replace("`", "")


def _at(prefix: str, read: Callable[[], Any]) -> Any:
    """BadCell begins with the field's name."""
    try:
        return read()
    except BadCell as error:
        field, colon, problem = str(error).partition(": ")
        if colon and " " not in field:
            raise _Bad(f"{prefix}{field}", problem) from None
        raise _Bad(prefix.rstrip("."), str(error)) from None


# ---- orders ----


def _order(told: Order, terms: Terms, _name: str) -> Telling:
    rows = tuple(_rows(told, terms))
    at = _at("", lambda: _moment("updated_at", told.updated_at, terms))
    hints = Hints(plain_address(told.shipping_address or []), told.ip, told.user_agent)
    telling = Telling(told.id, at or terms.now, rows, states_of(rows[0].head), hints=hints)
    _at("", lambda: must_be_priced(Heard((telling,)), terms))
    return telling


def _rows(told: Order, terms: Terms) -> Iterator[Row]:
    whose = {
        "order_id": told.id, "ordered_at": told.ordered_at, "email": told.email, "customer_id": told.customer_id, "currency": told.currency,
    }
    head = {name: getattr(told, name) for name in (
        "status", "paid_at", "shipped_at", "delivered_at", "cancelled_at", "refunded", "discount", "channel", "coupon", "referral_code", "served_by",
    )}
    _at("", lambda: read_row(terms.record({**whose, **head}, told.other), terms.shop.currency))
    for place, line in enumerate(told.lines):
        fields = {
            "sku": line.sku, "product": line.product, "category": line.category, "quantity": line.quantity, "unit_price": line.unit_price,
            "unit_cost": line.unit_cost, "line_discount": line.discount,
        }
        record = terms.record({**whose, **(head if place == 0 else {}), **fields}, told.other if place == 0 else None)
        yield _at(f"lines[{place}].", lambda record=record: read_row(record, terms.shop.currency))  # type: ignore[misc]


# ---- customers, products, events ----


def _customer(told: Customer, terms: Terms, _name: str) -> PersonRow:
    fields = {
        name: getattr(told, name) for name in told.__struct_fields__ if name not in {"tags", "attributes", "updated_at"}
    }
    attributes = told.attributes or {}
    for attribute in attributes:
        if attribute not in terms.shop.attributes:
            hint = did_you_mean(attribute, list(terms.shop.attributes), "declare it under attributes in regulars.yaml")
            raise _Bad(f"attributes.{attribute}", f"customers have no such attribute; {hint}")
    fields |= {name: str(value).lower() if isinstance(value, bool) else value for name, value in attributes.items()}
    fields["tags"] = ", ".join(tag.replace(",", " ") for tag in told.tags or ()) or None
    row: PersonRow = _at("", lambda: read_person(terms.record(fields), terms.shop.attributes))
    at = _at("", lambda: _moment("updated_at", told.updated_at, terms))
    return row.told(at) if at else row


def _product(told: Product, terms: Terms, _name: str) -> ProductTold:
    fields = {name: getattr(told, name) for name in told.__struct_fields__ if name != "updated_at"}
    row = _at("", lambda: read_product(terms.record(fields), terms.shop.currency))
    at = _at("", lambda: _moment("updated_at", told.updated_at, terms))
    return ProductTold(row, at or terms.now)


def _event(told: Event, terms: Terms, name: str) -> EventTold:
    known = known_events(terms.shop)
    if told.event not in known:
        hint = did_you_mean(told.event, list(known), "declare it under events in regulars.yaml")
        raise _Bad("event", f'there is no event "{told.event}" that can be told here; {hint}')
    if told.email is None and told.customer_id is None:
        raise _Bad("email", "who it happened to is missing: tell email, customer_id or both")
    written = told.email
    address = _at("", lambda: address_in(written)) if written is not None else None
    at = _at("", lambda: _moment("at", told.at, terms)) or terms.now
    try:
        data = read_data(told.data or {}, known[told.event], terms.shop)
    except BadCell as error:
        field, _, problem = str(error).partition(": ")
        raise _Bad(f"data.{field}", problem) from None
    source_id = f"{told.event}:{told.id}" if told.id else name
    return EventTold(told.event, Who(address, told.customer_id), at, "api", source_id, told.subject or told.id or "", data)


def _moment(field: str, written: str | None, terms: Terms) -> Any:
    return terms.record({field: written}).past(field)


_READERS: Mapping[str, Callable[[Any, Terms, str], News]] = {
    "orders": _order, "customers": _customer, "products": _product, "events": _event,
}
