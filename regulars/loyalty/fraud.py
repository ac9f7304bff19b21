"""What looks like one person on both sides of a referral. Each sign holds it for review, in words that a shop can check.

Only a person rejects: a household shares an address, an office a network, and a friend who writes about the shop brings
thirty people on one day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from regulars.definition.quantities import Money

NEAR = timedelta(days=1)     # orders from one network, and friends of one code, are counted this long
SHARED = timedelta(days=30)  # addresses and devices are compared this long, before and after
MANY_FRIENDS = 20            # of one code in a day
MANY_ON_NETWORK = 3          # other new friends, of whatever codes, who ordered from one network in a day
GENERATIONS = 4              # how far back it is asked who brought the advocate
MOST_COUNTED = 100           # nobody needs to know how many more there are, and counting costs


class Signal(StrEnum):
    SAME_ADDRESS = "same_address"
    SAME_DEVICE = "same_device"
    SAME_NETWORK = "same_network"
    RING = "ring"
    ADDRESS_OF_FRIENDS = "address_of_friends"
    DEVICE_OF_FRIENDS = "device_of_friends"
    NETWORK_OF_FRIENDS = "network_of_friends"
    MANY_AT_ONCE = "many_at_once"
    THROW_AWAY = "throw_away"
    LESS_THAN_REWARD = "less_than_reward"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about the friend's order. `address`, `device`, `network`: an order of the advocate's own that shares it.

    `friends_at_address` …: how many other new friends' orders share it. `friends_of_code`: in the day before it, itself included.
    `domain`: of the friend's mail address, when it is one for a few minutes. `total`: what the order came to, less what came back;
    `reward`: what the advocate would get in the same currency, where it is an amount.
    """

    address: str | None = None
    device: str | None = None
    network: str | None = None
    is_ring: bool = False
    friends_at_address: int = 0
    friends_on_device: int = 0
    friends_on_network: int = 0
    friends_of_code: int = 1
    domain: str | None = None
    total: Money | None = None
    reward: Money | None = None


@dataclass(frozen=True, slots=True)
class Suspicion:
    signal: Signal
    words: str


def suspicions(evidence: Evidence) -> tuple[Suspicion, ...]:
    """Every sign that is there, the strongest first."""
    said = ((signal, words(evidence)) for signal, words in _SIGNS.items())
    return tuple(Suspicion(signal, words) for signal, words in said if words)


def in_words(found: tuple[Suspicion, ...]) -> str:
    """One sentence for the list of those that wait; empty: nothing is suspicious."""
    return "; ".join(one.words for one in found)


def _less_than_reward(evidence: Evidence) -> str:
    total, reward = evidence.total, evidence.reward
    if total is None or reward is None or total.currency != reward.currency or total.units >= reward.units:
        return ""
    return f"the friend's order came to {total}, less than the reward of {reward}"


def _others(count: int, what: str) -> str:
    if not count:
        return ""
    who = "another new friend" if count == 1 else f"{count}{' or more' if count >= MOST_COUNTED else ''} other new friends"
    return f"{who} ordered {what} within {SHARED.days} days"


_SIGNS: Mapping[Signal, Callable[[Evidence], str]] = {
    Signal.SAME_ADDRESS: lambda e: f"delivered to the same address as the advocate's own order {e.address}" if e.address else "",
    Signal.SAME_DEVICE: lambda e: f"ordered on the same device as the advocate's own order {e.device}" if e.device else "",
    Signal.RING: lambda e: "the friend had brought the advocate, directly or through others" if e.is_ring else "",
    Signal.DEVICE_OF_FRIENDS: lambda e: _others(e.friends_on_device, "on the same device"),
    Signal.ADDRESS_OF_FRIENDS: lambda e: _others(e.friends_at_address, "to the same delivery address"),
    Signal.SAME_NETWORK: lambda e: (
        f"ordered from the same network as the advocate's own order {e.network}, within a day" if e.network else ""
    ),
    Signal.NETWORK_OF_FRIENDS: lambda e: (
        f"{e.friends_on_network} other new friends ordered from the same network within a day"
        if e.friends_on_network >= MANY_ON_NETWORK else ""
    ),
    Signal.MANY_AT_ONCE: lambda e: (
        f"more than {MANY_FRIENDS} friends came with this code within a day" if e.friends_of_code > MANY_FRIENDS else ""
    ),
    Signal.THROW_AWAY: lambda e: f"{e.domain} gives out addresses for a few minutes" if e.domain else "",
    Signal.LESS_THAN_REWARD: _less_than_reward,
}
