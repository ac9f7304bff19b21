"""Lanes: which mails share a mailbox provider's patience. The lane "" is everybody else's, domain by domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.definition.relays import Relay, domains_of


class Lanes:
    """The groups of domains that a shop knows, built in and its own. `groups`: lane to domains."""

    def __init__(self, relays: Mapping[str, Relay]) -> None:
        self.groups = domains_of(relays)
        self._of = {domain: lane for lane, domains in self.groups.items() for domain in domains}

    def of(self, domain: str) -> str:
        return self._of.get(domain.lower(), "")

    def of_address(self, address: str) -> str:
        return self.of(address.rpartition("@")[2])

    def patience_of(self, domain: str) -> str:
        """What a slow-down is noted under: the lane, or the domain itself where it has none."""
        return self.of(domain) or domain.lower()


@dataclass(frozen=True, slots=True)
class Busy:
    """How many of a worker's connections may be busy with a lane at once; lanes without a word share one without a limit."""

    lanes: Lanes
    most: Mapping[str, int]

    @classmethod
    def of(cls, relays: Mapping[str, Relay], name: str) -> Busy:
        relay = relays.get(name)
        return cls(Lanes(relays), {lane: group.connections for lane, group in relay.domains.items() if group.connections} if relay else {})

    def lane_of(self, address: str) -> str:
        lane = self.lanes.of_address(address) if self.most else ""
        return lane if lane in self.most else ""


UNLIMITED = Busy(Lanes({}), {})
