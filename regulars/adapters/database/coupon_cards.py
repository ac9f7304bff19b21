"""One coupon code with its ledger and the orders that used it. Reads only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from regulars.adapters.database.schema import coupon_entries, coupons, customers, launches, orders
from regulars.content.tokens import MessageRef
from regulars.loyalty.coupon_card import CouponCard, EntryRow, Use
from regulars.loyalty.coupons import CouponState, Entry


def card_of(connection: Connection, code_folded: str) -> CouponCard | None:
    row = connection.execute(
        select(coupons, launches.c.campaign, customers.c.email)
        .outerjoin(launches, launches.c.id == coupons.c.launch_id).outerjoin(customers, customers.c.id == coupons.c.customer_id)
        .where(coupons.c.code_folded == code_folded)
    ).first()
    if row is None:
        return None
    entries = connection.execute(select(coupon_entries).where(coupon_entries.c.code_folded == code_folded).order_by(coupon_entries.c.id)).all()
    return CouponCard(
        row.code, row.offer, CouponState(row.state), row.made_at, row.synced_at, row.bound_at, row.valid_until,
        _message(row), row.campaign, row.email,
        tuple(EntryRow(Entry(one.entry), one.at, _message(one), one.order_id, one.reason) for one in entries),
        _uses(connection, entries, row.customer_id),
    )


def _uses(connection: Connection, entries: Any, customer_id: int | None) -> tuple[Use, ...]:
    used: set[str] = set()
    for one in entries:
        if one.entry == Entry.REDEEMED:
            used.add(one.order_id)
        elif one.entry == Entry.UNREDEEMED:
            used.discard(one.order_id)
    if not used:
        return ()
    rows = connection.execute(
        select(orders.c.order_id, orders.c.ordered_at, orders.c.customer_id, customers.c.email)
        .outerjoin(customers, customers.c.id == orders.c.customer_id)
        .where(orders.c.order_id.in_(sorted(used))).order_by(orders.c.ordered_at.desc(), orders.c.order_id)
    )
    return tuple(Use(row.order_id, row.ordered_at, row.email, row.customer_id != customer_id) for row in rows)


def _message(row: Any) -> str | None:
    return None if row.launch_id is None else str(MessageRef(row.launch_id, row.number))
