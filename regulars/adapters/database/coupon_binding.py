"""Codes bound to messages when they are claimed; in SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    and_,
    bindparam,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.types import TypeEngine

from regulars.adapters.database.coupon_freeing import take_back
from regulars.adapters.database.coupon_ledger import enter
from regulars.adapters.database.coupon_stock import allowed, is_usable, one_at_a_time, take_off
from regulars.adapters.database.given import ROWS, TEXT, TIME, as_parameter, given
from regulars.adapters.database.schema import coupons, messages
from regulars.adapters.database.types import UtcTime, among
from regulars.adapters.database.upsert import upsert
from regulars.content.tokens import MessageRef
from regulars.definition.programme import Offer
from regulars.delivery.codes import Bound
from regulars.delivery.life import State
from regulars.delivery.settlement import Claimed
from regulars.errors import RegularsError
from regulars.loyalty.coupons import (
    BoundCode,
    CouponState,
    Entry,
    drawn_code,
    folded,
    is_stock,
    valid_until,
)

MOST_ATTEMPTS = 20  # one in millions of drawn codes is taken; twenty in a row are not chance
_MESSAGE = {"launch_id": null(), "number": null()}
_BINDING: dict[str, TypeEngine[Any]] = {"code_folded": TEXT, "code": TEXT, "number": BigInteger(), "customer": BigInteger(), "bound_at": TIME, "valid_until": TIME}


def bind(
    connection: Connection, offer: Offer, batch: Sequence[Claimed], zone: str, now: datetime, draw: Callable[[], int]
) -> Bound:
    """A code for each of one launch's claimed messages, the one it has where it has one. `draw`: random numbers for new codes.

    Its validity counts from the moment the mail is composed as of, so a copy that is sent again says the same day.
    """
    launch_id = batch[0].ref.launch
    mine = _still_claimed(connection, launch_id, batch)
    if is_stock(offer):
        one_at_a_time(connection, offer.name)
    held = _held(connection, offer, launch_id, mine, now)
    _renew(connection, offer, launch_id, [(mine[number], row) for number, row in held.items()], zone)
    wanting = [claimed for number, claimed in mine.items() if number not in held]
    taken = _take_free(connection, offer, launch_id, wanting, zone, now)
    if not is_stock(offer):
        taken |= _make(connection, offer, launch_id, wanting[len(taken):], zone, now, draw)
    codes = taken | {
        claimed.ref: BoundCode(held[number].code, _end(offer, claimed, zone, held[number])) for number, claimed in mine.items() if number in held
    }
    return Bound(codes, len(wanting) - len(taken))


def _still_claimed(connection: Connection, launch_id: int, batch: Sequence[Claimed]) -> dict[int, Claimed]:
    """Locks them. A worker whose lease has lapsed finds another fence, and changes nothing."""
    by_number = {claimed.ref.number: claimed for claimed in batch}
    rows = connection.execute(
        select(messages.c.number, messages.c.fence)
        .where(messages.c.launch_id == launch_id, among(messages.c.number, by_number), messages.c.state == State.CLAIMED.value)
        .order_by(messages.c.number).with_for_update()
    )
    return {row.number: by_number[row.number] for row in rows if row.fence == by_number[row.number].fence}


def _held(connection: Connection, offer: Offer, launch_id: int, mine: Mapping[int, Claimed], now: datetime) -> dict[int, Any]:
    """The rows of those that have a code. One that may be in no mail any more is put aside, unless a copy of it is perhaps out there."""
    rows = connection.execute(select(coupons).where(coupons.c.launch_id == launch_id, among(coupons.c.number, mine))).all()
    unfit = [
        row for row in rows
        if mine[row.number].content_hash is None and (row.state == CouponState.VOID or (row.state == CouponState.BOUND and row.offer != offer.name))
    ]
    take_back(connection, launch_id, [row.code_folded for row in unfit], "the launch has another offer now", now)
    void = [row.code_folded for row in unfit if row.state == CouponState.VOID]
    if void:
        connection.execute(update(coupons).where(among(coupons.c.code_folded, void, texts=True)).values(_MESSAGE))
    return {row.number: row for row in rows if row not in unfit}


def _renew(connection: Connection, offer: Offer, launch_id: int, held: Sequence[tuple[Claimed, Any]], zone: str) -> None:
    rows = [
        _binding(row.code_folded, row.code, offer, claimed, zone) for claimed, row in held
        if row.state == CouponState.BOUND and row.bound_at != claimed.composed_at
    ]
    if rows:
        _write(connection, launch_id, CouponState.BOUND, rows)


def _end(offer: Offer, claimed: Claimed, zone: str, row: Any) -> datetime | None:
    return valid_until(offer, claimed.composed_at, zone) if row.state == CouponState.BOUND else row.valid_until


def _take_free(
    connection: Connection, offer: Offer, launch_id: int, wanting: Sequence[Claimed], zone: str, now: datetime
) -> dict[MessageRef, BoundCode]:
    most = allowed(connection, offer, launch_id, len(wanting)) if wanting else 0
    if not most:
        return {}
    free = connection.execute(
        select(coupons.c.code_folded, coupons.c.code)
        .where(is_usable(offer))
        .order_by(coupons.c.code_folded).limit(most).with_for_update(skip_locked=True)
    ).all()
    rows = [_binding(row.code_folded, row.code, offer, claimed, zone) for row, claimed in zip(free, wanting, strict=False)]
    if rows:
        _write(connection, launch_id, CouponState.FREE, rows)
        enter(connection, Entry.BOUND, [(row["code_folded"], launch_id, row["number"]) for row in rows], now)
        take_off(connection, offer, launch_id, len(rows))
    return {claimed.ref: BoundCode(row["code"], row["valid_until"]) for row, claimed in zip(rows, wanting, strict=False)}


def _make(
    connection: Connection, offer: Offer, launch_id: int, wanting: Sequence[Claimed], zone: str, now: datetime, draw: Callable[[], int]
) -> dict[MessageRef, BoundCode]:
    made: dict[MessageRef, BoundCode] = {}
    for _ in range(MOST_ATTEMPTS):
        rest = [claimed for claimed in wanting if claimed.ref not in made]
        if not rest:
            return made
        drawn = {folded(code): (code, claimed) for claimed in rest for code in [drawn_code(offer.prefix, draw())]}
        rows = [_binding(key, code, offer, claimed, zone) for key, (code, claimed) in drawn.items()]
        new = _insert(connection, offer, launch_id, rows, now)
        made |= {drawn[row["code_folded"]][1].ref: BoundCode(row["code"], row["valid_until"]) for row in rows if row["code_folded"] in new}
        enter(connection, Entry.BOUND, [(row["code_folded"], launch_id, row["number"]) for row in rows if row["code_folded"] in new], now)
    raise RegularsError("no new coupon code was found", hint="does the source of random numbers of this machine work?")


def _insert(connection: Connection, offer: Offer, launch_id: int, rows: Sequence[dict[str, Any]], now: datetime) -> set[str]:
    """The codes that nobody has had."""
    sqlite = connection.dialect.name == "sqlite"
    one = given(_BINDING, sqlite=sqlite)
    values = {
        "code_folded": one.c.code_folded, "code": one.c.code, "offer": literal(offer.name), "state": literal(CouponState.BOUND.value),
        "launch_id": literal(launch_id), "number": one.c.number, "customer_id": one.c.customer, "bound_at": one.c.bound_at,
        "valid_until": one.c.valid_until, "made_at": literal(now, UtcTime()),
    }
    fresh = upsert(connection, coupons).from_select(list(values), select(*values.values()).where(true()), include_defaults=False)
    added = fresh.on_conflict_do_nothing(index_elements=[coupons.c.code_folded]).returning(coupons.c.code_folded)
    return set(connection.scalars(added, {ROWS: as_parameter(rows, sqlite=sqlite)}))


def _write(connection: Connection, launch_id: int, before: CouponState, rows: Sequence[dict[str, Any]]) -> None:
    sqlite = connection.dialect.name == "sqlite"
    one = given(_BINDING, sqlite=sqlite)
    known = and_(
        coupons.c.code_folded == one.c.code_folded, coupons.c.state == before.value,
        or_(coupons.c.launch_id.is_(None), coupons.c.launch_id == bindparam("p_launch")),
    )
    bound = update(coupons).where(known).values(
        state=CouponState.BOUND.value, launch_id=bindparam("p_launch"), number=one.c.number, customer_id=one.c.customer,
        bound_at=one.c.bound_at, valid_until=one.c.valid_until,
    )
    connection.execute(bound, {ROWS: as_parameter(rows, sqlite=sqlite), "p_launch": launch_id})


def _binding(key: str, code: str, offer: Offer, claimed: Claimed, zone: str) -> dict[str, Any]:
    return {
        "code_folded": key, "code": code, "number": claimed.ref.number, "customer": claimed.customer_id, "bound_at": claimed.composed_at,
        "valid_until": valid_until(offer, claimed.composed_at, zone),
    }
