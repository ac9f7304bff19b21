"""One row of a file, asked field by field; what is wrong with it names the column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from regulars.audience import cells
from regulars.audience.cells import BadCell
from regulars.audience.header import Header

T = TypeVar("T")
AHEAD = timedelta(days=1)  # a shop whose clock or zone is wrong by hours is no reason to lose its orders


@dataclass(frozen=True, slots=True)
class Reading:
    """What a row's cells mean: columns by field, the shop's zone for naive times, and the present. `spellers`: of fields whose cells
    this file spells in another way than cells.py reads."""

    header: Header
    zone: ZoneInfo
    now: datetime
    spellers: Mapping[str, Callable[[str], str]] = field(default_factory=dict)

    def record(self, row: Sequence[str]) -> Record:
        if any(cell.strip() for cell in row[self.header.width:]):
            raise BadCell(f"the row has {len(row)} cells, the header names {self.header.width}; quote cells that hold the separator")
        return Record(self, row)


def record_of(fields: Mapping[str, str], zone: ZoneInfo, now: datetime, others: Mapping[str, str] | None = None) -> Record:
    """What was told in another way than by a file: field -> text as a cell would hold it. `others`: what no field claims."""
    names, cells_ = [*fields, *(others or ())], [*fields.values(), *(others or {}).values()]
    unclaimed = tuple((name, place) for place, name in enumerate(names) if place >= len(fields))
    header = Header({field: place for place, field in enumerate(fields)}, unclaimed, len(names))
    return Record(Reading(header, zone, now), cells_)


@dataclass(frozen=True, slots=True)
class Record:
    reading: Reading
    row: Sequence[str]

    def text(self, field: str) -> str | None:
        return self.read(field, cells.text)

    def required(self, field: str) -> str:
        written = self.text(field)
        if written is None:
            raise BadCell(f"{field} is empty")
        return written

    def past(self, field: str) -> datetime | None:
        """A moment that has been; a day's grace for clocks."""
        value = self.read(field, lambda cell: cells.moment(cell, self.reading.zone))
        if value is not None and value > self.reading.now + AHEAD:
            raise BadCell(f"{field}: {value.astimezone(self.reading.zone):%Y-%m-%d} lies in the future")
        return value

    def read(self, field: str, reader: Callable[[str], T]) -> T | None:
        """The field through `reader`; None when the file has no such column or the cell is empty."""
        place = self.reading.header.places.get(field)
        if place is None or place >= len(self.row):
            return None
        cell = self.row[place]
        if not cell or cell.isspace():
            return None
        if cell.startswith('="'):
            cell = cells.unwrapped(cell)
        if (speller := self.reading.spellers.get(field)) is not None:
            cell = speller(cell)
        try:
            return reader(cell)
        except BadCell as error:
            raise BadCell(f"{field}: {error}") from None

    def tells_any(self, fields: frozenset[str]) -> bool:
        return not fields.isdisjoint(self.reading.header.places)

    def others(self) -> tuple[tuple[str, str], ...]:
        """Cells of columns that no field claims, where something stands in them."""
        found = ((name, cells.text(cells.unwrapped(self.row[n]))) for name, n in self.reading.header.others if n < len(self.row))
        return tuple((name, value) for name, value in found if value is not None)
