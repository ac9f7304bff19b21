"""What must be true of coupon codes at every moment, as queries that find what breaks it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select

from regulars.adapters.database.coupon_freeing import PERHAPS_ARRIVED, UNSENT
from regulars.adapters.database.schema import (
    attempts,
    coupon_entries,
    coupon_reservations,
    coupons,
    launches,
    messages,
)
from regulars.delivery.life import LaunchState
from regulars.loyalty.coupons import CouponState, Entry

coupon, entry, message = coupons.c, coupon_entries.c, messages.c


def _codes(*where: Any) -> Select[Any]:
    return select(coupon.code_folded.label("code")).where(*where)


def _of_code(*kinds: Entry) -> ColumnElement[bool]:
    return and_(entry.code_folded == coupon.code_folded, entry.entry.in_([kind.value for kind in kinds]))


def _last(*kinds: Entry) -> Any:
    """The last line of these kinds."""
    return select(entry.entry).where(_of_code(*kinds)).order_by(entry.id.desc()).limit(1).correlate(coupons).scalar_subquery()


def _uses() -> Any:
    sign = case((entry.entry == Entry.REDEEMED.value, 1), else_=-1)
    counted = select(func.coalesce(func.sum(sign), 0)).where(_of_code(Entry.REDEEMED, Entry.UNREDEEMED))
    return counted.correlate(coupons).scalar_subquery()


def _lost() -> Select[Any]:
    mine = and_(message.launch_id == coupon.launch_id, message.number == coupon.number)
    in_doubt = exists().where(
        attempts.c.launch_id == coupon.launch_id, attempts.c.number == coupon.number, attempts.c.outcome.in_(PERHAPS_ARRIVED)
    )
    gone = and_(mine, message.state.in_(UNSENT), not_(in_doubt))
    never_used = not_(exists().where(_of_code(Entry.REDEEMED)))
    return _codes(coupon.state == CouponState.BOUND.value, or_(not_(exists().where(mine)), exists().where(gone)), never_used)


def _used_twice() -> Select[Any]:
    """One order, one code: each use begins once before it ends."""
    sign = case((entry.entry == Entry.REDEEMED.value, 1), else_=-1)
    return (
        select(entry.code_folded.label("code"), entry.order_id).where(entry.order_id.is_not(None))
        .group_by(entry.code_folded, entry.order_id).having(func.sum(sign).not_in([0, 1]))
    )


def _over() -> Select[Any]:
    ended = launches.c.state.in_([LaunchState.FINISHED.value, LaunchState.CANCELLED.value])
    return select(coupon_reservations.c.launch_id.label("launch")).join(launches, launches.c.id == coupon_reservations.c.launch_id).where(ended)


_HANDS = (Entry.MADE, Entry.BOUND, Entry.FREED)

COUPON_INVARIANTS: Mapping[str, Select[Any]] = MappingProxyType({
    "a code is bound to a message that may still arrive, or has": _lost(),
    "a free code is in nobody's hands": _codes(
        coupon.state == CouponState.FREE.value, or_(coupon.launch_id.is_not(None), coupon.customer_id.is_not(None))
    ),
    "a bound code has its message and its customer": _codes(
        coupon.state == CouponState.BOUND.value, or_(coupon.launch_id.is_(None), coupon.number.is_(None), coupon.customer_id.is_(None))
    ),
    "the ledger says who has a code": _codes(or_(
        and_(coupon.state == CouponState.FREE.value, _last(*_HANDS) == Entry.BOUND.value),
        and_(coupon.state == CouponState.BOUND.value, _last(*_HANDS) != Entry.BOUND.value),
    )),
    "the ledger says whether a code was used": _codes(
        coupon.state != CouponState.VOID.value, (coupon.state == CouponState.REDEEMED.value) != (_uses() > 0)
    ),
    "every code has a ledger": _codes(not_(exists().where(_of_code(*_HANDS)))),
    "an order uses a code once": _used_twice(),
    "a launch that has ended reserves no codes": _over(),
})
