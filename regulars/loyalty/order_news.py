"""What is new about an order, decided by comparing what automations have heard of it with what is known now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.audience.view import Line
from regulars.definition.quantities import MONEY_SCALE
from regulars.definition.text import fold
from regulars.journeys.happenings import Happening
from regulars.loyalty.purchases import Order
from regulars.loyalty.tellings import MOVED, PAID, Gathered, returned_at

SOURCE = "order"
KINDS = ("placed", "paid", "shipped", "delivered", "cancelled", "refunded")  # in the order in which they happen at one moment


@dataclass(frozen=True, slots=True)
class Counted:
    """An order of a customer that counts, or did."""

    order_id: str
    counts_from: datetime
    counts_until: datetime | None


def moments(told: Gathered, order: Order) -> dict[str, datetime]:
    """When each of KINDS happened to the order. It is placed when it begins to count, also if it was cancelled or returned later."""
    if order.is_refund:
        return {}
    head = order.head
    placed = max(order.ordered_at, head.paid_at or order.ordered_at) if PAID in told.seen else None
    found = (placed, head.paid_at, head.shipped_at, head.delivered_at, head.cancelled_at, returned_at(told))
    return {kind: at for kind, at in zip(KINDS, found, strict=True) if at is not None}


def unheard(announced: Mapping[str, datetime], known: Mapping[str, datetime]) -> list[str]:
    """Kinds that were never announced, or that turn out to have happened much later; as they happened."""
    new = [kind for kind, at in known.items() if kind not in announced or at - announced[kind] > MOVED]
    return sorted(new, key=lambda kind: (known[kind], KINDS.index(kind)))


def happening(kind: str, at: datetime, order: Order, customer_id: int, key: int, nth: int | None) -> Happening:
    """`key`: the order's row. `nth`: of a placed one."""
    return Happening(
        f"order.{kind}", customer_id, at, SOURCE, f"{order.order_id}:{kind}", subject=order.order_id, data=_data(order),
        nth=nth if kind == "placed" else None, lines=_lines(order, key),
    )


def how_manieth(order_id: str, at: datetime, others: Iterable[Counted]) -> int:
    """Which order of the customer's this one is, counting those that did count when it began to, at `at`."""
    return 1 + sum(
        each.order_id != order_id and (each.counts_from, each.order_id) < (at, order_id)
        and (each.counts_until is None or each.counts_until > at)
        for each in others
    )


def _data(order: Order) -> dict[str, Any]:
    """What templates and webhooks are shown of the order; amounts as decimal texts."""
    head = order.head
    return {
        "order_id": order.order_id, "ordered_at": order.ordered_at.isoformat(), "currency": order.currency,
        "total": _text(order.total), "refunded": _text(head.refunded or 0), "coupon": head.coupon,
        "items": [
            {
                "sku": line.sku, "name": line.product, "category": line.category, "quantity": _quantity(line.quantity),
                "price": _text(line.unit_price), "currency": order.currency,
            }
            for line in order.lines
        ],
    }


def _lines(order: Order, key: int) -> tuple[Line, ...]:
    head = order.head
    return tuple(
        Line(
            order=key, ordered_at=order.ordered_at, amount=amount, quantity=line.quantity, is_refund=order.is_refund,
            counts_from=order.counts_from, counts_until=order.counts_until, sku=_folded(line.sku), product=_folded(line.product),
            category=_folded(line.category), coupon=_folded(head.coupon), channel=_folded(head.channel), currency=order.currency,
        )
        for line, amount in zip(order.lines, order.amounts_compared, strict=True)
    )


def _folded(value: str | None) -> str | None:
    return None if value is None else fold(value)


def _text(units: int) -> str:
    whole, rest = divmod(abs(units), MONEY_SCALE)
    cents = f"{rest:04}".rstrip("0").ljust(2, "0")
    return f"{'-' if units < 0 else ''}{whole}.{cents}"


def _quantity(thousandths: int) -> str:
    return f"{thousandths / 1000:g}"

