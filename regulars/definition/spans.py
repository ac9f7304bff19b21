"""How far a length of time reaches on the clocks of a place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from regulars.definition.quantities import Duration

ONE_DAY = timedelta(days=1)


def plus(moment: datetime, duration: Duration, zone: str) -> datetime:
    """`moment` + `duration`: hours are hours; months are calendar ones in `zone`, and 31 January + 1 month is its last day."""
    if not duration.months:
        return moment + timedelta(seconds=duration.seconds)
    local = moment.astimezone(ZoneInfo(zone))
    month = local.month - 1 + duration.months
    year, month = local.year + month // 12, month % 12 + 1
    last = (datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) - ONE_DAY).day
    return local.replace(year=year, month=month, day=min(local.day, last)).astimezone(UTC)
