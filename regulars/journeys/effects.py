"""What steps do, as values: the store writes them in one transaction with the journey that moved on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView
from regulars.journeys.journey import Journey

NOTHING: Mapping[str, Any] = MappingProxyType({})

# Outcomes of a step.
DONE, SKIPPED, LEFT = "done", "skipped", "left"
TOOK_THEN, TOOK_ELSE = "then", "else"
BEGUN, HAPPENED, ELAPSED = "begun", "happened", "elapsed"


@dataclass(frozen=True, slots=True)
class StepDone:
    """`kind`: send | wait | if | split | set | tag | webhook | notify | stop_mailing | leave. `at`: when its turn was."""

    step: str
    kind: str
    outcome: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MailDue:
    """A message of a step's launch. `lane`: the group of domains that `domain` belongs to. Nobody sends it after `expires`."""

    step: str
    launch_id: int
    email: str
    domain: str
    lane: str
    due: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Numbered:
    """The message that a step made."""

    launch_id: int
    number: int


@dataclass(frozen=True, slots=True)
class Errand:
    """`kind`: webhook | notify."""

    step: str
    kind: str
    target: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Advance:
    """`journey`: as it stands afterwards. `attributes`: to be set; `tags` and `untags`: to be added and taken away;
    `suppression`: why nobody writes to the customer any more."""

    journey: Journey
    steps: tuple[StepDone, ...] = ()
    mails: tuple[MailDue, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    tags: tuple[str, ...] = ()
    untags: tuple[str, ...] = ()
    suppression: str | None = None
    errands: tuple[Errand, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """`email` is None for who was erased."""

    customer_id: int
    email: str | None
    domain: str = ""
    timezone: str | None = None
    country: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the customer's timeline."""

    kind: str
    at: datetime
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of a customer when their turn comes. `view` and `frame`: as far as the automation's conditions ask.
    `told`: those events that its steps wait for, oldest first. `sent`: steps of this journey that made a mail already.
    `doubt`: from when until when what was due was perhaps done, before a backup was restored."""

    person: Person
    frame: Frame
    view: CustomerView | None = None
    told: tuple[Told, ...] = ()
    sent: frozenset[str] = frozenset()
    doubt: tuple[datetime, datetime] | None = None
