"""One customer as the records tell them, with the times of everything: enough to live a stretch of time again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from regulars.audience.view import CustomerView, Line
from regulars.journeys.contact import Contact
from regulars.journeys.effects import Person

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Bought:
    """An order or a refund. It counts as `audience.view.Line` says. `total`: in 1/10,000 of the compare currency.

    `moments`: kind (placed, paid …) -> when that happened to it. `usual_gap`: days that the goods in it last.
    """

    key: int
    order_id: str
    at: datetime
    is_refund: bool
    counts_from: datetime | None
    counts_until: datetime | None
    total: int
    moments: Mapping[str, datetime] = field(default_factory=lambda: NOTHING)
    lines: tuple[Line, ...] = ()
    usual_gap: int | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """An event of the timeline. `segments`: those that the launch it reacts to was made for."""

    kind: str
    at: datetime
    source: str
    source_id: str
    data: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    verdict: str | None = None
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """What they said about marketing mail: granted, withdrawn or pending. `topic`: None for all of it."""

    at: datetime
    state: str
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """`view`: what has no history, or all of it: the person, attributes, lines, receipts from before and reactions.

    `marketing`: their word where the ledger of consents is silent. `born`: 517 for 17 May. `suppressed`: since when, and why.
    `contacts`: mail that went to them before. All tuples with the oldest first.
    """

    person: Person
    view: CustomerView
    created_at: datetime
    born: int | None = None
    marketing: str | None = None
    address_valid: bool = True
    words: tuple[Word, ...] = ()
    tags: tuple[tuple[datetime, str], ...] = ()
    suppressed: tuple[tuple[datetime, str], ...] = ()
    bought: tuple[Bought, ...] = ()
    noted: tuple[Noted, ...] = ()
    contacts: tuple[Contact, ...] = ()
