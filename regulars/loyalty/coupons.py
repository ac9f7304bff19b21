"""Coupon codes: their letters, how long they are valid, and what may follow what in their ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from regulars.definition.programme import Made, Offer
from regulars.definition.spans import plus
from regulars.definition.text import fold
from regulars.loyalty.codes import ALPHABET

DRAWN = 10                          # letters that chance gives: one guess in 26,000,000 hits one of a million codes
MOST_DRAWS = len(ALPHABET) ** DRAWN
LONGEST = 64
_WRITTEN = re.compile(r"[^\W_][\w.+-]*")  # begins with a letter or digit: no spreadsheet takes it for a formula
_NONE = "PREVIEW"
_BETWEEN = re.compile(r"[,;|\s]+")


class CouponState(StrEnum):
    FREE = "free"          # nobody has it
    BOUND = "bound"        # it stands in one message, or will
    REDEEMED = "redeemed"  # an order that counts used it
    VOID = "void"          # nobody gets it any more


class Entry(StrEnum):
    """A line of the ledger. A code that is made for the message that needs it begins with BOUND."""

    MADE = "made"
    SYNCED = "synced"          # the shop knows it
    BOUND = "bound"
    FREED = "freed"            # its message ended, and certainly never arrived
    REDEEMED = "redeemed"      # by an order
    UNREDEEMED = "unredeemed"  # that order does not count any more
    VOID = "void"


@dataclass(frozen=True, slots=True)
class BoundCode:
    """A message's code; `valid_until`: its last moment, None: for ever."""

    code: str
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """`message`: (launch, number) of BOUND and FREED; `order_id` of REDEEMED and UNREDEEMED."""

    entry: Entry
    message: tuple[int, int] | None = None
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger says of one code. `orders`: that count and used it."""

    state: CouponState = CouponState.FREE
    message: tuple[int, int] | None = None
    orders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stock:
    """Codes of one offer, counted. `unsynced`: of the free ones, those that the shop does not know; `reserved`: by launches."""

    free: int = 0
    unsynced: int = 0
    bound: int = 0
    redeemed: int = 0
    void: int = 0
    reserved: int = 0

    def available(self, offer: Offer) -> int:
        """To a launch that begins now, of an offer whose codes are a stock."""
        usable = self.free - self.unsynced if is_made_in_shop(offer) else self.free
        return max(usable - self.reserved, 0)


def is_made_in_shop(offer: Offer) -> bool:
    """A shop must know these codes before anybody gets one."""
    return offer.made_in in {Made.SHOPIFY, Made.WOOCOMMERCE}


def is_stock(offer: Offer) -> bool:
    """There are only so many: codes cannot be made at the moment they are needed."""
    return offer.is_unique and offer.made_in is not Made.HERE


def drawn_code(prefix: str, draw: int) -> str:
    """`draw`: a random number below MOST_DRAWS."""
    letters = []
    for _ in range(DRAWN):
        draw, letter = divmod(draw, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return _with_prefix(prefix, "".join(letters))


def preview_code(offer: Offer) -> str:
    """As long as a real one, and none: what previews, plans and test mails show."""
    if offer.code is not None:
        return offer.code
    length = len(_with_prefix(offer.prefix, "X" * DRAWN))
    return (f"{_NONE}-" + "X" * length)[:length]


def folded(code: str) -> str:
    """The form that codes are compared in: shops take them in small letters as well."""
    return fold(code)


def codes_in(coupon: str | None) -> list[str]:
    """The codes of an order's coupon field, folded; some shops name several."""
    return sorted({folded(part) for part in _BETWEEN.split(coupon or "") if part})


def read_coupon(cell: str) -> str:
    """A code of a file. Raises ValueError with the reason."""
    code = cell.strip()
    if not code:
        raise ValueError("there is no code")
    if len(code) > LONGEST:
        raise ValueError(f"it has {len(code)} letters; {LONGEST} are the most")
    if folded(code).startswith(folded(_NONE)):
        raise ValueError(f"{code[:40]} begins as what previews show in place of a code")
    if not _WRITTEN.fullmatch(code):
        raise ValueError(f"{code[:40]!r} is no code: codes are letters and digits, with - . + or _ between them")
    return code


def valid_until(offer: Offer, bound_at: datetime, zone: str) -> datetime | None:
    """The last moment: of the length of time since it was bound, or of the offer's last day, whichever comes first."""
    ends = []
    if offer.valid_for is not None:
        ends.append(plus(bound_at, offer.valid_for, zone))
    if offer.valid_until is not None:
        last_day = datetime.combine(offer.valid_until + timedelta(days=1), time(), ZoneInfo(zone))
        ends.append(last_day.astimezone(bound_at.tzinfo) - timedelta(seconds=1))
    return min(ends, default=None)


def is_over(offer: Offer, now: datetime, zone: str) -> bool:
    return offer.valid_until is not None and now.astimezone(ZoneInfo(zone)).date() > offer.valid_until


def after(standing: Standing | None, line: Line) -> Standing:
    """What a line makes of a code; None: nobody has heard of it before. Raises ValueError for a line that may not follow."""
    before = standing.state if standing else None
    if line.entry not in MAY_FOLLOW[before]:
        msg = f"{line.entry} may not follow: the code is {before or 'unknown'}"
        raise ValueError(msg)
    known = standing or Standing()
    match line.entry:
        case Entry.MADE | Entry.SYNCED:
            return known
        case Entry.BOUND:
            return Standing(CouponState.BOUND, line.message)
        case Entry.FREED:
            return Standing()
        case Entry.VOID:
            return replace(known, state=CouponState.VOID)
        case Entry.REDEEMED:
            return _used(known, known.orders | {line.order_id or ""})
        case Entry.UNREDEEMED:
            return _used(known, known.orders - {line.order_id or ""})


def replayed(lines: Iterable[Line]) -> Standing | None:
    standing = None
    for line in lines:
        standing = after(standing, line)
    return standing


def _used(known: Standing, orders: frozenset[str]) -> Standing:
    if known.state is CouponState.VOID:
        return replace(known, orders=orders)
    if orders:
        return replace(known, state=CouponState.REDEEMED, orders=orders)
    # Somebody knew a code that was in no mail: whoever got it next would share it with them.
    return replace(known, state=CouponState.BOUND if known.message else CouponState.VOID, orders=orders)


def _with_prefix(prefix: str, letters: str) -> str:
    return f"{prefix.rstrip('-')}-{letters}" if prefix else letters


_USE = frozenset({Entry.REDEEMED, Entry.UNREDEEMED, Entry.VOID, Entry.SYNCED})
MAY_FOLLOW: Mapping[CouponState | None, frozenset[Entry]] = MappingProxyType({
    None: frozenset({Entry.MADE, Entry.BOUND}),
    CouponState.FREE: frozenset({Entry.BOUND, Entry.REDEEMED, Entry.VOID, Entry.SYNCED}),
    CouponState.BOUND: frozenset({Entry.FREED, Entry.REDEEMED, Entry.VOID, Entry.SYNCED}),
    CouponState.REDEEMED: _USE,
    CouponState.VOID: frozenset({Entry.REDEEMED, Entry.UNREDEEMED, Entry.SYNCED}),
})
