"""One cell of a CSV file becomes a text, a number, an amount, a day or a moment, or a reason why not."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from regulars.definition.quantities import MONEY_SCALE

LONGEST_TEXT = 2_000
QUANTITY_SCALE = 1_000
_LARGEST = Decimal(10_000_000_000)

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_COMMAS = re.compile(r"[+-]?\d[\d.]*,[\d,.]*")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|[+-]\d\d:?\d\d)?)?"
)
_NUMBERED_ROW = re.compile(r"\d+\.0")


class BadCell(ValueError):
    """A cell that is not what its column holds; the text is the reason a person reads."""


def text(cell: str) -> str | None:
    """Trimmed; None when nothing is left."""
    trimmed = cell.strip()
    if not trimmed:
        return None
    if "\0" in trimmed:
        raise BadCell("holds a NUL character; was the file cut or written by a broken program?")
    if len(trimmed) > LONGEST_TEXT:
        raise BadCell(f"has {len(trimmed)} letters; {LONGEST_TEXT} are the most")
    return trimmed


def unwrapped(cell: str) -> str:
    """What spreadsheets wrap as a formula, so that they do not take it for a number: `="00123"`."""
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') and len(cell) > 2 else cell


def shop_id(cell: str) -> str | None:
    """A shop's own customer id. Spreadsheets write the number 12923 as 12923.0: that is one customer."""
    written = text(cell)
    return written[:-2] if written and _NUMBERED_ROW.fullmatch(written) else written


@lru_cache(maxsize=16_384)
def number(cell: str) -> Decimal:
    """Digits with a point before the fraction."""
    written = cell.strip()
    if not _NUMBER.fullmatch(written):
        raise BadCell(f'"{written[:40]}" is not a number{_way_to_a_number(written)}')
    value = Decimal(written)
    if abs(value) > _LARGEST:
        raise BadCell(f"{written[:40]} is too large")
    return value


def money(cell: str) -> int:
    """1/10,000 of the currency's unit."""
    return _scaled(number(cell), MONEY_SCALE)


def quantity(cell: str) -> int:
    """Thousandths."""
    return _scaled(number(cell), QUANTITY_SCALE)


def times(thousandths: int, price: int) -> int:
    """The amount for a quantity, half a unit to the even one, exact for whole pieces."""
    whole_pieces, rest = divmod(thousandths * price, QUANTITY_SCALE)
    above = rest * 2 > QUANTITY_SCALE or (rest * 2 == QUANTITY_SCALE and whole_pieces % 2)
    return whole_pieces + (1 if above else 0)


def whole(cell: str) -> int:
    value = number(cell)
    if value != value.to_integral_value():
        raise BadCell(f'"{cell.strip()}" is not a whole number')
    return int(value)


@lru_cache(maxsize=16_384)
def moment(cell: str, zone: ZoneInfo) -> datetime:
    """`2026-05-01`, `2026-05-01 10:00`, with seconds, with a zone; one without a zone is in `zone`. Returns UTC."""
    written = cell.strip()
    match = _MOMENT.fullmatch(written)
    if not match:
        raise BadCell(f'"{written[:40]}" is not a time; write 2026-05-01 or 2026-05-01 10:00')
    day, clock, offset = match.groups()
    try:
        read = datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset or ''}")
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadCell(f'"{written}" is not in the calendar or on the clock') from error


def birthday(cell: str) -> tuple[date | None, int]:
    """(the date, when the year is known; month and day as 517) of `1990-05-17`, `05-17` or `--05-17`."""
    written = cell.strip()
    match = re.fullmatch(r"(?:(\d{4})-|--)?(\d\d)-(\d\d)", written)
    if not match:
        raise BadCell(f'"{written[:40]}" is not a birthday; write 1990-05-17, or 05-17 when the year is unknown')
    year, month, day = match.groups()
    try:
        born = date(int(year or 2000), int(month), int(day))  # 2000 has a 29 February
    except ValueError as error:
        raise BadCell(f'"{written}" is not in the calendar') from error
    return (born if year else None), born.month * 100 + born.day


def currency(cell: str) -> str:
    written = cell.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", written):
        raise BadCell(f'"{cell.strip()[:20]}" is not a currency; write its three letters, as in TRY')
    return written


def _scaled(value: Decimal, scale: int) -> int:
    return int((value * scale).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def _way_to_a_number(written: str) -> str:
    if _COMMAS.fullmatch(written):
        return "; a comma can be a fraction or thousands: write a point before the fraction and nothing between thousands"
    return "; write digits only, with a point before a fraction"
