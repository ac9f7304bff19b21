"""Shopify's webhooks in our values. Pure: a topic and its payload in, what they tell out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from regulars.audience.cells import BadCell
from regulars.audience.people import PersonRow, read_person
from regulars.definition.workspace import Attribute
from regulars.loyalty.calls import (
    CustomerGone,
    EventTold,
    Heard,
    Merged,
    PrivacyAsked,
    ProductGone,
    ProductTold,
    StockTold,
    Terms,
    Who,
    address_in,
)
from regulars.loyalty.payload import (
    Payload,
    amount_text,
    moment,
    money,
    number_id,
    part,
    parts,
    plain_locale,
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
from regulars.loyalty.tellings import Hints, Parcel, Refund, Telling, states_of

SOURCE = "shopify"
_NO_ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({})
_CONSENT = {"subscribed": "yes", "unsubscribed": "no", "not_subscribed": None, "pending": "pending", "redacted": "no"}


def heard(topic: str, payload: Payload, terms: Terms) -> Heard:
    """What a webhook tells; a topic that concerns nobody here is ignored. Raises BadCell for what cannot be read."""
    read = _READERS.get(topic)
    if read is None:
        return Heard(ignored=f"nothing here follows from {topic[:60]}")
    return read(payload, terms)


# ---- orders ----


def _order(payload: Payload, terms: Terms) -> Heard:
    if payload.get("test") is True:
        return Heard(ignored="a test order")
    customer = part(payload, "customer")
    email = text(payload, "email") or text(payload, "contact_email") or text(customer, "email")
    if email is None:
        return Heard(ignored="an order without an e-mail address")
    order_id = _required(payload, "id")
    at = told_at(payload, terms.sent_at, terms.now, "updated_at", "created_at")
    rows = _rows(payload, order_id, email, number_id(customer, "id"), terms)
    parcels = {key: parcel for each in parts(payload, "fulfillments") if (key := number_id(each, "id")) and (parcel := _parcel(each, at))}
    currency = rows[0].currency
    refunds = {key: refund for each in parts(payload, "refunds") if (key := number_id(each, "id")) and (refund := _refund(each, currency, at))}
    telling = Telling(order_id, at, rows, states_of(rows[0].head) | _paid(payload), refunds, parcels, _hints(payload))
    return Heard((telling, _person({**customer, "locale": payload.get("customer_locale")}, email, number_id(customer, "id"), terms, at)))


def _rows(payload: Payload, order_id: str, email: str, shop_id: str | None, terms: Terms) -> tuple[Row, ...]:
    """A row for each line, the order's own words in the first."""
    lines = list(parts(payload, "line_items"))
    if len(lines) > MOST_LINES:
        raise BadCell(f"line_items: {len(lines)} lines; {MOST_LINES} are the most")
    currency = text(payload, "currency") or terms.shop.currency
    whose = {"order_id": order_id, "ordered_at": text(payload, "created_at"), "email": email, "customer_id": shop_id, "currency": currency}
    has_refunds = any(_refund(each, currency, terms.now) for each in parts(payload, "refunds"))
    rows = []
    for place, line in enumerate(lines or [{}]):
        fields = {**whose, **(_head(payload) if place == 0 else {}), **_line(line, has_refunds)}
        rows.append(read_row(terms.record(fields, _others(payload) if place == 0 else None), currency))
    return tuple(rows)


def _head(payload: Payload) -> dict[str, str | None]:
    cancelled_at = text(payload, "cancelled_at")
    return {
        "status": "cancelled" if cancelled_at else text(payload, "financial_status"), "cancelled_at": cancelled_at,
        "channel": short(text(payload, "source_name")), "coupon": short(text(next(parts(payload, "discount_codes"), {}), "code")), "referral_code": _referral(payload),
    }


def _others(payload: Payload) -> dict[str, str]:
    """The number that people know the order by is another than the one that webhooks name it by."""
    name = short(text(payload, "name"))
    return several_codes(payload, "discount_codes") | ({"Name": name} if name else {})


def _line(line: Payload, has_refunds: bool) -> dict[str, str | None]:
    """Prices in the shop's own money. What was taken off an order without money going back was never bought."""
    quantity = whole(line, "quantity", 0)
    current = whole(line, "current_quantity", quantity)
    bought = quantity if has_refunds else current
    discount = sum(_shop_money(each, "amount") for each in parts(line, "discount_allocations")) or money(line, "total_discount")
    if quantity and bought < quantity:
        discount = discount * bought // quantity
    return {
        "sku": _sku(line), "product": short(text(line, "title") or text(line, "name")), "category": short(text(line, "product_type")),
        "quantity": str(bought), "unit_price": amount_text(_shop_money(line, "price")), "line_discount": amount_text(discount),
    }


def _paid(payload: Payload) -> frozenset[str]:
    """A cancelled order was paid before, if money moved."""
    status = text(payload, "financial_status")
    return frozenset({"paid"} if status in {"paid", "partially_paid", "partially_refunded", "refunded"} else ())


def _refund(refund: Payload, currency: str, at: datetime) -> Refund | None:
    """In the shop's own money; of a customer who paid in other money, what the lines were worth. None: no money went back."""
    back = [
        each for each in parts(refund, "transactions")
        if text(each, "kind") == "refund" and text(each, "status") in {"success", None}
    ]
    if any(text(each, "currency") not in {None, currency} for each in back):
        amount = sum(_shop_money(each, "subtotal") for each in parts(refund, "refund_line_items"))
        amount += abs(sum(_shop_money(each, "amount") for each in parts(refund, "order_adjustments")))
    else:
        amount = sum(money(each, "amount") for each in back)
    return Refund(amount, moment(refund, "processed_at", "created_at") or at) if amount > 0 else None


def _parcel(fulfillment: Payload, at: datetime) -> Parcel | None:
    shipped = moment(fulfillment, "created_at")
    if shipped is None:
        return None
    told = moment(fulfillment, "updated_at") or at
    is_off = text(fulfillment, "status") in {"cancelled", "error", "failure"}
    return Parcel(told, shipped, told if text(fulfillment, "shipment_status") == "delivered" else None, is_off)


def _hints(payload: Payload) -> Hints:
    client = part(payload, "client_details")
    agent, language = text(client, "user_agent"), text(client, "accept_language")
    address = part(payload, "shipping_address") or part(payload, "billing_address")
    lines = [text(address, name) for name in ("address1", "address2", "zip", "city", "country_code")]
    return Hints(
        plain_address(lines), text(payload, "browser_ip") or text(client, "browser_ip"), f"{agent}|{language}" if agent else None)


def _referral(payload: Payload) -> str | None:
    for note in parts(payload, "note_attributes"):
        if (text(note, "name") or "").casefold() in {"ref", "referral", "referral_code"} and (code := text(note, "value")):
            return short(code)
    return referral_in(text(payload, "landing_site"))


def _ignored(why: str) -> Callable[[Payload, Terms], Heard]:
    return lambda _payload, _terms: Heard(ignored=why)


def _fulfillment(payload: Payload, terms: Terms) -> Heard:
    at = told_at(payload, terms.sent_at, terms.now, "updated_at", "created_at")
    key, parcel = number_id(payload, "id"), _parcel(payload, at)
    if key is None or parcel is None:
        return Heard(ignored="a fulfillment without id and time")
    return Heard((Telling(_required(payload, "order_id"), at, parcels={key: parcel}),))


def _refunded(payload: Payload, terms: Terms) -> Heard:
    at = told_at(payload, terms.sent_at, terms.now, "processed_at", "created_at")
    key, refund = number_id(payload, "id"), _refund(payload, terms.shop.currency, at)
    if key is None or refund is None:
        return Heard(ignored="no money went back")
    return Heard((Telling(_required(payload, "order_id"), at, refunds={key: refund}),))


# ---- customers ----


def _customer(payload: Payload, terms: Terms) -> Heard:
    email = text(payload, "email")
    if email is None:
        return Heard(ignored="a customer without an e-mail address")
    return Heard((_person(payload, email, number_id(payload, "id"), terms, told_at(payload, terms.sent_at, terms.now, "updated_at")),))


def _person(payload: Payload, email: str, shop_id: str | None, terms: Terms, at: datetime) -> PersonRow:
    address = part(payload, "default_address")
    consent = part(payload, "email_marketing_consent")
    answer = _CONSENT.get(text(consent, "state") or "")
    fields = {
        "email": text(payload, "email") or email, "customer_id": shop_id, "first_name": short(text(payload, "first_name")),
        "last_name": short(text(payload, "last_name")), "country": short(text(address, "country_code")), "city": short(text(address, "city")),
        "locale": plain_locale(text(payload, "locale")), "created_at": text(payload, "created_at"), "tags": _tags(text(payload, "tags")),
        "consent": answer, "consent_source": SOURCE if answer else None,
        "consent_at": (text(consent, "consent_updated_at") or at.isoformat()) if answer else None,
    }
    return read_person(terms.record(fields), _NO_ATTRIBUTES).told(at)


def _tags(written: str | None) -> str | None:
    tags = [tag.strip()[:100] for tag in (written or "").split(",") if tag.strip()]
    return ", ".join(tags) or None


def _consent(payload: Payload, terms: Terms) -> Heard:
    email = text(payload, "email_address")
    if email is None:
        return Heard(ignored="an answer without an e-mail address")
    about = {"email_marketing_consent": part(payload, "email_marketing_consent")}
    at = moment(part(payload, "email_marketing_consent"), "consent_updated_at") or told_at({}, terms.sent_at, terms.now)
    return Heard((_person(about, email, number_id(payload, "customer_id"), terms, at),))


def _customer_gone(payload: Payload, terms: Terms) -> Heard:
    return Heard((CustomerGone(_required(payload, "id"), told_at({}, terms.sent_at, terms.now)),))


def _merged(payload: Payload, _terms: Terms) -> Heard:
    kept, gone = (_last_part(text(payload, f"admin_graphql_api_customer_{which}_id")) for which in ("kept", "deleted"))
    if text(payload, "status") not in {"completed", None} or not kept or not gone or kept == gone:
        return Heard(ignored="a merge that did not come about")
    return Heard((Merged(kept, gone),))


def _last_part(global_id: str | None) -> str | None:
    return (global_id or "").rpartition("/")[2] or None


# ---- products ----


def _product(payload: Payload, terms: Terms) -> Heard:
    at = told_at(payload, terms.sent_at, terms.now, "updated_at", "created_at")
    title, handle = text(payload, "title"), text(payload, "handle")
    picture = text(part(payload, "image"), "src") or next((text(each, "src") for each in parts(payload, "images")), None)
    url = f"{terms.shop.url.rstrip('/')}/products/{handle}" if handle else None
    is_sold = text(payload, "status") in {"active", None}
    told = []
    for variant in parts(payload, "variants"):
        named = text(variant, "title")
        name = f"{title} {named}" if title and named and named != "Default Title" else title
        if (sku := _sku({**variant, "variant_id": variant.get("id")})) is None or name is None:
            continue
        stock = text(variant, "inventory_quantity") if text(variant, "inventory_management") else None
        fields = {
            "sku": sku, "name": short(name), "url": url, "image_url": picture, "price": text(variant, "price"),
            "compare_at": text(variant, "compare_at_price"), "stock": stock if is_sold else "0", "category": short(text(payload, "product_type")),
        }
        row = read_product(terms.record(fields), terms.shop.currency)
        told.append(ProductTold(row, at, number_id(payload, "id"), number_id(variant, "inventory_item_id")))
    return Heard(tuple(told), "" if told else "a product without variants")


def _product_gone(payload: Payload, terms: Terms) -> Heard:
    return Heard((ProductGone(_required(payload, "id"), told_at({}, terms.sent_at, terms.now)),))


def _stock(payload: Payload, terms: Terms) -> Heard:
    if payload.get("available") is None:
        return Heard(ignored="a stock that is not counted")
    at = told_at(payload, terms.sent_at, terms.now, "updated_at")
    place = number_id(payload, "location_id") or "shop"
    return Heard((StockTold(_required(payload, "inventory_item_id"), place, whole(payload, "available"), at),))


def _sku(line: Payload) -> str | None:
    """Shops that give no sku are told apart by the variant's number."""
    return short(text(line, "sku") or number_id(line, "variant_id"))


# ---- carts ----


def _checkout(payload: Payload, terms: Terms) -> Heard:
    email, token = text(payload, "email") or text(part(payload, "customer"), "email"), text(payload, "token")
    if email is None or token is None:
        return Heard(ignored="a checkout of somebody unknown")
    at = told_at(payload, terms.sent_at, terms.now, "updated_at", "created_at")
    who = Who(address_in(email), number_id(part(payload, "customer"), "id"))
    is_done = text(payload, "completed_at") is not None
    items = [] if is_done else list(_items(payload))
    kind = "cart.updated" if items else "cart.emptied"
    data = {"items": items, "url": text(payload, "abandoned_checkout_url")} if items else {}
    return Heard((EventTold(kind, who, at, SOURCE, f"checkout:{token}:{at.isoformat()}:{kind}", subject=token, data=data),))


def _items(payload: Payload) -> Iterator[dict[str, Any]]:
    currency = text(payload, "currency")
    for line in parts(payload, "line_items"):
        item = {
            "sku": _sku(line), "name": short(text(line, "title")), "quantity": str(whole(line, "quantity", 1)), "price": text(line, "price"),
            "currency": currency, "url": text(line, "url"), "image_url": text(line, "image_url"),
        }
        yield {name: value for name, value in item.items() if value is not None}


# ---- privacy ----


def _privacy(kind: str) -> Callable[[Payload, Terms], Heard]:
    def read(payload: Payload, _terms: Terms) -> Heard:
        customer = part(payload, "customer")
        email = text(customer, "email")
        try:
            address = address_in(email) if email else None
        except BadCell:
            address = None  # the id is enough, and this must not be refused
        return Heard((PrivacyAsked(kind, Who(address, number_id(customer, "id"))),))

    return read


def _shop_money(payload: Payload, name: str) -> int:
    """In the shop's currency, whatever the customer paid in."""
    told = part(part(payload, f"{name}_set"), "shop_money")
    return money(told, "amount") if told else money(payload, name)


def _required(payload: Payload, name: str) -> str:
    if (value := number_id(payload, name)) is None:
        raise BadCell(f"{name} is missing")
    return short(value) or value


_READERS: Mapping[str, Callable[[Payload, Terms], Heard]] = MappingProxyType({
    **{f"orders/{what}": _order for what in ("create", "updated", "paid", "cancelled", "fulfilled", "partially_fulfilled")},
    "orders/edited": _ignored("orders/updated tells what an edited order has become"),
    "orders/delete": _ignored("what an order came to stays true when it leaves the shop's list"),
    "fulfillments/create": _fulfillment, "fulfillments/update": _fulfillment, "refunds/create": _refunded,
    "customers/create": _customer, "customers/update": _customer, "customers/enable": _customer, "customers/disable": _customer,
    "customers/delete": _customer_gone, "customers/merge": _merged, "customers_email_marketing_consent/update": _consent,
    "products/create": _product, "products/update": _product, "products/delete": _product_gone, "inventory_levels/update": _stock,
    "checkouts/create": _checkout, "checkouts/update": _checkout,
    "customers/data_request": _privacy("access"), "customers/redact": _privacy("erasure"), "shop/redact": _privacy("shop_erasure"),
})
TOPICS = tuple(_READERS)
