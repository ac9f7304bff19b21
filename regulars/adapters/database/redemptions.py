"""Orders that used one of our codes: written down once each, and taken back when the order does not count any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, case, func, select, update

from regulars.adapters.database.bulk import in_batches, load
from regulars.adapters.database.schema import coupon_entries, coupons
from regulars.adapters.database.types import among
from regulars.loyalty.coupons import CouponState, Entry, codes_in
from regulars.loyalty.purchases import Order

_USES = (Entry.REDEEMED.value, Entry.UNREDEEMED.value)
Use = tuple[str, str]  # (folded code, order id)


def redeem(connection: Connection, batch: Sequence[Order], known_before: Iterable[str], now: datetime) -> int:
    """In the transaction that wrote these orders. `known_before`: ids of those of which there was a version already.

    Returns how many uses began or ended.
    """
    wanted = {(code, order.order_id) for order in batch if _counts(order) for code in _codes(order)}
    # An order that was new a moment ago may be here by now: its row is this transaction's only since it was written.
    stored = _stored(connection, {*known_before, *(order_id for _, order_id in wanted)})
    ours = _ours(connection, {code for code, _ in wanted - stored})
    begun = sorted(use for use in wanted - stored if use[0] in ours)
    ended = sorted(stored - wanted)
    if not begun and not ended:
        return 0
    touched = sorted({code for code, _ in (*begun, *ended)})
    connection.execute(  # whoever else uses one of them waits, and then sees what is written here
        select(coupons.c.code_folded).where(among(coupons.c.code_folded, touched, texts=True)).order_by(coupons.c.code_folded).with_for_update()
    )
    load(connection, coupon_entries, [
        {"code_folded": code, "entry": entry.value, "at": now, "order_id": order_id}
        for entry, uses in ((Entry.REDEEMED, begun), (Entry.UNREDEEMED, ended)) for code, order_id in uses
    ])
    _settle(connection, touched)
    return len(begun) + len(ended)


def _codes(order: Order) -> set[str]:
    """Of an order that used several, the shop's own field holds the first."""
    return {*codes_in(order.head.coupon), *codes_in(dict(order.other).get("coupons"))}


def _counts(order: Order) -> bool:
    return not order.is_refund and order.counts_from is not None and order.counts_until is None


def _stored(connection: Connection, order_ids: Iterable[str]) -> set[Use]:
    """The uses that these orders have in the ledger now."""
    uses: set[Use] = set()
    entry = coupon_entries.c
    for some in in_batches(sorted(order_ids)):
        query = select(entry.code_folded, entry.order_id, entry.entry).where(entry.order_id.in_(some)).order_by(entry.id)
        for row in connection.execute(query):
            (uses.add if row.entry == Entry.REDEEMED else uses.discard)((row.code_folded, row.order_id))
    return uses


def _ours(connection: Connection, codes: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for some in in_batches(sorted(codes)):
        found.update(connection.scalars(select(coupons.c.code_folded).where(coupons.c.code_folded.in_(some))))
    return found


def _settle(connection: Connection, codes: Sequence[str]) -> None:
    """Each code's state is what its uses say; a void one stays void."""
    entry = coupon_entries.c
    uses = func.sum(case((entry.entry == Entry.REDEEMED.value, 1), else_=-1))
    counted = select(entry.code_folded, uses.label("uses")).where(
        among(entry.code_folded, codes, texts=True), entry.entry.in_(_USES)
    ).group_by(entry.code_folded).subquery("counted")
    unused = case((coupons.c.launch_id.is_not(None), CouponState.BOUND.value), else_=CouponState.VOID.value)
    connection.execute(
        update(coupons).where(coupons.c.code_folded == counted.c.code_folded, coupons.c.state != CouponState.VOID.value)
        .values(state=case((counted.c.uses > 0, CouponState.REDEEMED.value), else_=unused))
    )
