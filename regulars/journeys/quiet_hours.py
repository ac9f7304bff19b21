"""Hours in which nobody wants to be written to, on the clocks of one place."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from regulars.definition.limits import QuietHours
from regulars.definition.spans import ONE_DAY


def is_quiet(hours: QuietHours, wall: time) -> bool:
    """`begin` is quiet, `end` is not. Hours that end when they begin are none."""
    if hours.begin <= hours.end:
        return hours.begin <= wall < hours.end
    return wall >= hours.begin or wall < hours.end


def over_at(hours: QuietHours, moment: datetime, zone: ZoneInfo) -> datetime:
    """When the quiet hours around `moment` are over, in UTC.

    An end that a clock change skips comes as long after it as it would have come after midnight; of one that comes twice
    the first counts that is still ahead, for in between it is quiet again.
    """
    today = moment.astimezone(zone).date()
    ends = sorted(
        datetime.combine(today + days * ONE_DAY, hours.end, zone).replace(fold=fold).astimezone(UTC) for days in range(3) for fold in (0, 1)
    )
    return next(end for end in ends if end > moment and not is_quiet(hours, end.astimezone(zone).time()))
