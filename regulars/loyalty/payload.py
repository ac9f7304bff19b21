"""A provider's JSON, asked field by field: what is not there, or of another kind than expected, says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from regulars.audience import cells
from regulars.audience.cells import BadCell
from regulars.loyalty.codes import read_code

Payload = Mapping[str, Any]
UTC_ZONE = ZoneInfo("UTC")
LONGEST = 255
LONGEST_CODE, MOST_CODES = 64, 20  # of coupons
AHEAD = timedelta(days=1)  # a shop's clock that is further ahead must not shut out what it tells later
_LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Z]{2})?")


def text(payload: Payload, name: str) -> str | None:
    """A text or a number, trimmed; None when nothing is left."""
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    written = format(value, "f") if isinstance(value, Decimal) and abs(value.adjusted()) < 40 else str(value)
    return written.strip().replace("\0", "")[:2_000] or None


def number_id(payload: Payload, name: str) -> str | None:
    """An id; providers write 0 for nobody."""
    written = text(payload, name)
    return None if written in {None, "0"} else written


def part(payload: Payload, name: str) -> Payload:
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def parts(payload: Payload, name: str) -> Iterator[Payload]:
    value = payload.get(name)
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def moment(payload: Payload, *names: str) -> datetime | None:
    """The first of the names that holds a time; one without a zone is UTC. Raises BadCell."""
    for name in names:
        if written := text(payload, name):
            try:
                return cells.moment(written, UTC_ZONE)
            except BadCell as error:
                raise BadCell(f"{name}: {error}") from None
    return None


def money(payload: Payload, name: str) -> int:
    """1/10,000; 0 when it is not told. Raises BadCell."""
    written = text(payload, name)
    try:
        return cells.money(written) if written else 0
    except BadCell as error:
        raise BadCell(f"{name}: {error}") from None


def whole(payload: Payload, name: str, otherwise: int = 0) -> int:
    """Raises BadCell."""
    written = text(payload, name)
    try:
        return cells.whole(written) if written else otherwise
    except BadCell as error:
        raise BadCell(f"{name}: {error}") from None


def amount_text(units: int) -> str:
    """As `cells.money` reads it."""
    return f"{Decimal(units) / 10_000:f}"


def plain_locale(written: str | None) -> str | None:
    """`tr` or `tr-TR`; of anything else nothing is said, because it must not cost an order."""
    return written if written and _LOCALE.fullmatch(written) else None


def several_codes(payload: Payload, name: str) -> dict[str, str]:
    """Coupon codes of an order that used more than one; the order's own field has room for the first."""
    codes = [code[:LONGEST_CODE] for each in parts(payload, name) if (code := text(each, "code"))]
    return {"coupons": ", ".join(codes[:MOST_CODES])} if len(codes) > 1 else {}


def short(value: str | None) -> str | None:
    return value[:LONGEST] if value else None


def told_at(payload: Payload, header: str | None, now: datetime, *names: str) -> datetime:
    """By the shop's own clock: what the payload says, else the header, else the present."""
    if (found := moment(payload, *names)) is not None:
        return min(found, now + AHEAD)
    try:
        return cells.moment(header[:19] + "Z", UTC_ZONE) if header else now
    except BadCell:
        return now.astimezone(UTC)


def referral_in(*addresses: str | None) -> str | None:
    """The code in the `ref` of an address that the customer came by."""
    for address in addresses:
        try:
            query = parse_qs(urlsplit(address or "").query, max_num_fields=50)
        except ValueError:
            continue
        for written in query.get("ref", ()):
            if (code := read_code(written)) is not None:
                return code
    return None
