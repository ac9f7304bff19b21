"""Customers from a file: read, rows of one person gathered, and stored batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from regulars.audience.people import PersonRow, merged, read_person
from regulars.audience.suppression import Suppression
from regulars.definition.workspace import Attribute
from regulars.operations.importing import Imported, Source, batches, groups, read_rows
from regulars.operations.ports import People, Stored, SuppressionList

MOST_ROWS = 1_000  # of one person; more is a wrong column
_TOO_MANY = f"more than {MOST_ROWS:,} rows are one person ({{key}}); are email and customer_id the right columns?"


def import_customers(
    source: Source, people: People, suppressions: SuppressionList, attributes: Mapping[str, Attribute], *, dry_run: bool = False
) -> Imported:
    """What a file says again changes nothing; what it leaves empty stays as it is. Nobody is stored who may be written to before it is
    known that they may not."""
    now = source.reading.now
    result = read_rows(source, lambda record: read_person(record, attributes), key=lambda row: row.key)
    for batch in batches(_people(source, result), size_of=lambda pair: len(pair[0])):
        rows = [row for _, row in batch]
        stopped = _suppress(rows, suppressions, now, dry_run=dry_run)
        outcomes = people.compared(rows, now) if dry_run else people.record(rows, now, history=True)
        for (lines, row), outcome in zip(batch, outcomes, strict=True):
            is_news = outcome is Stored.UNCHANGED and row.address.key in stopped
            _count(result, lines, Stored.CHANGED if is_news else outcome)
        source.progress(result.imported + result.unchanged + result.rejected_count, result.read)
    return result


def _suppress(rows: Sequence[PersonRow], suppressions: SuppressionList, now: datetime, *, dry_run: bool) -> set[str]:
    """Keys of the addresses that were not on the list yet."""
    wanted = [Suppression(row.address, row.suppressed, "import") for row in rows if row.suppressed]
    if not wanted:
        return set()
    new = suppressions.add(wanted, now, dry_run=dry_run)
    return {one.address.key for one, is_new in zip(wanted, new, strict=True) if is_new}


def _people(source: Source, result: Imported) -> Iterator[tuple[list[int], PersonRow]]:
    for group in groups(source, result, MOST_ROWS, _TOO_MANY):
        yield [line for line, _ in group], merged([row for _, row in group])


def _count(result: Imported, lines: list[int], outcome: Stored | str) -> None:
    if outcome is Stored.CHANGED:
        result.imported += len(lines)
    elif outcome is Stored.UNCHANGED:
        result.unchanged += len(lines)
    else:
        for line in lines:
            result.reject(line, str(outcome))
