"""Where mail is sent from: what sending needs of the world, and what one turn of it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from regulars.audience.only_to import EVERYBODY, OnlyTo
from regulars.content.tokens import KeyRing
from regulars.delivery.life import State
from regulars.operations.ports import (
    Bundles,
    Clock,
    Composer,
    Launches,
    Messages,
    Recipients,
    RelayLog,
    Transport,
)


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What sending needs of the world. `owner` names this worker in leases; `jitter` gives numbers in [0, 1).

    `claim_seconds`: longer than a batch takes, for who is slower is refused at the handoff. `dot_seconds`: longer than
    the transport waits for the reply to a dot, so that nobody judges a mail whose sender still listens.
    `only_to`: nobody else gets mail from here, whoever made the launch. `permit` raises Refused
    when nobody at all may be sent anything from this database. `relay_log`: of the relay, where it can be read.
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


@dataclass(slots=True)
class Turn:
    """What one turn did: messages by the state they went to, and of the skipped how many could not be composed."""

    states: Counter[State] = field(default_factory=Counter)
    uncomposed: int = 0

    @property
    def done(self) -> int:
        return sum(count for state, count in self.states.items() if state is not State.PENDING)
