"""What a shop tells of one order, call by call, in whatever order the calls arrive: always the same order comes of it.

A call tells the whole order (the one told last by the shop's clock counts), or a part of it (a refund, a parcel). What was
told is gathered so that neither order nor repetition matters, and the order is a pure function of what was gathered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from regulars.audience.addresses import Address, address_hash
from regulars.loyalty.counting import CANCELLED, UNPAID, plain_status
from regulars.loyalty.purchases import Head, Line, Order, Person, Row, make_order
from regulars.loyalty.rates import Rates

NOTHING: Mapping[str, Any] = MappingProxyType({})
UNPAID_YET, PAID, CALLED_OFF, SENT, RETURNED = "unpaid", "paid", "cancelled", "shipped", "refunded"
BEFORE = timedelta(seconds=1)  # what is undone was done before
MOVED = timedelta(hours=1)  # a moment that turns out to be so much later is news again


@dataclass(frozen=True, slots=True)
class Hints:
    """Where and by what the order was made, to tell one person with two accounts; stored as keyed hashes only."""

    postal: str | None = None
    network: str | None = None
    device: str | None = None

    def hashed(self, secret: bytes) -> Hints:
        return Hints(*(address_hash(value, secret) if value else None for value in (self.postal, self.network, self.device)))


@dataclass(frozen=True, slots=True)
class Refund:
    """`amount` in 1/10,000 of the order's currency."""

    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    """Told last at `told_at`. `is_off`: cancelled before it went."""

    told_at: datetime
    shipped_at: datetime
    delivered_at: datetime | None = None
    is_off: bool = False

    @property
    def rank(self) -> tuple[datetime, bool, bool]:
        return self.told_at, self.is_off, self.delivered_at is not None


@dataclass(frozen=True, slots=True)
class Telling:
    """What one call tells of one order. `rows`: the whole order; (): only the refunds and parcels. `told_at`: by the shop's clock.
    `states`: of the order at that moment, of those above."""

    order_id: str
    told_at: datetime
    rows: tuple[Row, ...] = ()
    states: frozenset[str] = frozenset()
    refunds: Mapping[str, Refund] = field(default_factory=lambda: NOTHING)
    parcels: Mapping[str, Parcel] = field(default_factory=lambda: NOTHING)
    hints: Hints = Hints()


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that was told of one order. `rank`: what makes one telling the later of two, `seen`: when each state was first told,
    `announced`: moment of each piece of news that automations have heard."""

    rows: tuple[Row, ...] = ()
    told_at: datetime | None = None
    rank: tuple[Any, ...] = ()
    states: frozenset[str] = frozenset()
    hints: Hints = Hints()
    seen: Mapping[str, datetime] = field(default_factory=lambda: NOTHING)
    refunds: Mapping[str, Refund] = field(default_factory=lambda: NOTHING)
    parcels: Mapping[str, Parcel] = field(default_factory=lambda: NOTHING)
    announced: Mapping[str, datetime] = field(default_factory=lambda: NOTHING)


def states_of(head: Head) -> frozenset[str]:
    """In which state a shop's words and moments say that an order is."""
    status = plain_status(head.status)
    found = set()
    if status in UNPAID and head.paid_at is None:
        found.add(UNPAID_YET)
    elif head.paid_at is not None or status not in CANCELLED or status in {"refunded", "returned"}:
        found.add(PAID)
    if head.cancelled_at is not None or (status in CANCELLED and status not in {"refunded", "returned"}):
        found.add(CALLED_OFF)
    if head.refunded or status in {"refunded", "returned"}:
        found.add(RETURNED)
    return frozenset(found)


def gathered(before: Gathered, telling: Telling) -> Gathered:
    """With one more telling; its hints are hashed already."""
    seen = dict(before.seen)
    for state in telling.states:
        seen[state] = min(telling.told_at, seen.get(state, telling.told_at))
    refunds, parcels = dict(before.refunds), dict(before.parcels)
    for key, refund in telling.refunds.items():
        known = refunds.get(key, refund)
        refunds[key] = Refund(max(refund.amount, known.amount), min(refund.at, known.at))
    for key, parcel in telling.parcels.items():
        parcels[key] = max(parcel, parcels.get(key, parcel), key=lambda each: each.rank)
    now = replace(before, seen=seen, refunds=refunds, parcels=parcels)
    if not telling.rows or (before.rows and _rank(telling) < before.rank):
        return now
    return replace(
        now, rows=telling.rows, told_at=telling.told_at, rank=_rank(telling), states=telling.states, hints=telling.hints)


def order_of(told: Gathered, rates: Rates, day_of: Callable[[datetime], date]) -> Order | None:
    """The order that comes of it; None while nobody told what was bought. Raises BadCell."""
    if not told.rows:
        return None
    rows = told.rows
    head = _head(told)
    return make_order([rows[0]._replace(head=head), *(row._replace(head=Head()) for row in rows[1:])], rates, day_of)


def returned_at(told: Gathered) -> datetime | None:
    """When the first money went back."""
    moments = [refund.at for refund in told.refunds.values() if refund.amount > 0]
    return min(moments, default=told.seen.get(RETURNED))


def _head(told: Gathered) -> Head:
    head = Head(*(next((value for value in column if value is not None), None) for column in zip(*(row.head for row in told.rows), strict=True)))
    parcels = [parcel for parcel in told.parcels.values() if not parcel.is_off]
    arrived = [parcel.delivered_at for parcel in parcels if parcel.delivered_at is not None]
    refunded = sum(refund.amount for refund in told.refunds.values())
    return head._replace(
        paid_at=head.paid_at or _paid_at(told),
        shipped_at=head.shipped_at or min((parcel.shipped_at for parcel in parcels), default=told.seen.get(SENT)),
        delivered_at=head.delivered_at or (max(arrived) if arrived and len(arrived) == len(parcels) else None),
        cancelled_at=head.cancelled_at or _while_in(CALLED_OFF, told),
        refunded=_most(head.refunded, refunded or None),
    )


def _paid_at(told: Gathered) -> datetime | None:
    """Of shops that tell no moment: when it was first told as paid, if it was told as unpaid before, but before any money went back;
    else when it was ordered."""
    if (paid := told.seen.get(PAID)) is None:
        return None
    unpaid = told.seen.get(UNPAID_YET)
    if unpaid is None or unpaid >= paid:
        return min(row.ordered_at for row in told.rows)
    undone = [at - BEFORE for at in (returned_at(told), _while_in(CALLED_OFF, told)) if at is not None]
    return max(min([paid, *undone]), min(row.ordered_at for row in told.rows))


def _while_in(state: str, told: Gathered) -> datetime | None:
    return told.seen.get(state) if state in told.states else None


def _most(one: int | None, other: int | None) -> int | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _rank(telling: Telling) -> tuple[Any, ...]:
    """Shops tell seconds, and more than one thing a second: of two at the same time, the one that got further; else any, but always the same."""
    delivered = sum(parcel.delivered_at is not None for parcel in telling.parcels.values())
    written = json.dumps([_row_out(row) for row in telling.rows], ensure_ascii=False).encode()
    progress = [CALLED_OFF in telling.states, RETURNED in telling.states, PAID in telling.states]
    digest = hashlib.blake2b(written, digest_size=8).hexdigest()
    return telling.told_at.isoformat(), len(telling.refunds), delivered, len(telling.parcels), sum(progress), digest


# ---- as it is stored ----


def as_json(told: Gathered) -> dict[str, Any]:
    return {
        "rows": [_row_out(row) for row in told.rows], "told_at": _out(told.told_at), "rank": list(told.rank),
        "states": sorted(told.states), "hints": [told.hints.postal, told.hints.network, told.hints.device],
        "seen": {state: _out(at) for state, at in sorted(told.seen.items())},
        "refunds": {key: [each.amount, _out(each.at)] for key, each in sorted(told.refunds.items())},
        "parcels": {
            key: [_out(each.told_at), _out(each.shipped_at), _out(each.delivered_at), each.is_off] for key, each in sorted(told.parcels.items())},
        "announced": {kind: _out(at) for kind, at in sorted(told.announced.items())},
    }


def from_json(stored: Mapping[str, Any]) -> Gathered:
    return Gathered(
        tuple(_row_in(row) for row in stored["rows"]), _in(stored["told_at"]), tuple(stored["rank"]), frozenset(stored["states"]),
        Hints(*stored["hints"]), {state: datetime.fromisoformat(at) for state, at in stored["seen"].items()},
        {key: Refund(amount, datetime.fromisoformat(at)) for key, (amount, at) in stored["refunds"].items()},
        {
            key: Parcel(datetime.fromisoformat(at), datetime.fromisoformat(shipped), _in(delivered), is_off)
            for key, (at, shipped, delivered, is_off) in stored["parcels"].items()
        },
        {kind: datetime.fromisoformat(at) for kind, at in stored["announced"].items()},
    )


_MOMENTS = frozenset(name for name in Head._fields if name.endswith("_at"))


def _row_out(row: Row) -> list[Any]:
    head = {name: _out(value) if name in _MOMENTS else value for name, value in row.head._asdict().items() if value is not None}
    return [
        row.order_id, _out(row.ordered_at), list(row.person.address), row.person.shop_id, row.currency, head, list(row.line),
        [list(pair) for pair in row.other],
    ]


def _row_in(stored: list[Any]) -> Row:
    order_id, ordered_at, address, shop_id, currency, head, line, other = stored
    words: dict[str, Any] = {name: datetime.fromisoformat(value) if name in _MOMENTS else value for name, value in head.items()}
    return Row(
        order_id, datetime.fromisoformat(ordered_at), Person(Address(*address), shop_id), currency, Head(**words), Line(*line),
        tuple((name, value) for name, value in other))


def _out(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _in(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
