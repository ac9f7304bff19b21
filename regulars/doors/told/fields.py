"""The one table of fields: what JSON may tell, its kinds and limits, and what each field means."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

MOST_AT_ONCE = 100
MOST_LINES = 10_000

Text = Annotated[str, Meta(min_length=1, max_length=255)]
LongText = Annotated[str, Meta(min_length=1, max_length=2_000)]
Id = Annotated[str, Meta(min_length=1, max_length=255, description="The shop's own name of it.")]
Email = Annotated[str, Meta(
    min_length=3, max_length=254, description="As in ada@mail.example.", extra_json_schema={"format": "email"})]
Money = Annotated[str, Meta(
    pattern=r"^[+-]?[0-9]{1,10}(\.[0-9]{1,4})?$", max_length=16,
    description='A decimal number in quotes, with a point before the fraction: "12.50".', examples=["12.50"])]
Moment = Annotated[str, Meta(
    min_length=10, max_length=40, description="ISO 8601: 2026-11-20T10:00:00+03:00. Without a zone it is the shop's.",
    examples=["2026-11-20T10:00:00+03:00"], extra_json_schema={"format": "date-time"})]
Quantity = int | Annotated[str, Meta(pattern=r"^-?[0-9]{1,7}(\.[0-9]{1,3})?$", max_length=12)]
Web = Annotated[str, Meta(max_length=2_000, pattern="^https?://", description="Begins with https://.")]


class Line(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What was bought."""

    sku: Annotated[Text, Meta(description="As in the catalogue.")] | None = None
    product: Annotated[Text, Meta(description="Its name.")] | None = None
    category: Annotated[Text, Meta(description="What conditions may ask for.")] | None = None
    quantity: Annotated[Quantity, Meta(description='1 where it is not told; parts as in "0.25".')] = 1
    unit_price: Annotated[Money, Meta(description="Of one, before discount.")] | None = None
    unit_cost: Annotated[Money, Meta(description="What one cost the shop.")] | None = None
    discount: Annotated[Money, Meta(description="Off the whole line.")] | None = None


class Order(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An order as it stands; a later call with the same id replaces it whole."""

    id: Id
    ordered_at: Moment
    email: Email
    lines: Annotated[list[Line], Meta(min_length=1, max_length=MOST_LINES)]
    customer_id: Annotated[Text, Meta(description="The shop's own; believed before the address.")] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Za-z]{3}$", description="The shop's where it is not told.")] | None = None
    status: Annotated[Text, Meta(description="The shop's word; cancelled, refunded, pending and the like are understood.")] | None = None
    paid_at: Annotated[Moment, Meta(description="An order counts from then.")] | None = None
    shipped_at: Moment | None = None
    delivered_at: Moment | None = None
    cancelled_at: Annotated[Moment, Meta(description="It does not count any more from then.")] | None = None
    refunded: Annotated[Money, Meta(description="What went back in all, without a minus sign.")] | None = None
    discount: Annotated[Money, Meta(description="Off the whole order.")] | None = None
    channel: Text | None = None
    coupon: Annotated[Text, Meta(description="The code that was redeemed.")] | None = None
    referral_code: Annotated[Text, Meta(description="The code of the friend they came by.")] | None = None
    served_by: Text | None = None
    updated_at: Annotated[Moment, Meta(description="When it came to stand so; what is told with an earlier one does not undo it. "
                                                   "Now where it is not told.")] | None = None
    shipping_address: Annotated[list[Text], Meta(
        max_length=8, description="Street, postcode, town, country. Kept as a keyed hash, to notice people who refer themselves.")] | None = None
    ip: Annotated[Text, Meta(description="Kept as a keyed hash, for the same reason.")] | None = None
    user_agent: Annotated[LongText, Meta(description="Kept as a keyed hash, for the same reason.")] | None = None
    other: Annotated[dict[Text, LongText], Meta(max_length=50, description="Whatever else the shop wants kept.")] | None = None


class Customer(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is told changes; what is left out stays."""

    email: Email
    customer_id: Annotated[Text, Meta(description="The shop's own; believed before the address.")] | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    locale: Annotated[Text, Meta(description="As in tr, az, en_GB.")] | None = None
    timezone: Annotated[Text, Meta(description="As in Europe/Istanbul.")] | None = None
    country: Annotated[Text, Meta(description="Two letters.")] | None = None
    city: Text | None = None
    birthday: Annotated[Text, Meta(description="1990-05-17, or 05-17 when the year is unknown.")] | None = None
    consent: Annotated[Text, Meta(description="May we write to them? yes, no or pending.")] | None = None
    consent_at: Moment | None = None
    consent_source: Annotated[Text, Meta(description="Where they said so.")] | None = None
    created_at: Moment | None = None
    tags: Annotated[list[Text], Meta(max_length=100)] | None = None
    attributes: Annotated[dict[Text, str | int | bool], Meta(max_length=200, description="Those that regulars.yaml declares.")] | None = None
    updated_at: Annotated[Moment, Meta(description="What is told with an earlier one does not undo it.")] | None = None


class Product(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Something to buy, as it stands."""

    sku: Text
    name: Text
    url: Web | None = None
    image_url: Web | None = None
    price: Money | None = None
    compare_at: Annotated[Money, Meta(description="What it cost before.")] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Za-z]{3}$", description="The shop's where it is not told.")] | None = None
    stock: Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000, description="Left out: not counted.")] | None = None
    category: Text | None = None
    usual_gap_days: Annotated[int, Meta(ge=1, le=10_000, description="After how long one usually buys it again.")] | None = None
    updated_at: Annotated[Moment, Meta(description="What is told with an earlier one does not undo it.")] | None = None


class Event(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Something that happened to a customer: cart.updated, or an event that regulars.yaml declares."""

    event: Annotated[str, Meta(min_length=1, max_length=32, description="Its name.", examples=["cart.updated"])]
    email: Email | None = None
    customer_id: Annotated[Text, Meta(description="Of a customer who is known; one of email and customer_id is needed.")] | None = None
    at: Annotated[Moment, Meta(description="Now where it is not told. Only what is younger than a day starts anything.")] | None = None
    id: Annotated[Text, Meta(description="Makes it happen once, however often it is told.")] | None = None
    subject: Annotated[Text, Meta(description="What it is about, such as a cart's number.")] | None = None
    data: Annotated[dict[Text, Any], Meta(max_length=100, description="Its fields, as regulars.yaml declares them.")] | None = None


class Item(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One thing in a list of items, such as a cart's."""

    sku: Text | None = None
    name: Text | None = None
    quantity: Quantity = 1
    price: Money | None = None
    currency: Annotated[str, Meta(pattern="^[A-Za-z]{3}$")] | None = None
    url: Web | None = None
    image_url: Web | None = None


KINDS: dict[str, type[Struct]] = {"orders": Order, "customers": Customer, "products": Product, "events": Event}
