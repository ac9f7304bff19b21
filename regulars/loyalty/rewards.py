"""Rewards as a ledger: what was earned, taken back, used and expired, one entry after another. A balance is the sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from regulars.definition.programme import Reward, RewardKind
from regulars.definition.quantities import MONEY_SCALE, Money

PIECE = MONEY_SCALE  # a reward in kind, or a percentage off, is one piece
MONEY = frozenset({RewardKind.AMOUNT, RewardKind.DONATION})
_NEVER = datetime.max.replace(tzinfo=UTC)


class EntryKind(StrEnum):
    EARNED = "earned"
    REVERSED = "reversed"  # the friend's order came back after all
    USED = "used"          # the shop paid it out, or gave it out
    EXPIRED = "expired"    # nobody used it in time


@dataclass(frozen=True, slots=True)
class Entry:
    """`value`: money or pieces, in 1/10,000; negative when it takes away. (source, source_id) tells it once.

    An earned entry of the source_id `x/1` is taken back by `x/2`; if its cause holds again, `x/3` earns anew.
    """

    customer_id: int
    entry: EntryKind
    kind: RewardKind
    words: str
    value: int
    currency: str | None
    at: datetime
    source: str                        # referral | milestone | expiry | order
    source_id: str
    referral_id: int | None = None
    expires_at: datetime | None = None
    reason: str | None = None
    id: int = 0                        # once it is stored

    @property
    def purse(self) -> tuple[RewardKind, str]:
        """What it can be exchanged with: money of its currency, or pieces of the same words."""
        return self.kind, (self.currency or "") if self.kind in MONEY else self.words

    @property
    def money(self) -> Money | None:
        return Money(self.value, self.currency) if self.currency else None

    @property
    def why(self) -> str:
        """For the eyes of the shop."""
        cause = self.source_id.rpartition("/")[0]
        told = {
            "referral": f"referral {self.referral_id}", "milestone": f"{cause.partition(':')[2]} confirmed friends", "order": f"order {cause}",
            "expiry": "not used in time",
        }
        return told[self.source] + (f": {self.reason}" if self.reason else "")

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(), "entry": self.entry.value, "kind": self.kind.value, "words": self.words,
            "amount": str(self.money.amount) if self.money else None, "currency": self.currency,
            "expires_at": self.expires_at and self.expires_at.isoformat(), "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Purse:
    """What a customer has left of one thing. Money may be below zero: it was used before its cause was taken back."""

    kind: RewardKind
    words: str
    currency: str | None
    value: int

    @property
    def money(self) -> Money | None:
        return Money(self.value, self.currency) if self.currency else None

    def __str__(self) -> str:
        if self.currency:
            return f"{'donation of ' if self.kind is RewardKind.DONATION else ''}{Money(self.value, self.currency)}"
        return self.words if self.value == PIECE else f"{self.value // PIECE} x {self.words}"


def earned(customer_id: int, reward: Reward, currencies: Sequence[str], at: datetime, expires_at: datetime | None, *,
           source: str, cause: str, referral_id: int | None = None, entries_before: int = 0) -> Entry:
    """`currencies`: those that the customer pays in, the best first; `cause`: what it is earned for; `entries_before`: of that cause."""
    money = amount_in(reward, currencies)
    return Entry(
        customer_id, EntryKind.EARNED, reward.kind, str(money) if money else reward.words, money.units if money else PIECE,
        money.currency if money else None, at, source, f"{cause}/{entries_before + 1}", referral_id, expires_at,
    )


def amount_in(reward: Reward, currencies: Sequence[str]) -> Money | None:
    """The reward's amount in the first of these currencies that it has one in, else its first amount; None: it is no amount."""
    by_currency = {money.currency: money for money in reward.amounts}
    known = (by_currency[currency] for currency in currencies if currency in by_currency)
    return next(known, reward.amounts[0] if reward.amounts else None)


def taken_back(lot: Entry, entries: Iterable[Entry], at: datetime, reason: str) -> Entry:
    """The entry that undoes an earned one: all of it, but what had expired already."""
    gone = sum(entry.value for entry in entries if is_expiry_of(entry, lot))
    cause, _, ordinal = lot.source_id.rpartition("/")
    return Entry(
        lot.customer_id, EntryKind.REVERSED, lot.kind, lot.words, -(lot.value + gone), lot.currency, at, lot.source,
        f"{cause}/{int(ordinal) + 1}", lot.referral_id, reason=reason,
    )


def standing_lot(chain: Sequence[Entry]) -> Entry | None:
    """Of one cause: what was earned and not taken back."""
    latest = max((entry for entry in chain if entry.source != "expiry"), key=_ordinal, default=None)
    return latest if latest is not None and latest.entry is EntryKind.EARNED else None


def is_expiry_of(entry: Entry, lot: Entry) -> bool:
    return entry.source == "expiry" and entry.source_id == str(lot.id)


def expired(lot: Entry, unused: int) -> Entry:
    """At the moment it ran out, however late somebody looks."""
    assert lot.expires_at is not None
    return Entry(
        lot.customer_id, EntryKind.EXPIRED, lot.kind, lot.words, -unused, lot.currency, lot.expires_at, "expiry", str(lot.id),
        lot.referral_id,
    )


@dataclass(slots=True)
class _Shelf:
    """One purse while its entries are read again. `lots`: what is left of each, by the earned entry's id; `owed`: was used and is
    not there any more."""

    lots: dict[int, int] = field(default_factory=dict)
    owed: int = 0

    def take(self, amount: int, order: Mapping[int, Entry]) -> None:
        """From what expires first."""
        for id_ in sorted(self.lots, key=lambda one: (order[one].expires_at or _NEVER, one)):
            part = min(amount, self.lots[id_])
            self.lots[id_] -= part
            amount -= part
        self.owed += amount

    def put(self, id_: int, value: int) -> None:
        paid = min(self.owed, value)
        self.owed -= paid
        self.lots[id_] = value - paid


def unused(entries: Sequence[Entry]) -> dict[int, int]:
    """What is left of each earned entry of one customer, by its id. `entries`: all of them, in the order of their ids."""
    lots = {entry.id: entry for entry in entries if entry.entry is EntryKind.EARNED}
    by_name = {(lot.source, lot.source_id): lot for lot in lots.values()}
    shelves: dict[tuple[RewardKind, str], _Shelf] = defaultdict(_Shelf)
    for entry in entries:
        shelf = shelves[entry.purse]
        match entry.entry:
            case EntryKind.EARNED:
                shelf.put(entry.id, entry.value)
            case EntryKind.USED:
                shelf.take(-entry.value, lots)
            case EntryKind.EXPIRED:
                shelf.lots[int(entry.source_id)] += entry.value
            case EntryKind.REVERSED:
                left = shelf.lots.pop(by_name[entry.source, _before(entry.source_id)].id)
                shelf.take(-entry.value - left, lots)
    return {id_: left for shelf in shelves.values() for id_, left in shelf.lots.items()}


def running_out(entries: Sequence[Entry], now: datetime) -> Iterator[Entry]:
    """Entries for the lots of one customer whose time is over and that nobody has written off; also of those used up, once."""
    left = unused(entries)
    over = {entry.source_id for entry in entries if entry.source == "expiry"}
    for lot in entries:
        if lot.id in left and lot.expires_at is not None and lot.expires_at <= now and str(lot.id) not in over:
            yield expired(lot, left[lot.id])


def _before(source_id: str) -> str:
    cause, _, ordinal = source_id.rpartition("/")
    return f"{cause}/{int(ordinal) - 1}"


def _ordinal(entry: Entry) -> int:
    return int(entry.source_id.rpartition("/")[2])
