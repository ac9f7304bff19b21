"""Codes given back when their message ended and certainly never arrived; in SQL, in the transaction that ended it.

Whoever changes a bound code holds its message's row first, so a code is never freed under somebody who composes with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, literal, null, select, update

from regulars.adapters.database.coupon_ledger import enter
from regulars.adapters.database.coupon_stock import FREE
from regulars.adapters.database.schema import attempts, coupon_entries, coupons, messages
from regulars.adapters.database.types import UtcTime, among
from regulars.content.tokens import MessageRef
from regulars.delivery.life import TERMINAL, State
from regulars.loyalty.coupons import CouponState, Entry

UNSENT = [state.value for state in TERMINAL - {State.ACCEPTED}]
PERHAPS_ARRIVED = [State.UNCERTAIN.value, State.HELD.value]
_FREE = {
    "state": CouponState.FREE.value, "launch_id": null(), "number": null(), "customer_id": null(), "bound_at": null(), "valid_until": null(),
}


def free_codes(connection: Connection, refs: Iterable[MessageRef], now: datetime) -> int:
    """Of these messages, which this transaction has ended unsent, those that never were of unknown fate. Returns how many."""
    return sum(
        _free_ended(connection, launch_id, now, among(coupons.c.number, [ref.number for ref in group]))
        for launch_id, group in groupby(sorted(refs), key=attrgetter("launch"))
    )


def free_codes_of(connection: Connection, launch_id: int, now: datetime) -> int:
    """The same of all messages of a launch that has been ended."""
    return _free_ended(connection, launch_id, now)


def _free_ended(connection: Connection, launch_id: int, now: datetime, *which: ColumnElement[bool]) -> int:
    tried = exists().where(
        attempts.c.launch_id == messages.c.launch_id, attempts.c.number == messages.c.number, attempts.c.outcome.in_(PERHAPS_ARRIVED)
    )
    ended = and_(
        messages.c.launch_id == coupons.c.launch_id, messages.c.number == coupons.c.number, messages.c.state.in_(UNSENT), ~tried,
    )
    bound = and_(coupons.c.launch_id == launch_id, coupons.c.state == CouponState.BOUND.value, *which)
    codes = connection.scalars(select(coupons.c.code_folded).join(messages, ended).where(bound)).all()
    return take_back(connection, launch_id, codes, "its message ended unsent", now)


def set_aside(connection: Connection, why: str, now: datetime) -> None:
    """After a backup was restored: a code that was free then may be in a mail that left since."""
    lines = select(coupons.c.code_folded, literal(Entry.VOID.value), literal(now, UtcTime()), literal(why)).where(FREE)
    connection.execute(insert(coupon_entries).from_select(["code_folded", "entry", "at", "reason"], lines, include_defaults=False))
    connection.execute(update(coupons).where(FREE).values(state=CouponState.VOID.value))


def take_back(connection: Connection, launch_id: int, codes: Sequence[str], why: str, now: datetime) -> int:
    """Of these codes those that are bound to this launch's messages."""
    if not codes:
        return 0
    bound = and_(among(coupons.c.code_folded, codes, texts=True), coupons.c.launch_id == launch_id, coupons.c.state == CouponState.BOUND.value)
    rows = connection.execute(
        select(coupons.c.code_folded, coupons.c.number).where(bound).order_by(coupons.c.code_folded).with_for_update()
    ).all()
    connection.execute(update(coupons).where(among(coupons.c.code_folded, [row.code_folded for row in rows], texts=True)).values(_FREE))
    enter(connection, Entry.FREED, [(row.code_folded, launch_id, row.number) for row in rows], now, why)
    return len(rows)
