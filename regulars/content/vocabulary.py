"""Everything a template may name, with its kind: `check` holds templates against it, the renderer reads by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from regulars.definition.conditions import Kind
from regulars.definition.quantities import Money
from regulars.definition.workspace import ReferralProgramme, Shop

Getter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Plain:
    """A value that can be printed. `kind` is one of text, number, money, date, yes/no, share (0.1 is ten per cent)."""

    kind: str = "text"
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Named fields, read with a dot. `open`: another name is absent rather than wrong (`with:` of one campaign).
    `given`: by some campaigns only, and perhaps without some of its fields."""

    name: str
    fields: Mapping[str, Field]
    absent: bool = False
    open: bool = False
    given: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Something to loop over."""

    of: Shape
    absent: bool = False
    filled: bool = False  # known to hold at least one


@dataclass(frozen=True, slots=True)
class Anything:
    """Not known before it is rendered."""

    absent: bool = False


Shape = Plain | Group | Listing | Anything


@dataclass(frozen=True, slots=True)
class Field:
    """`read` takes the object behind the group; None as its answer means absent."""

    shape: Shape
    read: Getter


def _plain(read: str | Getter, kind: str = "text", *, absent: bool = False) -> Field:
    return Field(Plain(kind, absent), attrgetter(read) if isinstance(read, str) else read)


PRODUCT = Group("product", {
    "sku": _plain("sku"),
    "name": _plain("name"),
    "url": _plain("url", absent=True),
    "image_url": _plain("image_url", absent=True),
    "price": _plain("price", "money", absent=True),
    "compare_at": _plain("compare_at", "money", absent=True),
    "category": _plain("category", absent=True),
})

PURCHASE = Group("purchase", {
    "order_id": _plain("order_id"),
    "ordered_at": _plain("ordered_at", "date"),
    "quantity": _plain("quantity", "number"),
    "unit_price": _plain("unit_price", "money"),
    "amount": _plain("amount", "money"),
    "product": Field(PRODUCT, attrgetter("product")),
    # A line is shown like its product, so a card takes either.
    **{name: Field(field.shape, attrgetter(f"product.{name}")) for name, field in PRODUCT.fields.items()},
})

ORDERS = Group("orders", {
    "count": _plain("count", "number"),
    "spent": _plain("spent", "money"),
    "first_at": _plain("first_at", "date", absent=True),
    "last_at": _plain("last_at", "date", absent=True),
})

LINKS = Group("links", {
    "unsubscribe": _plain("unsubscribe"),
    "preferences": _plain("preferences"),
    "view": _plain("view"),
})

SHOP = Group("shop", {
    "name": _plain("name"),
    "url": _plain("url"),
    "address": _plain("address"),
    "locale": _plain("locale"),
    "timezone": _plain("timezone"),
    "currency": _plain("currency"),
    "email": _plain(lambda shop: (shop.reply_to or shop.sender).address),
})

OFFER = Group("offer", {
    "name": _plain("name"),
    "code": _plain("code"),
    "words": _plain("words"),
    "percent": _plain(lambda offer: None if offer.percent is None else offer.percent / 100, "share"),
    "amount": _plain("amount", "money"),
    "minimum": _plain("minimum", "money"),
    "valid_until": _plain("valid_until", "date"),
}, given=True)

TRIGGER = Group("trigger", {
    "event": _plain("event"),
    "at": _plain("at", "date"),
    "order_id": _plain("order_id"),
    "items": Field(Listing(PURCHASE), attrgetter("items")),
    "product": Field(PRODUCT, lambda cause: cause.products[0] if cause.products else None),
    "products": Field(Listing(PRODUCT), attrgetter("products")),
    "was": _plain("was", "money"),
    "fields": Field(Group("trigger.fields", {}, open=True, given=True), attrgetter("fields")),
}, given=True)

CAMPAIGN = Group("campaign", {
    "name": _plain("name"),
    "topic": _plain("topic", absent=True),
    "description": _plain("description"),
})

_CUSTOMER: Mapping[str, Field] = {
    "email": _plain("recipient.email"),
    "greeting": _plain("greeting"),
    "first_name": _plain("recipient.first_name", absent=True),
    "last_name": _plain("recipient.last_name", absent=True),
    "locale": _plain("recipient.locale", absent=True),
    "language": _plain("language"),
    "timezone": _plain("recipient.timezone", absent=True),
    "country": _plain("recipient.country", absent=True),
    "city": _plain("recipient.city", absent=True),
    "birthday": _plain("recipient.birthday", absent=True),
}
_KINDS = {Kind.NUMBER: "number", Kind.WHOLE: "number", Kind.MONEY: "money", Kind.TIME: "date", Kind.DATE: "date",
          Kind.YES_NO: "yes/no"}


def customer_group(shop: Shop) -> Group:
    """The customer's own fields, and the attributes that the shop declares."""
    declared = {
        name: _plain(lambda person, name=name: person.recipient.attributes.get(name),  # type: ignore[misc]
                     _KINDS.get(attribute.kind, "text"), absent=attribute.may_be_absent)
        for name, attribute in shop.attributes.items()
    }
    return Group("customer", {**declared, **_CUSTOMER})


MILESTONE = Group("milestone", {
    "at": _plain("at", "number"),
    "words": _plain("words"),
    "missing": _plain("missing", "number"),
}, absent=True)

_PROMISED: Mapping[str, Field] = {"friend": _plain("programme.friend.words"), "after": _plain("programme.after")}
EARNED: Mapping[str, Field] = {  # of the customer: costs a look at their friends and their ledger
    "advocate": _plain("advocate"),
    "friends": _plain("friends", "number"),
    "pending": _plain("pending", "number"),
    "balance": _plain("balance", "money", absent=True),
    "rewards": Field(Listing(Plain()), attrgetter("rewards")),
    "milestone": Field(MILESTONE, attrgetter("milestone")),
}


def referral_group(programme: ReferralProgramme | None) -> Group:
    return Group("referral", {
        "code": _plain("code"),
        "url": _plain("url"),
        **({**_PROMISED, **EARNED} if programme is not None else {}),
    }, absent=programme is None)


def shape_of(value: Any, name: str) -> Shape:
    """The shape of a value from YAML: what `with:` and data files hold."""
    if isinstance(value, Mapping):
        fields = {str(key): Field(shape_of(inner, f"{name}.{key}"), _item(key)) for key, inner in value.items()}
        return Group(name, fields, open=True)
    if isinstance(value, list | tuple):
        shapes = [shape_of(inner, f"{name} item") for inner in value]
        return Listing(_common(shapes), filled=bool(shapes))
    if value is None:
        return Plain(absent=True)
    return Plain(_kind(value))


def _item(key: Any) -> Getter:
    return lambda values: values[key]


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "yes/no"
    if isinstance(value, Money):
        return "money"
    if isinstance(value, int | float | Decimal):
        return "number"
    return "date" if isinstance(value, date | datetime) else "text"


def _common(shapes: list[Shape]) -> Shape:
    """What all items of a list share; a key that some lack may be absent."""
    if not shapes or not all(isinstance(shape, Group) for shape in shapes):
        return shapes[0] if shapes and all(shape == shapes[0] for shape in shapes) else Anything()
    groups = [shape for shape in shapes if isinstance(shape, Group)]
    fields: dict[str, Field] = {}
    for group in groups:
        for key, field in group.fields.items():
            everywhere = all(key in other.fields for other in groups)
            fields.setdefault(key, field if everywhere else Field(Anything(absent=True), field.read))
    return Group(groups[0].name, fields, open=True)

