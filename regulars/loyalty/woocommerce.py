"""WooCommerce's webhooks in our values. Pure: a topic and its payload in, what they tell out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from regulars.audience.cells import BadCell
from regulars.audience.people import PersonRow, read_person
from regulars.definition.workspace import Attribute
from regulars.loyalty.calls import Heard, ProductGone, ProductTold, Terms
from regulars.loyalty.payload import (
    Payload,
    amount_text,
    money,
    number_id,
    part,
    parts,
    referral_in,
    several_codes,
    short,
    text,
    told_at,
    whole,
)
from regulars.loyalty.places import plain_address
from regulars.loyalty.products import read_product
from regulars.loyalty.purchases import MOST_LINES, Row, read_row
from regulars.loyalty.tellings import Hints, Telling, states_of

SOURCE = "woocommerce"
_NO_ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({})
_DRAFTS = frozenset({"checkout-draft", "auto-draft", "draft", "trash"})


def heard(topic: str, payload: Payload, terms: Terms) -> Heard:
    """What a webhook tells; a topic that concerns nobody here is ignored. Raises BadCell for what cannot be read."""
    read = _READERS.get(topic)
    if read is None:
        return Heard(ignored=f"nothing here follows from {topic[:60]}")
    return read(payload, terms)


def _order(payload: Payload, terms: Terms) -> Heard:
    billing = part(payload, "billing")
    email, status = text(billing, "email"), text(payload, "status")
    if email is None:
        return Heard(ignored="an order without an e-mail address")
    if status in _DRAFTS:
        return Heard(ignored="an order that nobody has placed yet")
    at = told_at(payload, None, terms.now, "date_modified_gmt", "date_created_gmt")
    rows = _rows(payload, email, terms)
    head = rows[0].head
    states = states_of(head) | ({"shipped"} if status == "completed" else set())
    telling = Telling(_required(payload, "id"), at, rows, frozenset(states), hints=_hints(payload))
    about = {"email": email, "billing": billing, "id": payload.get("customer_id")}
    return Heard((telling, _person(about, email, terms, at)))


def _rows(payload: Payload, email: str, terms: Terms) -> tuple[Row, ...]:
    """A row for each line, the order's own words in the first."""
    lines = list(parts(payload, "line_items"))
    if len(lines) > MOST_LINES:
        raise BadCell(f"line_items: {len(lines)} lines; {MOST_LINES} are the most")
    currency = text(payload, "currency") or terms.shop.currency
    whose = {
        "order_id": _required(payload, "id"), "ordered_at": _gmt(payload, "date_created"), "email": email,
        "customer_id": number_id(payload, "customer_id"), "currency": currency,
    }
    rows = []
    for place, line in enumerate(lines or [{}]):
        fields = {**whose, **(_head(payload) if place == 0 else {}), **_line(line)}
        rows.append(read_row(terms.record(fields, _others(payload) if place == 0 else None), currency))
    return tuple(rows)


def _head(payload: Payload) -> dict[str, str | None]:
    back = sum(abs(money(each, "total")) for each in parts(payload, "refunds"))
    meta = {key: text(each, "value") for each in parts(payload, "meta_data") if (key := text(each, "key"))}
    entry = meta.get("_wc_order_attribution_session_entry")
    return {
        "status": short(text(payload, "status")), "paid_at": _gmt(payload, "date_paid"), "refunded": amount_text(back) if back else None,
        "coupon": short(text(next(parts(payload, "coupon_lines"), {}), "code")), "channel": short(text(payload, "created_via")),
        "referral_code": short(meta.get("referral_code") or meta.get("ref")) or referral_in(entry),
    }


def _others(payload: Payload) -> dict[str, str]:
    number = short(text(payload, "number"))
    return several_codes(payload, "coupon_lines") | ({"Order Number": number} if number and number != text(payload, "id") else {})


def _line(line: Payload) -> dict[str, str | None]:
    """`subtotal` is before discounts, `total` after them; both of all pieces together and without tax, so the tax is added to both."""
    quantity = whole(line, "quantity", 1 if line else 0)
    before = money(line, "subtotal") + money(line, "subtotal_tax")
    after = money(line, "total") + money(line, "total_tax")
    each = before // quantity if quantity else 0
    return {
        "sku": _sku(line), "product": short(text(line, "name")), "quantity": str(quantity), "unit_price": amount_text(each),
        "line_discount": amount_text(each * quantity - after),
    }


def _sku(line: Payload) -> str | None:
    """Shops that give no sku are told apart by the variation's number, or the product's."""
    return short(text(line, "sku") or number_id(line, "variation_id") or number_id(line, "product_id"))


def _hints(payload: Payload) -> Hints:
    shipping = part(payload, "shipping")
    address = shipping if text(shipping, "address_1") else part(payload, "billing")
    lines = [text(address, name) for name in ("address_1", "address_2", "postcode", "city", "country")]
    return Hints(plain_address(lines), text(payload, "customer_ip_address"), text(payload, "customer_user_agent"))


def _customer(payload: Payload, terms: Terms) -> Heard:
    email = text(payload, "email")
    if email is None:
        return Heard(ignored="a customer without an e-mail address")
    return Heard((_person(payload, email, terms, told_at(payload, None, terms.now, "date_modified_gmt", "date_created_gmt")),))


def _person(payload: Payload, email: str, terms: Terms, at: datetime) -> PersonRow:
    """What a guest tells who buys without an account stands in the billing address."""
    billing = part(payload, "billing")
    fields = {
        "email": email, "customer_id": number_id(payload, "id"),
        "first_name": short(text(payload, "first_name") or text(billing, "first_name")),
        "last_name": short(text(payload, "last_name") or text(billing, "last_name")),
        "country": short(text(billing, "country")), "city": short(text(billing, "city")), "created_at": _gmt(payload, "date_created"),
    }
    return read_person(terms.record(fields), _NO_ATTRIBUTES).told(at)


def _product(payload: Payload, terms: Terms) -> Heard:
    name = short(text(payload, "name"))
    sku = short(text(payload, "sku") or number_id(payload, "id"))
    if name is None or sku is None or text(payload, "type") == "variable":
        return Heard(ignored="a product that is not sold itself")
    stock = text(payload, "stock_quantity") if payload.get("manage_stock") is True else None
    is_sold = text(payload, "status") in {"publish", None} and text(payload, "stock_status") != "outofstock"
    category = next((written for each in parts(payload, "categories") if (written := text(each, "name"))), None)
    regular, price = text(payload, "regular_price"), text(payload, "price")
    fields = {
        "sku": sku, "name": name, "url": text(payload, "permalink"), "price": price,
        "image_url": next((src for each in parts(payload, "images") if (src := text(each, "src"))), None),
        "compare_at": regular if regular != price else None, "category": short(category), "stock": stock if is_sold else "0",
    }
    at = told_at(payload, None, terms.now, "date_modified_gmt", "date_created_gmt")
    row = read_product(terms.record(fields), terms.shop.currency)
    return Heard((ProductTold(row, at, number_id(payload, "id")),))


def _product_gone(payload: Payload, terms: Terms) -> Heard:
    return Heard((ProductGone(_required(payload, "id"), terms.now),))


def _deleted(_payload: Payload, _terms: Terms) -> Heard:
    return Heard(ignored="what was bought and agreed to stays true when it leaves the shop's list")


def _gmt(payload: Payload, name: str) -> str | None:
    """Times are told twice; the one in the shop's zone says no zone."""
    written = text(payload, f"{name}_gmt")
    return f"{written}Z" if written and written[-1:].isdigit() and "+" not in written else written


def _required(payload: Payload, name: str) -> str:
    if (value := number_id(payload, name)) is None:
        raise BadCell(f"{name} is missing")
    return value


_READERS: Mapping[str, Callable[[Payload, Terms], Heard]] = MappingProxyType({
    **{f"order.{what}": _order for what in ("created", "updated", "restored")}, "order.deleted": _deleted,
    "customer.created": _customer, "customer.updated": _customer, "customer.deleted": _deleted,
    "product.created": _product, "product.updated": _product, "product.restored": _product, "product.deleted": _product_gone,
})
TOPICS = tuple(_READERS)
