"""What every import does: read each row once, keep what belongs together side by side, and keep count of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, TypeVar

from regulars.audience.cells import BadCell
from regulars.audience.record import Reading, Record
from regulars.operations.ports import Progress, RowFile, RowSpool

T = TypeVar("T")
ROWS_AT_ONCE = 5_000       # of a transaction
MOST_TOLD = 100_000        # rejected rows that are listed; beyond that they are only counted
PROGRESS_EVERY = 1_000


@dataclass(slots=True)
class Imported:
    """Counts of rows: read = imported + unchanged + rejected. `rejected` holds (line, reason), `read_as` what was decided about
    the whole file."""

    read: int = 0
    imported: int = 0
    unchanged: int = 0
    rejected_count: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    read_as: tuple[str, ...] = ()

    def reject(self, line: int, reason: str) -> None:
        self.rejected_count += 1
        if len(self.rejected) < MOST_TOLD:
            self.rejected.append((line, reason))

    def as_json(self) -> dict[str, Any]:
        rejected = [{"line": line, "reason": reason} for line, reason in sorted(self.rejected)]
        return {
            "read": self.read, "imported": self.imported, "unchanged": self.unchanged, "rejected": rejected, "read_as": list(self.read_as)}


@dataclass(frozen=True, slots=True)
class Source:
    """The file, a spool to sort it in, and what its cells mean. `progress` hears of rows read, then of rows stored.
    `read_as`: what was decided about the file; `currency`: which one its amounts name."""

    file: RowFile
    spool: RowSpool
    reading: Reading
    progress: Progress
    read_as: tuple[str, ...] = ()
    currency: str | None = None


def read_rows(
    source: Source, read: Callable[[Record], T], key: Callable[[T], str], pack: Callable[[T], Any] = lambda value: value
) -> Imported:
    """Every row through `read` into the spool, under its key, as `pack` makes it; those that cannot be read are rejected."""
    result = Imported(read_as=source.read_as)
    for line, row in source.file.rows():
        result.read += 1
        if result.read % PROGRESS_EVERY == 0:
            source.progress(result.read)
        if isinstance(row, str):
            result.reject(line, row)
            continue
        try:
            value = read(source.reading.record(row))
        except BadCell as error:
            result.reject(line, str(error))
        else:
            source.spool.add(key(value), line, pack(value))
    return result


def groups(source: Source, result: Imported, most: int, too_many: str) -> Iterator[list[tuple[int, Any]]]:
    """The rows of each key. A key with more than `most` rows is rejected row by row, whole, without being held."""
    for key, rows in source.spool.groups():
        group = list(islice(rows, most))
        if (extra := next(rows, None)) is None:
            yield group
            continue
        for line, _ in chain(group, [extra], rows):
            result.reject(line, too_many.format(key=key))


def in_lists(values: Iterator[T], size: int) -> Iterator[list[T]]:
    while some := list(islice(values, size)):
        yield some


def batches(values: Iterator[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Lists of about ROWS_AT_ONCE rows."""
    batch: list[T] = []
    size = 0
    for value in values:
        batch.append(value)
        size += size_of(value)
        if size >= ROWS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
