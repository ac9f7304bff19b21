"""Numbers and dates as spreadsheets write them, respelled as cells.py reads them; what a spelling proves, and what it leaves open."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

# Signs that mean one currency. A dollar sign means too many.
CURRENCIES = {"₺": "TRY", "TL": "TRY", "€": "EUR", "£": "GBP", "₼": "AZN", "₽": "RUB", "₴": "UAH", "₾": "GEL", "₹": "INR", "₪": "ILS"}

_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_SIGN = r"[₺€£₼₽₴₾₹₪$]|TL|[A-Z]{3}|[A-Z]{2}\$"
_DRESSED = re.compile(rf"(?P<minus>[+-]?)\s*(?P<before>{_SIGN})?\s*(?P<number>[+-]?[\d.,'’\s]*\d[.,]?)\s*(?P<after>{_SIGN})?")
_MARKED = re.compile(r"[+-]?[\d.,]*\d[.,]?")
_POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_COMMA_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_SPACED = re.compile(r"(?<=\d)['’\s](?=\d{3}(?:\D|$))")

_TIME = r"(?:(?:,\s*|[ T]\s*)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d(?:\.\d{1,6})?))?\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?)?"
_DAY_LAST = re.compile(rf"(?P<one>\d{{1,2}})(?P<mark>[./-])(?P<two>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}){_TIME}")
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})(?P<mark>[./-])(?P<one>\d{{1,2}})(?P=mark)(?P<two>\d{{1,2}}){_TIME}")


class Proof(Enum):
    """What one cell proves of its column: which of the two marks stands before a fraction, or which number of a date is the day."""

    POINT = "decimal point"
    COMMA = "decimal comma"
    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    OPEN = "either"         # 1.234; 05/01/2026
    NONE = "nothing"        # 12; 2026-05-01; no number at all


@lru_cache(maxsize=65_536)
def number_proof(cell: str) -> Proof:
    written = _undressed(cell)[0]
    if not _MARKED.fullmatch(written):
        return Proof.NONE
    marks = {mark for mark in written if mark in ".,"}
    if marks == {".", ","}:
        return Proof.COMMA if written.rfind(",") > written.rfind(".") else Proof.POINT
    if not marks:
        return Proof.NONE
    mark = marks.pop()
    grouped = _POINT_GROUPS if mark == "." else _COMMA_GROUPS
    fraction, thousands = (Proof.POINT, Proof.COMMA) if mark == "." else (Proof.COMMA, Proof.POINT)
    if not grouped.fullmatch(written):
        return fraction if written.count(mark) == 1 else Proof.NONE
    return Proof.OPEN if written.count(mark) == 1 else thousands


@lru_cache(maxsize=65_536)
def currency_in(cell: str) -> str | None:
    """The currency that a cell names beside its number, where it can only be one."""
    sign = _undressed(cell)[1]
    return CURRENCIES.get(sign, sign if len(sign) == 3 and sign.isalpha() else None)


@lru_cache(maxsize=65_536)
def plain_number(cell: str, proof: Proof) -> str:
    """Digits with a point before the fraction, by what the column's numbers prove; a cell that does not fit stays as it is."""
    written = cell.strip()
    if _PLAIN.fullmatch(written) and proof is not Proof.COMMA:
        return written
    number = _undressed(cell)[0]
    fraction, thousands, grouped = (",", ".", _POINT_GROUPS) if proof is Proof.COMMA else (".", ",", _COMMA_GROUPS)
    whole, mark, rest = number.partition(fraction)
    if thousands in whole and proof in {Proof.COMMA, Proof.POINT} and grouped.fullmatch(whole):
        whole = whole.replace(thousands, "")
    number = f"{whole}.{rest}" if mark else whole
    return number if _PLAIN.fullmatch(number) else written


@lru_cache(maxsize=65_536)
def date_proof(cell: str) -> Proof:
    """Dots are day first and prove nothing of slashes."""
    match = _DAY_LAST.fullmatch(cell.strip())
    if match is None or match["mark"] == ".":
        return Proof.NONE
    one, two = int(match["one"]), int(match["two"])
    if one > 12 and two > 12:
        return Proof.NONE
    if one == two:
        return Proof.NONE
    return Proof.DAY_FIRST if one > 12 else Proof.MONTH_FIRST if two > 12 else Proof.OPEN


@lru_cache(maxsize=65_536)
def plain_date(cell: str, proof: Proof) -> str:
    """`2026-01-05 15:04:00+03:00`, with what the cell tells of it; one that is no such date stays as it is."""
    written = cell.strip()
    last, first = _DAY_LAST.fullmatch(written), _YEAR_FIRST.fullmatch(written)
    match = last or first
    if match is None:
        return written
    one, two = match["one"], match["two"]
    is_day_first = match["mark"] == "." or proof is not Proof.MONTH_FIRST
    day, month = (one, two) if last and is_day_first else (two, one)
    return f"{match['year']}-{int(month):02}-{int(day):02}{_time(match)}"


def _time(match: re.Match[str]) -> str:
    if match["hour"] is None:
        return ""
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"][0] in "Pp" else 0)
    zone = {"UTC": "Z", None: ""}.get(match["zone"], match["zone"])
    return f" {hour:02}:{match['minute']}:{match['second'] or '00'}{zone}"


@lru_cache(maxsize=65_536)
def _undressed(cell: str) -> tuple[str, str]:
    """The number without signs of currency and spaces between thousands, and the sign."""
    written = cell.strip()
    match = _DRESSED.fullmatch(written)
    if match is None or (match["before"] and match["after"]):
        return written, ""
    number = _SPACED.sub("", match["number"].strip())
    return f"{match['minus'].replace('+', '')}{number}", match["before"] or match["after"] or ""
