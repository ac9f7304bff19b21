"""The person a mail is composed for, with everything that templates may say about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from regulars.definition.quantities import Money


@dataclass(frozen=True, slots=True)
class Product:
    """An item of the catalogue; what the shop never told is None."""

    sku: str
    name: str
    url: str | None = None
    image_url: str | None = None
    price: Money | None = None
    compare_at: Money | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line of an order that counts."""

    order_id: str
    ordered_at: datetime
    product: Product
    quantity: Decimal
    unit_price: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """What all orders that count come to; `spent` in the shop's compare currency."""

    count: int = 0
    spent: Money = field(default_factory=lambda: Money(0, "XXX"))
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OfferInHand:
    """The message's own code. `words`: what it is worth; `valid_until`: its last moment; `minimum`: of an order that may use it."""

    name: str
    code: str
    words: str
    percent: Decimal | None = None
    amount: Money | None = None
    minimum: Money | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """What started the automation. `items`: of the order or the cart; `products`: whose prices or stock changed, the most
    welcome one first, and `was`: that one's former price. `fields`: whatever else was told, typed where the shop declares it."""

    event: str
    at: datetime
    order_id: str | None = None
    items: tuple[Purchase, ...] = ()
    products: tuple[Product, ...] = ()
    was: Money | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RewardsEarned:
    """By bringing friends. `friends`: confirmed ones; `pending`: whose order may still come back; `balances`: money that is left, by
    currency; `words`: everything that is left; `advocate`: what one more friend earns, where segments get more than others."""

    friends: int = 0
    pending: int = 0
    balances: tuple[Money, ...] = ()
    words: tuple[str, ...] = ()
    advocate: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """`attributes` holds declared ones only, defaults filled in, absent ones None. `purchases`: newest first."""

    customer_id: int
    email: str
    first_name: str | None = None
    last_name: str | None = None
    locale: str | None = None
    timezone: str | None = None
    country: str | None = None
    city: str | None = None
    birthday: str | None = None            # "1990-05-17" or "--05-17"
    attributes: Mapping[str, Any] = field(default_factory=dict)
    orders: OrderTotals = field(default_factory=OrderTotals)
    purchases: tuple[Purchase, ...] = ()
    usual: Product | None = None           # what they buy most
    referral_code: str | None = None
    wishlist: tuple[Product, ...] = ()     # newest first
    rewards: RewardsEarned | None = None
    offer: OfferInHand | None = None       # of this message
    trigger: Cause | None = None           # of this message


@dataclass(frozen=True, slots=True)
class Needs:
    """Which costly parts of a Recipient a template really uses, so that a batch loads no more."""

    purchases: bool = False
    usual: bool = False
    referral: bool = False
    wishlist: bool = False
    rewards: bool = False
    trigger: bool = False
