"""What the codes of a campaign's mails brought: uses by orders that count now. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from regulars.adapters.database.schema import coupon_entries, coupons, messages, order_lines, orders
from regulars.definition.quantities import Money
from regulars.loyalty.coupons import Entry, codes_in, folded
from regulars.measurement.results import CodesUsed

_USES = (Entry.REDEEMED.value, Entry.UNREDEEMED.value)
_KEPT = (orders.c.order_id, orders.c.customer_id, orders.c.total, orders.c.total_compared, orders.c.refunded, orders.c.discount, orders.c.id)


def codes_used(connection: Connection, launches: Sequence[int], compare_in: str) -> CodesUsed:
    """Of unique codes, by the ledger."""
    bound = connection.scalar(select(func.count()).where(coupons.c.launch_id.in_(launches))) or 0
    sign = case((coupon_entries.c.entry == Entry.REDEEMED.value, 1), else_=-1)
    uses = (
        select(coupons.c.code_folded, coupons.c.customer_id.label("owner"), coupon_entries.c.order_id)
        .join(coupons, coupons.c.code_folded == coupon_entries.c.code_folded)
        .where(coupons.c.launch_id.in_(launches), coupon_entries.c.entry.in_(_USES))
        .group_by(coupons.c.code_folded, coupons.c.customer_id, coupon_entries.c.order_id).having(func.sum(sign) > 0)
    ).subquery("uses")
    rows = connection.execute(
        select(*_KEPT, _line_discounts(), uses.c.code_folded, uses.c.owner).join(uses, uses.c.order_id == orders.c.order_id)
    ).all()
    others = sum(row.customer_id != row.owner for row in rows)
    return _summed(rows, compare_in, bound, len({row.code_folded for row in rows}), others)


def static_code_used(connection: Connection, launches: Sequence[int], code: str, compare_in: str) -> CodesUsed:
    """Of one code for everybody: orders of those who got a mail with it, after they got it."""
    got = select(messages.c.customer_id, func.min(messages.c.accepted_at).label("at")).where(
        messages.c.launch_id.in_(launches), messages.c.accepted_at.is_not(None)
    ).group_by(messages.c.customer_id).subquery("got")
    found = connection.execute(
        select(*_KEPT, _line_discounts(), orders.c.coupon).join(got, got.c.customer_id == orders.c.customer_id).where(
            orders.c.ordered_at >= got.c.at, orders.c.is_refund.is_(False), orders.c.counts_from.is_not(None), orders.c.counts_until.is_(None),
            orders.c.coupon_folded.contains(folded(code), autoescape=True),
        )
    )
    rows = [row for row in found if folded(code) in codes_in(row.coupon)]
    return _summed(rows, compare_in, None, len(rows), 0)


def _line_discounts() -> Any:
    lines: Select[Any] = select(func.coalesce(func.sum(order_lines.c.discount), 0)).where(order_lines.c.order_key == orders.c.id)
    return lines.scalar_subquery().label("line_discounts")


def _summed(rows: Iterable[Any], compare_in: str, bound: int | None, redeemed: int, others: int) -> CodesUsed:
    """An order that used two codes is one order."""
    each = {row.order_id: row for row in rows}.values()
    revenue, discount = sum(row.total_compared for row in each), sum(_compared(row) for row in each)
    return CodesUsed(bound, redeemed, others, len(each), Money(revenue, compare_in), Money(discount, compare_in))


def _compared(row: Any) -> int:
    """The discount in the currency that spending is compared in, by the rate that the order's total was weighed with."""
    discount, left = int(row.discount + row.line_discounts), row.total - row.refunded
    return discount * int(row.total_compared) // left if left > 0 else 0
