"""When each customer's mail is due: a wall-clock time read in the shop's zone or in the customer's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from regulars.definition.spans import ONE_DAY, plus
from regulars.definition.workspace import Campaign, IfPast


@dataclass(frozen=True, slots=True)
class Slot:
    """`due` and `expires` are UTC. A slot that is None means: too late for them, and `if_past` says skip."""

    due: datetime
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timetable:
    """A slot for each time zone that customers live in; `otherwise` for who has none or an unknown one."""

    by_zone: Mapping[str, Slot | None]
    otherwise: Slot | None

    def slot(self, zone: str | None) -> Slot | None:
        return self.by_zone.get(zone, self.otherwise) if zone else self.otherwise

    def times(self) -> list[datetime]:
        """Every due time, earliest first."""
        slots = [self.otherwise, *self.by_zone.values()]
        return sorted({slot.due for slot in slots if slot is not None})


def timetable(campaign: Campaign, shop_zone: str, zones: Iterable[str], now: datetime) -> Timetable:
    """`zones` are the distinct time zones of customers; those that nobody knows are left to the shop's."""
    otherwise = _slot(campaign, shop_zone, now)
    if campaign.send_at is None or not campaign.send_at.local:
        return Timetable({}, otherwise)
    return Timetable({zone: _slot(campaign, zone, now) for zone in zones if _is_known(zone)}, otherwise)


def _slot(campaign: Campaign, zone: str, now: datetime) -> Slot | None:
    due = _due(campaign, ZoneInfo(zone), now)
    if due is None:
        return None
    return Slot(due, plus(due, campaign.expires_after, zone) if campaign.expires_after else None)


def _due(campaign: Campaign, zone: ZoneInfo, now: datetime) -> datetime | None:
    if campaign.send_at is None:
        return now
    wall = campaign.send_at.wall
    if _utc(wall, zone) >= now:
        return _utc(wall, zone)
    if campaign.if_past is IfPast.SKIP:
        return None
    return now if campaign.if_past is IfPast.NOW else _next_day(wall, zone, now)


def _next_day(wall: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    today = datetime.combine(now.astimezone(zone).date(), wall.time())
    return next(due for days in range(3) if (due := _utc(today + days * ONE_DAY, zone)) >= now)


def _utc(wall: datetime, zone: ZoneInfo) -> datetime:
    # In the hour that a clock change skips, this is the same distance after midnight; in a doubled one, the first.
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):  # not found, not a name, a folder
        return False
    return True
