"""What arrived at the web door, as values: a hit as it came, and the message that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address, ip_network

from regulars.content.tokens import MessageRef
from regulars.loyalty.coupons import BoundCode

LONGEST_AGENT = 400
CUT_V4, CUT_V6 = 24, 48


class HitKind(StrEnum):
    """Which link was followed."""

    OPEN = "open"                # the pixel was fetched
    CLICK = "click"              # a link of the shop
    VIEW = "view"                # "view in browser"
    UNSUBSCRIBE = "unsubscribe"  # GET asks, POST acts
    REFERRAL = "referral"        # somebody's code was visited


@dataclass(frozen=True, slots=True)
class Hit:
    """One request. `network` is the address cut to /24 or /48.

    `source` says by which way somebody asked to leave: page | one-click | preferences. Empty: nobody asked.
    """

    kind: HitKind
    at: datetime
    method: str
    ref: MessageRef | None = None
    link: int = 0
    target: str | None = None
    code: str | None = None
    user_agent: str = ""
    network: str | None = None
    source: str = ""

    @property
    def leaves(self) -> bool:
        """Only a POST that says so is the wish of a person; scanners GET every link of a mail."""
        return self.kind is HitKind.UNSUBSCRIBE and bool(self.source)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What the verdict and the events need to know about the message behind a hit.

    `handed_over_at`: of the final dot, `accepted_at`: of the relay's 250, None while they have not happened.
    `marketing`, `marketing_at`: the customer's consent as it stands. `segments`: those its launch was made for.
    """

    ref: MessageRef
    customer_id: int
    campaign: str
    bundle: str
    segments: tuple[str, ...] = ()
    handed_over_at: datetime | None = None
    accepted_at: datetime | None = None
    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    marketing: str | None = None
    marketing_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it was composed: for whom, from which bundle, when, and to which address."""

    bundle: str
    launch_key: str
    customer_id: int
    email: str
    composed_at: datetime
    code: BoundCode | None = None


@lru_cache(maxsize=4096)
def network_of(address: str | None) -> str | None:
    """The neighbourhood of an address, enough to tell two networks apart, not enough to tell two people apart."""
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ip_network((parsed, CUT_V4 if parsed.version == 4 else CUT_V6), strict=False))


@lru_cache(maxsize=4096)  # a launch brings the same few thousand all day
def agent_of(header: str) -> str:
    """A User-Agent as it may be stored: printable, and of a length that nobody can fill a disk with."""
    return "".join(letter if letter.isprintable() else " " for letter in header[:LONGEST_AGENT]).strip()
