"""An automation as values: what starts it, its steps one after another, and what ends it early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from regulars.definition.conditions import Condition, LineField, Test
from regulars.definition.quantities import Duration
from regulars.definition.wording import Mailbox, Texts
from regulars.diagnostics import Location

NOTHING: Mapping[str, Any] = MappingProxyType({})

# What a shop's systems and this program tell of themselves; a shop declares further events in regulars.yaml.
BUILT_IN_EVENTS = (
    "order.placed", "order.paid", "order.shipped", "order.delivered", "order.cancelled", "order.refunded", "cart.updated", "cart.emptied",
    "wishlist.added", "wishlist.removed", "subscribed", "product.price_dropped", "product.back_in_stock",
    "referral.ordered", "referral.confirmed", "referral.rewarded", "referral.reversed", "referral.milestone",
)
# Not told by anybody: a beat looks whom the moment has come for.
WATCHED = ("segment.entered", "birthday", "replenishment.due", "score.crossed", "schedule")


@dataclass(frozen=True, slots=True)
class Schedule:
    """`every Monday 10:00`, `every day 10:00 local`, `every month on 1 at 10:00`, or `7 days before kurban-bayrami 10:00`."""

    at: time
    weekdays: tuple[int, ...] = ()        # 0 is Monday; () is every day
    day_of_month: int | None = None
    occasion: str | None = None           # of the calendar
    before: Duration | None = None        # the occasion
    local: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """`event`: of BUILT_IN_EVENTS, WATCHED or the shop's own. The other fields narrow it; all that are given must hold."""

    event: str
    nth: int | None = None                                              # order.placed: the customer's first, second … order
    where: tuple[tuple[LineField, tuple[Test, ...]], ...] = ()          # order.*: at least one line of the order matches
    fields: tuple[tuple[str, tuple[Test, ...]], ...] = ()               # declared events: {score: {at_least: 9}}
    segment: str | None = None                                          # segment.entered, and score.crossed of a segment
    before: Duration | None = None                                      # birthday, replenishment.due: so long before
    at_least: Decimal | None = None                                     # score.crossed: upwards through this
    schedule: Schedule | None = None
    at: Location | None = field(default=None, compare=False)


class Days(StrEnum):
    ANY = "any day"
    WEEKDAYS = "weekdays"
    WEEKENDS = "weekends"


@dataclass(frozen=True, slots=True)
class Wait:
    """So long, then until that time of day (in the customer's own zone when `local`, else the shop's), then until such a day."""

    key: str
    duration: Duration | None = None
    until: time | None = None
    local: bool = False
    days: Days = Days.ANY
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Until the event happens to the customer, at most so long; either way it goes on, and conditions can ask what happened."""

    key: str
    event: str
    at_most: Duration
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class WaitQuiet:
    """Until the event has not happened to the customer for so long: a cart that nobody touches any more."""

    key: str
    event: str
    quiet: Duration
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Send:
    """One mail. What it does not say itself the campaign says."""

    key: str
    template: str
    subject: Texts
    preheader: Texts | None = None
    from_: Mailbox | None = None
    reply_to: Mailbox | None = None
    offer: str | None = None
    topic: str | None = None
    with_: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class If:
    key: str
    condition: Condition
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...] = ()
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Split:
    """Customers divided at random, each for good: `parts` are (per cent, steps), the remaining ones take `rest`."""

    key: str
    parts: tuple[tuple[Decimal, tuple[Step, ...]], ...]
    rest: tuple[Step, ...] = ()
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SetAttributes:
    """Declared attributes to values as JSON holds them."""

    key: str
    values: Mapping[str, Any]
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Tag:
    key: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A signed POST of the journey, its trigger and the customer as JSON."""

    key: str
    url: str
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Notify:
    """A few lines by mail to the team."""

    key: str
    address: str
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class StopMailing:
    """Never write to them again; the reason goes to the suppression list."""

    key: str
    reason: str
    at: Location | None = field(default=None, compare=False)


Step = Wait | WaitFor | WaitQuiet | Send | If | Split | SetAttributes | Tag | Webhook | Notify | StopMailing
"""Each has a key of its own within the automation, at most 32 letters: its `name:`, or made of its kind, template and place."""


class OnePer(StrEnum):
    CUSTOMER = "customer"
    ORDER = "order"


class OnStart(StrEnum):
    NEW_MEMBERS = "new members only"
    EVERYONE = "everyone in it now"


class Recheck(StrEnum):
    NEVER = "never"
    EVERY_SEND = "every send"


class OnChange(StrEnum):
    """What a changed file does to those on their way when it is applied."""

    FINISH_OLD = "finish_old"  # they finish by the file that they began with
    MOVE = "move"              # they go on by the new one, from the step of the same key
    RESTART = "restart"        # they begin again


@dataclass(frozen=True, slots=True)
class Automation:
    """`again`: so long after the last entry the same customer may enter again; None: never. `when`: who may enter at all.

    `leave_when`: events that end the journey. `entry_window`: only live events younger than that start anything.
    """

    trigger: Trigger
    steps: tuple[Step, ...]
    when: Condition | None = None
    one_per: OnePer = OnePer.CUSTOMER
    again: Duration | None = None
    on_start: OnStart = OnStart.NEW_MEMBERS
    recheck: Recheck = Recheck.NEVER
    leave_when: tuple[str, ...] = ()
    not_later_than: Duration = field(default_factory=lambda: Duration(seconds=3 * 86_400))
    on_change: OnChange = OnChange.FINISH_OLD
    entry_window: Duration = field(default_factory=lambda: Duration(seconds=86_400))


__all__ = [
    "BUILT_IN_EVENTS",
    "WATCHED",
    "Automation",
    "Days",
    "If",
    "Notify",
    "OnChange",
    "OnStart",
    "OnePer",
    "Recheck",
    "Schedule",
    "Send",
    "SetAttributes",
    "Split",
    "Step",
    "StopMailing",
    "Tag",
    "Trigger",
    "Wait",
    "WaitFor",
    "WaitQuiet",
    "Webhook",
]
