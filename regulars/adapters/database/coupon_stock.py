"""How many codes of an offer there are, and how many of them launches have reserved; in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, select, text, update

from regulars.adapters.database.schema import coupon_reservations, coupons
from regulars.definition.programme import Offer
from regulars.errors import Refused
from regulars.loyalty.coupons import CouponState, Stock, is_made_in_shop, is_stock

FREE = text("coupons.state = 'free'")  # a constant, or no database would know that its index of free codes serves


def stocks(connection: Connection, offers: list[str] | None = None) -> dict[str, Stock]:
    """Of these offers, or of all that have codes."""
    only = [] if offers is None else [coupons.c.offer.in_(offers)]
    unsynced = func.count(case((coupons.c.synced_at.is_(None), 1)))
    rows = connection.execute(
        select(coupons.c.offer, coupons.c.state, func.count().label("codes"), unsynced.label("unsynced")).where(*only)
        .group_by(coupons.c.offer, coupons.c.state)
    ).all()
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row.offer, {})[row.state] = row.codes
        if row.state == CouponState.FREE:
            counts[row.offer]["unsynced"] = row.unsynced
    reserved = _reserved(connection)
    return {offer: Stock(**found, reserved=reserved.get(offer, 0)) for offer, found in sorted(counts.items())}


def reserve(connection: Connection, launch_id: int, offer: Offer, quantity: int, now: datetime) -> None:
    """In the transaction that makes the launch. Raises Refused when others have reserved what it would need."""
    if not is_stock(offer):
        return
    one_at_a_time(connection, offer.name)
    available = stocks(connection, [offer.name]).get(offer.name, Stock()).available(offer)
    if available < quantity:
        raise Refused(
            f'{quantity:,} codes of "{offer.name}" are needed, and {available:,} are left', hint="see: regulars coupons list"
        )
    connection.execute(insert(coupon_reservations).values(launch_id=launch_id, offer=offer.name, quantity=quantity, at=now))


def release(connection: Connection, launch_id: int) -> None:
    """What an ended launch did not take."""
    connection.execute(delete(coupon_reservations).where(coupon_reservations.c.launch_id == launch_id))


def allowed(connection: Connection, offer: Offer, launch_id: int, wanted: int) -> int:
    """How many of `wanted` the launch may take: what it reserved, and what nobody has."""
    if not is_stock(offer):
        return wanted
    by_launch: dict[int, int] = {
        row.launch_id: row.quantity for row in connection.execute(
            select(coupon_reservations.c.launch_id, coupon_reservations.c.quantity).where(coupon_reservations.c.offer == offer.name)
        )
    }
    own = by_launch.pop(launch_id, 0)
    if own >= wanted:
        return wanted
    others = sum(by_launch.values())
    some = select(coupons.c.code_folded).where(is_usable(offer)).limit(others + wanted)
    free = connection.scalar(select(func.count()).select_from(some.subquery())) or 0
    return min(wanted, max(own, free - others))


def take_off(connection: Connection, offer: Offer, launch_id: int, count: int) -> None:
    """So many of the launch's reservation have become codes of its messages."""
    left = case((coupon_reservations.c.quantity > count, coupon_reservations.c.quantity - count), else_=0)
    connection.execute(
        update(coupon_reservations).where(coupon_reservations.c.launch_id == launch_id, coupon_reservations.c.offer == offer.name)
        .values(quantity=left)
    )


def is_usable(offer: Offer) -> ColumnElement[bool]:
    """Free; and where the shop makes it, known there."""
    return and_(coupons.c.offer == offer.name, FREE, *([coupons.c.synced_at.is_not(None)] if is_made_in_shop(offer) else []))


def one_at_a_time(connection: Connection, offer: str) -> None:
    """Until the transaction ends nobody else reserves or takes codes of this offer. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"coupons of {offer}"})


def _reserved(connection: Connection) -> Mapping[str, int]:
    rows = connection.execute(
        select(coupon_reservations.c.offer, func.sum(coupon_reservations.c.quantity).label("reserved")).group_by(coupon_reservations.c.offer)
    )
    return {row.offer: int(row.reserved) for row in rows}
