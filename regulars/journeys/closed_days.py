"""Days on which nobody in a country gets marketing mail."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from regulars.audience.zones import MAIN_ZONES
from regulars.definition.limits import Calendar
from regulars.definition.spans import ONE_DAY

COUNTRIES = {zone: country for country, zone in MAIN_ZONES.items()}


def closed_for(day: date, country: str | None, zone: ZoneInfo, calendar: Calendar) -> str | None:
    """The name of the closed day; None when it is none. `country`: two letters; who never told it lives where their clock is."""
    days = calendar.closed.get((country or COUNTRIES.get(zone.key, "")).strip().upper())
    if not days:
        return None
    return days.get(day, days.get((day.month, day.day)))


def begins(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the day there, in UTC; where a clock change skips midnight, the moment of the change."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def next_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of the day after the one that `moment` is in."""
    return begins(moment.astimezone(zone).date() + ONE_DAY, zone)
