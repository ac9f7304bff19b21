"""Coupon codes and their ledger: operations.ports.Coupons."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from regulars.adapters.database.coupon_binding import bind
from regulars.adapters.database.coupon_cards import card_of
from regulars.adapters.database.coupon_ledger import enter
from regulars.adapters.database.coupon_stock import stocks
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import coupons, messages
from regulars.adapters.database.types import among
from regulars.adapters.database.upsert import upsert
from regulars.definition.programme import Offer
from regulars.delivery.codes import Bound
from regulars.delivery.life import TERMINAL, State
from regulars.delivery.settlement import Claimed
from regulars.errors import Refused
from regulars.loyalty.coupon_card import CouponCard
from regulars.loyalty.coupons import MOST_DRAWS, CouponState, Entry, Stock, drawn_code, folded

AT_ONCE = 5_000
SETTLED = [*(state.value for state in TERMINAL), State.HELD.value]


def _draw() -> int:
    return secrets.randbelow(MOST_DRAWS)


@dataclass(frozen=True, slots=True)
class CouponsInDatabase:
    """`draw`: random numbers that nobody can guess."""

    database: Database
    draw: Callable[[], int] = _draw

    def bind(self, offer: Offer, batch: Sequence[Claimed], zone: str, now: datetime) -> Bound:
        return self.database.insist(lambda connection, _again: bind(connection, offer, batch, zone, now, self.draw))

    def stocks(self) -> Mapping[str, Stock]:
        with self.database.read() as connection:
            return stocks(connection)

    def stock(self, offer: str) -> Stock:
        with self.database.read() as connection:
            return stocks(connection, [offer]).get(offer, Stock())

    def make(self, offer: Offer, count: int, now: datetime) -> int:
        made = 0
        while made < count:
            codes = [drawn_code(offer.prefix, self.draw()) for _ in range(min(AT_ONCE, count - made))]
            with self.database.write() as connection:
                made += len(_add(connection, offer.name, codes, now))
        return made

    def add(self, offer: str, codes: Sequence[str], now: datetime) -> Mapping[str, str]:
        with self.database.write() as connection:
            new = _add(connection, offer, codes, now)
            rest = [folded(code) for code in codes if folded(code) not in new]
            rows = connection.execute(select(coupons.c.code_folded, coupons.c.offer).where(among(coupons.c.code_folded, rest, texts=True)))
            return {row.code_folded: row.offer for row in rows}

    def known(self, codes: Sequence[str]) -> Mapping[str, str]:
        keys = [folded(code) for code in codes]
        with self.database.read() as connection:
            rows = connection.execute(select(coupons.c.code_folded, coupons.c.offer).where(among(coupons.c.code_folded, keys, texts=True)))
            return {row.code_folded: row.offer for row in rows}

    def codes(self, offer: str, *, unsynced: bool) -> Iterator[Sequence[str]]:
        """By key set, so that codes which are marked meanwhile are neither skipped nor told twice."""
        last = ""
        missing = [coupons.c.synced_at.is_(None)] if unsynced else []
        query = select(coupons.c.code_folded, coupons.c.code).where(
            coupons.c.offer == offer, coupons.c.state != CouponState.VOID.value, *missing
        ).order_by(coupons.c.code_folded).limit(AT_ONCE)
        while True:
            with self.database.read() as connection:
                rows = connection.execute(query.where(coupons.c.code_folded > last)).all()
            if not rows:
                return
            last = rows[-1].code_folded
            yield [row.code for row in rows]

    def mark_synced(self, codes: Sequence[str], now: datetime) -> int:
        keys = [folded(code) for code in codes]
        with self.database.write() as connection:
            marked = connection.scalars(
                update(coupons).where(among(coupons.c.code_folded, keys, texts=True), coupons.c.synced_at.is_(None))
                .values(synced_at=now).returning(coupons.c.code_folded)
            ).all()
            enter(connection, Entry.SYNCED, [(code, None, None) for code in sorted(marked)], now)
        return len(marked)

    def void(self, code: str, reason: str, now: datetime) -> CouponState | None:
        key = folded(code)
        with self.database.write() as connection:
            _refuse_in_flight(connection, key)
            row = connection.execute(select(coupons.c.state).where(coupons.c.code_folded == key).with_for_update()).first()
            if row is None or row.state == CouponState.VOID:
                return None if row is None else CouponState.VOID
            _refuse_in_flight(connection, key)
            connection.execute(update(coupons).where(coupons.c.code_folded == key).values(state=CouponState.VOID.value))
            enter(connection, Entry.VOID, [(key, None, None)], now, reason)
            return CouponState(row.state)

    def card(self, code: str) -> CouponCard | None:
        with self.database.read() as connection:
            return card_of(connection, folded(code))


def _add(connection: Connection, offer: str, codes: Sequence[str], now: datetime) -> set[str]:
    """The folded ones that are new."""
    rows = [
        {"code_folded": folded(code), "code": code, "offer": offer, "state": CouponState.FREE.value, "made_at": now} for code in codes
    ]
    if not rows:
        return set()
    added = upsert(connection, coupons).on_conflict_do_nothing(index_elements=[coupons.c.code_folded]).returning(coupons.c.code_folded)
    new = set(connection.scalars(added, rows))
    enter(connection, Entry.MADE, [(code, None, None) for code in sorted(new)], now)
    return new


def _refuse_in_flight(connection: Connection, key: str) -> None:
    """A mail that is about to leave must not carry a code that is void; its message is locked before its code."""
    row = connection.execute(select(coupons.c.launch_id, coupons.c.number).where(coupons.c.code_folded == key)).first()
    if row is None or row.launch_id is None:
        return
    state = connection.scalar(
        select(messages.c.state).where(messages.c.launch_id == row.launch_id, messages.c.number == row.number).with_for_update()
    )
    if state is not None and state not in SETTLED:
        raise Refused(
            f"the code stands in a mail that is about to leave: message {row.launch_id}-{row.number} is {state}",
            hint=f"wait for it, or end its launch: regulars cancel {row.launch_id}",
        )
