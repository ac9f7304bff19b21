"""Relays as values: where mail leaves, how fast at most, and to whom slower than that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from regulars.definition.domain_groups import DOMAIN_GROUPS
from regulars.definition.quantities import Rate

DEFAULT_RELAY = "default"
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DomainGroup:
    """Domains with one patience. `of`: theirs, of a group of the shop's own. `connections`: of each worker."""

    of: tuple[str, ...] = ()
    rate: Rate | None = None
    connections: int | None = None


@dataclass(frozen=True, slots=True)
class WarmUp:
    """So many mails on the first day, and so on; none before it, and any number after the last."""

    start: date
    per_day: tuple[int, ...]

    def cap(self, today: date) -> int | None:
        """Of `today` in the shop's zone; None: as many as there are."""
        day = (today - self.start).days
        return 0 if day < 0 else self.per_day[day] if day < len(self.per_day) else None


@dataclass(frozen=True, slots=True)
class Relay:
    """`url`: the variable of the environment that holds address and password. `apart`: only for campaigns that name it."""

    name: str = DEFAULT_RELAY
    url: str = ""
    rate: Rate | None = None
    domains: Mapping[str, DomainGroup] = field(default_factory=lambda: NOTHING)
    warm_up: WarmUp | None = None
    apart: bool = False


def domains_of(relays: Mapping[str, Relay]) -> Mapping[str, tuple[str, ...]]:
    """Every group, built in or the shop's own, with its domains."""
    own = {name: group.of for relay in relays.values() for name, group in relay.domains.items() if group.of}
    return {**DOMAIN_GROUPS, **own}
