"""Codes of an offer from a file of the shop; what cannot be one is told by its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from regulars.definition.programme import Made
from regulars.definition.workspace import Shop
from regulars.errors import UsageError
from regulars.loyalty.coupons import folded, read_coupon
from regulars.operations.coupons import unique_offer
from regulars.operations.importing import Imported
from regulars.operations.ports import Coupons, RowFile

AT_ONCE = 5_000
MOST_REMEMBERED = 1_000_000  # lines of a file; a code that comes twice beyond them counts as unchanged
HEADERS = frozenset({"code", "codes", "coupon", "coupon code", "discount code", "voucher", "voucher code", "kod", "kupon", "kupon kodu"})


def import_codes(shop: Shop, name: str, file: RowFile, coupons: Coupons, now: datetime, *, dry_run: bool = False) -> Imported:
    """A code a line, or the column named like one. What cannot be a code, or is somebody's already, is told by its line."""
    offer = unique_offer(shop, name)
    if offer.made_in is not Made.IMPORTED:
        raise UsageError(f'the codes of "{name}" are not imported', hint="write made_in: imported in regulars.yaml, if they come from a file")
    result = Imported()
    reading = _Reading(file, result, {folded(one.code): one.name for one in shop.offers.values() if one.code is not None})
    while batch := reading.next(AT_ONCE):
        codes = [code for _, code in batch]
        there = coupons.known(codes) if dry_run else coupons.add(name, codes, now)
        for line, code in batch:
            owner = there.get(folded(code))
            if owner is None:
                result.imported += 1
            elif owner == name:
                result.unchanged += 1
            else:
                result.reject(line, _taken(code, owner))
    return result


def _taken(code: str, owner: str) -> str:
    return f'{code} is a code of the offer "{owner}"'


class _Reading:
    """Codes of a file with their lines, in batches; each code once. `static`: codes for everybody, and their offers."""

    def __init__(self, file: RowFile, result: Imported, static: Mapping[str, str]) -> None:
        self._result, self._static = result, static
        names = [" ".join(name.replace("_", " ").split()).casefold() for name in file.columns]
        self._column = next((place for place, name in enumerate(names) if name in HEADERS), None)
        if self._column is None and len(names) > 1:
            raise UsageError(
                "none of the file's columns is called code", hint=f"its columns: {', '.join(file.columns[:20])}; name one of them code"
            )
        self._first = [] if self._column is not None else [(1, [file.columns[0]])]
        self._rows = file.rows()
        self._seen: dict[str, int] = {}

    def next(self, most: int) -> Sequence[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        while len(found) < most:
            row: tuple[int, list[str] | str] | None = self._first.pop() if self._first else next(self._rows, None)
            if row is None:
                break
            self._result.read += 1
            if code := self._read(*row):
                found.append((row[0], code))
        return found

    def _read(self, line: int, cells: list[str] | str) -> str | None:
        if isinstance(cells, str):  # why the row cannot be read
            self._result.reject(line, cells)
            return None
        place = self._column or 0
        try:
            code = read_coupon(cells[place] if place < len(cells) else "")
        except ValueError as error:
            self._result.reject(line, str(error))
            return None
        if owner := self._static.get(folded(code)):
            self._result.reject(line, _taken(code, owner))
            return None
        before = self._seen.get(folded(code), line)
        if len(self._seen) < MOST_REMEMBERED:
            self._seen.setdefault(folded(code), line)
        if before != line:
            self._result.reject(line, f"{code} stands in line {before} already")
            return None
        return code
