"""`segments list` and `segments show`: who is in them, now or on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from regulars.audience.members import Membership
from regulars.definition.workspace import Segment, Shop, Workspace
from regulars.diagnostics import did_you_mean
from regulars.errors import UsageError
from regulars.operations.ports import ScoreBook, SegmentReader
from regulars.scoring.response import Response, response

FIRST_YEAR, LAST_YEAR = 1970, 2199


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """A segment with its size now and how its recipients react; `response` is None when it was never written to."""

    segment: Segment
    count: int
    response: Response | None

    def as_json(self) -> dict[str, Any]:
        answer = self.response
        told = answer and {"rate": round(answer.rate, 6), "trend": answer.trend, "launches": [round(wave, 6) for wave in answer.waves]}
        return {"name": self.segment.name, "description": self.segment.description, "count": self.count, "response": told}


def list_segments(workspace: Workspace, reader: SegmentReader, book: ScoreBook, now: datetime) -> list[SegmentLine]:
    """All segments by name."""
    counts = reader.counts(workspace, now)
    scoring = workspace.shop.scoring
    return [
        SegmentLine(segment, counts[name], response(book.waves(name), scoring, now))
        for name, segment in sorted(workspace.segments.items())
    ]


def show_segment(
    name: str, workspace: Workspace, reader: SegmentReader, now: datetime, *, sample: int = 0, at: str | None = None
) -> Membership:
    """Members now, or `at` a day or time in the shop's zone, with facts recomputed from what had happened by then.

    Raises UsageError for a segment that is not defined, or a day that is none.
    """
    segment = workspace.segments.get(name)
    if segment is None:
        raise UsageError(f'there is no segment "{name}"', hint=did_you_mean(name, sorted(workspace.segments)))
    as_of = now if at is None else moment(at, workspace.shop)
    return reader.members(segment, workspace, as_of, sample, recomputed=at is not None)


def moment(text: str, shop: Shop) -> datetime:
    """"2026-10-01" is that day's midnight in the shop, "2026-10-01T18:30" a time there unless it names a zone."""
    try:
        day = date.fromisoformat(text) if len(text) <= 10 else None
        read = datetime(day.year, day.month, day.day) if day else datetime.fromisoformat(text)  # noqa: DTZ001  placed below
    except ValueError:
        raise UsageError(f'"{text}" is not a day', hint="write --at 2026-10-01 or --at 2026-10-01T18:30") from None
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise UsageError(f"nothing is known of {text}", hint=f"name a day from {FIRST_YEAR} to {LAST_YEAR}")
    placed = read if read.tzinfo else read.replace(tzinfo=ZoneInfo(shop.timezone))
    return placed.astimezone(UTC)
