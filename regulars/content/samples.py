"""The people of samples/customers.yaml as recipients, so that a mail can be looked at before any shop is connected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from regulars.audience.people import typed_value, value_for_templates
from regulars.content.recipient import OrderTotals, Product, Purchase, Recipient, RewardsEarned
from regulars.definition.programme import RewardKind
from regulars.definition.quantities import Money
from regulars.definition.units import Unfit, reward
from regulars.definition.workspace import Shop
from regulars.errors import UsageError
from regulars.loyalty.codes import PROGRAMME, derive_code

FILE = "samples/customers.yaml"
Compare = Callable[[Money, datetime], Money]
_TEXTS = ("first_name", "last_name", "locale", "timezone", "country", "city", "birthday")


def sample_recipient(person: Mapping[str, Any], shop: Shop, compare: Compare) -> Recipient:
    """`compare`: an amount of that day in the currency that spending is compared in. UsageError names what cannot be read."""
    try:
        purchases = tuple(sorted((_purchase(line) for line in person.get("purchases") or ()), key=_when, reverse=True))
        return Recipient(
            customer_id=0, email=str(person["email"]), **_texts(person),
            attributes=_attributes(person.get("attributes") or {}, shop),
            orders=_totals(purchases, shop, compare), purchases=purchases, usual=_usual(purchases),
            referral_code=_text(person.get("referral_code")) or derive_code(b"sample", PROGRAMME, 0),
            rewards=_rewards(person.get("referred") or {}),
        )
    except KeyError as error:
        raise UsageError(f"{FILE}: {_who(person)} has no {error.args[0]}", hint="the file's first lines say what a person has") from error
    except (ValueError, InvalidOperation, TypeError, AttributeError, Unfit) as error:
        raise UsageError(f"{FILE}: {_who(person)} cannot be read: {error}", hint="the file's first lines say what a person has") from error


def _who(person: Mapping[str, Any]) -> str:
    return str(person.get("email") or "a person")


def _texts(person: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(person.get(name)) for name in _TEXTS}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _attributes(given: Mapping[str, Any], shop: Shop) -> dict[str, Any]:
    return {
        name: value_for_templates(typed_value(str(given[name]), attribute) if given.get(name) is not None else None, attribute)
        for name, attribute in shop.attributes.items()
    }


def _rewards(referred: Mapping[str, Any]) -> RewardsEarned:
    words = tuple(map(str, referred.get("rewards") or ()))
    balances = tuple(given.amounts[0] for given in map(reward, words) if given.kind is RewardKind.AMOUNT)
    return RewardsEarned(int(referred.get("friends", 0)), int(referred.get("pending", 0)), balances, words)


def _purchase(line: Mapping[str, Any]) -> Purchase:
    price = Money.of(str(line["unit_price"]), str(line["currency"]))
    quantity = Decimal(str(line.get("quantity", 1)))
    when = datetime.fromisoformat(str(line["ordered_at"]))
    product = Product(
        str(line.get("sku") or line["product"]), str(line["product"]), _text(line.get("url")), _text(line.get("image_url")), price,
        category=_text(line.get("category")),
    )
    at = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    return Purchase(str(line["order_id"]), at, product, quantity, price, Money.of(price.amount * quantity, price.currency))


def _when(purchase: Purchase) -> datetime:
    return purchase.ordered_at


def _totals(purchases: tuple[Purchase, ...], shop: Shop, compare: Compare) -> OrderTotals:
    spent = sum(compare(line.amount, line.ordered_at).units for line in purchases)
    times = [line.ordered_at for line in purchases]
    return OrderTotals(
        len({line.order_id for line in purchases}), Money(spent, shop.compare_in), min(times, default=None), max(times, default=None)
    )


def _usual(purchases: tuple[Purchase, ...]) -> Product | None:
    """What stands in most orders; of several, the one bought last."""
    orders = Counter(sku for sku, _ in {(line.product.sku, line.order_id) for line in purchases})
    best = max(purchases, key=lambda line: (orders[line.product.sku], line.ordered_at), default=None)
    return None if best is None else best.product
