"""What another system recorded of its mails: read, gathered by customer, and put on timelines batch by batch."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.operations.importing import Imported, Source, batches, groups, read_rows
from regulars.operations.ports import PastEvents
from regulars.tracking.past import PastEvent, read_past_event

MOST_EVENTS = 50_000  # of one customer; more is a wrong column
_TOO_MANY = f"more than {MOST_EVENTS:,} events are one customer's ({{key}}); is email the right column?"


def import_events(source: Source, past: PastEvents, *, dry_run: bool = False) -> Imported:
    """Starts nothing: scores and conditions see it, automations never hear of it. A batch is one transaction."""
    now = source.reading.now
    result = read_rows(source, read_past_event, key=lambda event: event.address.key, pack=PastEvent.packed)
    for batch in batches(_timelines(source, result), size_of=len):
        events = [event for timeline in batch for event in timeline]
        new = past.unknown(events) if dry_run else past.record(events, now)
        result.imported += len(new)
        result.unchanged += len(events) - len(new)
        source.progress(result.imported + result.unchanged + result.rejected_count, result.read)
    return result


def _timelines(source: Source, result: Imported) -> Iterator[list[PastEvent]]:
    for group in groups(source, result, MOST_EVENTS, _TOO_MANY):
        yield [PastEvent.unpacked(packed) for _, packed in group]
