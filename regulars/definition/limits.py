"""Contact limits as values: how often, at which hours and on which days a customer may be written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from types import MappingProxyType
from typing import Any

from regulars.definition.quantities import Duration

NOTHING: Mapping[Any, Any] = MappingProxyType({})
ALL = "all"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` mails in any window of `per`. `of`: ALL, a topic or a class."""

    of: str
    count: int
    per: Duration


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` until `end`, over midnight when `end` is earlier; in the customer's own zone when `local`, else the shop's."""

    begin: time
    end: time
    local: bool = True


@dataclass(frozen=True, slots=True)
class ContactLimits:
    """Of one customer, over all campaigns that are not transactional."""

    caps: tuple[Cap, ...] = ()
    quiet_hours: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """`occasions`: days with names that schedules may count from. `closed`: country ("TR") -> days on which nobody there gets
    marketing mail: (month, day) of every year, or a date of one; each with the name that the file gives it."""

    occasions: Mapping[str, tuple[date, ...]] = field(default_factory=lambda: NOTHING)
    closed: Mapping[str, Mapping[tuple[int, int] | date, str]] = field(default_factory=lambda: NOTHING)
