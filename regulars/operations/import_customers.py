"""Customers from a file: read, rows of one person gathered, and stored batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from regulars.audience.people import PersonRow, merged, read_person
from regulars.definition.workspace import Attribute
from regulars.operations.importing import Imported, Source, batches, groups, read_rows
from regulars.operations.ports import People, Stored

MOST_ROWS = 1_000  # of one person; more is a wrong column
_TOO_MANY = f"more than {MOST_ROWS:,} rows are one person ({{key}}); are email and customer_id the right columns?"


def import_customers(source: Source, people: People, attributes: Mapping[str, Attribute], *, dry_run: bool = False) -> Imported:
    """What a file says again changes nothing; what it leaves empty stays as it is."""
    now = source.reading.now
    result = read_rows(source, lambda record: read_person(record, attributes), key=lambda row: row.key)
    for batch in batches(_people(source, result), size_of=lambda pair: len(pair[0])):
        rows = [row for _, row in batch]
        outcomes = people.compared(rows, now) if dry_run else people.record(rows, now)
        for (lines, _), outcome in zip(batch, outcomes, strict=True):
            _count(result, lines, outcome)
        source.progress(result.imported + result.unchanged + result.rejected_count, result.read)
    return result


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
