"""Where mail is sent from: what sending needs of the world, and what one turn of it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from regulars.audience.only_to import EVERYBODY, OnlyTo
from regulars.content.tokens import KeyRing
from regulars.definition.relays import DEFAULT_RELAY
from regulars.definition.workspace import Shop
from regulars.delivery.life import State
from regulars.operations.pace import Pace
from regulars.operations.ports import (
    Bundles,
    Clock,
    Composer,
    ContactBook,
    Coupons,
    Launches,
    Messages,
    Recipients,
    RelayLog,
    Transport,
)


@dataclass(frozen=True, slots=True)
class Way:
    """Where a launch's mail leaves. `carrier`: the name of the relay that takes it at this moment."""

    transport: Transport
    carrier: Callable[[], str]


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What sending needs of the world. `owner` names this worker in leases; `jitter` gives numbers in [0, 1).

    `claim_seconds`: longer than a batch takes, for who is slower is refused at the handoff. `dot_seconds`: longer than
    the transport waits for the reply to a dot, so that nobody judges a mail whose sender still listens.
    `only_to`: nobody else gets mail from here, whoever made the launch. `permit` raises Refused
    when nobody at all may be sent anything from this database. `relay_log`: of the relay, where it can be read.
    `pace`: what holds the mail back; without it nothing does. `ways`: to each relay by its name, where there are several.
    `coupons`: asked for campaigns with unique codes.
    `contacts`: asked by shops that limit how often they write.
    """

    clock: Clock
    launches: Launches
    messages: Messages
    bundles: Bundles
    recipients: Recipients
    transport: Transport
    keys: KeyRing
    base_url: str
    owner: str
    jitter: Callable[[], float]
    composer: Composer
    claim_seconds: int = 300
    dot_seconds: int = 660
    only_to: OnlyTo = EVERYBODY
    permit: Callable[[], None] = lambda: None
    relay_log: RelayLog | None = None
    pace: Pace | None = None
    ways: Callable[[Shop, str | None], Way] | None = None
    coupons: Coupons | None = None
    contacts: ContactBook | None = None

    def way(self, frozen: Shop, relay: str | None) -> Way:
        """For a campaign that names this relay, or none, by the relays that there are now."""
        shop = self.pace.shop_or(frozen) if self.pace else frozen
        return self.ways(shop, relay) if self.ways else Way(self.transport, lambda: DEFAULT_RELAY)


@dataclass(slots=True)
class Turn:
    """What one turn did: messages by the state they went to, and of the skipped how many could not be composed."""

    states: Counter[State] = field(default_factory=Counter)
    uncomposed: int = 0
    handed_over: int = 0  # marks that held

    @property
    def done(self) -> int:
        return sum(count for state, count in self.states.items() if state is not State.PENDING)
