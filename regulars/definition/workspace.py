"""The marketer's files as values: Shop, Segment, Campaign, and the Workspace that holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from regulars.definition.automation import Automation
from regulars.definition.conditions import Condition, Kind
from regulars.definition.feeds import Feed
from regulars.definition.limits import Calendar, ContactLimits
from regulars.definition.programme import Offer, ReferralProgramme
from regulars.definition.quantities import Duration, Money
from regulars.definition.relays import Relay, WarmUp
from regulars.definition.wording import Mailbox, Texts
from regulars.diagnostics import Location

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Attribute:
    """A property of customers that the shop declares. `options` for one_of; `default` stands in when absent."""

    name: str
    kind: Kind
    options: tuple[str, ...] = ()
    default: str | None = None
    required: bool = False

    @property
    def may_be_absent(self) -> bool:
        return self.default is None and not self.required


@dataclass(frozen=True, slots=True)
class Scoring:
    """Weights of events and how fast they fade. Machine hits always weigh 0."""

    half_life: Duration = field(default_factory=lambda: Duration(seconds=30 * 86_400))
    open: Decimal = Decimal(0)
    click: Decimal = Decimal(3)
    order: Decimal = Decimal(10)
    unsubscribe: Decimal = Decimal(-50)


@dataclass(frozen=True, slots=True)
class Attribution:
    """An order belongs to the last mail of which the customer did `of` at most `within` before."""

    within: Duration = field(default_factory=lambda: Duration(seconds=7 * 86_400))
    of: str = "click"  # click | open | receipt


class ConsentRule(StrEnum):
    REQUIRED = "required"                      # only who said yes may be written to
    EXISTING_CUSTOMERS = "existing_customers"  # who ordered may be written to until they object


class EventField(StrEnum):
    """What a field of a declared event holds."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    YES_NO = "yes/no"
    MONEY = "money"
    DATE = "date"
    URL = "url"
    ITEMS = "items"  # a list of {sku, name, quantity, price, url, image_url}: shown like purchases


@dataclass(frozen=True, slots=True)
class Shop:
    """regulars.yaml. `address` is printed in every commercial mail; `languages[0]` is the fallback."""

    name: str
    url: str
    address: str
    locale: str
    timezone: str
    currency: str
    sender: Mailbox
    reply_to: Mailbox | None
    languages: tuple[str, ...]
    compare_in: str                               # currency in which spending is compared
    rates_file: str | None = None                 # data/rates.csv: day,currency,rate (units of compare_in for 1)
    utm: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    consent: ConsentRule = ConsentRule.REQUIRED
    topics: Mapping[str, str] = field(default_factory=lambda: NOTHING)           # key -> what a customer reads
    scoring: Scoring = Scoring()
    attribution: Attribution = Attribution()
    referral: ReferralProgramme | None = None
    relays: Mapping[str, Relay] = field(default_factory=lambda: NOTHING)         # in the order in which they stand in for each other
    warm_up: WarmUp | None = None                 # of every relay that has none of its own
    events: Mapping[str, Mapping[str, EventField]] = field(default_factory=lambda: NOTHING)  # declared: "nps.answered" -> its fields
    classes: tuple[str, ...] = ()                 # of campaigns; of mails due on one local day the first class wins
    contact_limits: ContactLimits | None = None
    hold_while: tuple[str, ...] = ()              # "support.open": from support.opened until support.closed nobody sells to them
    calendar: Calendar = field(default_factory=Calendar)
    offers: Mapping[str, Offer] = field(default_factory=lambda: NOTHING)
    sources: Mapping[str, Feed] = field(default_factory=lambda: NOTHING)         # orders | customers | products, pulled on a schedule


@dataclass(frozen=True, slots=True)
class Segment:
    name: str
    where: Condition
    description: str = ""
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SendAt:
    """A wall-clock time; in each customer's own zone when `local`, else in the shop's."""

    wall: datetime  # naive
    local: bool = False


class IfPast(StrEnum):
    NEXT_DAY = "next day"
    NOW = "now"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class RollOut:
    """A launch in two parts: `share` in per cent, or so many `mails`, first; the rest `pause` after they have left."""

    pause: Duration
    share: Decimal | None = None
    mails: int | None = None


class OnUncertain(StrEnum):
    HOLD = "hold"
    RESEND = "resend"


class CampaignKind(StrEnum):
    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"  # needs no consent, is exempt from contact limits, and may carry no offers


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign file: sent once, or an automation. `to` and `excluding` are conditions (lists of segments become
    Any_(InSegment…)); `segments` names the segments in `to` that the launch is credited to.

    An automation has no `to`, `template` and `subject` of its own: each of its Sends does, and becomes a Campaign with that
    `step` (see definition/mails.py), which is what a bundle freezes.
    """

    name: str
    to: Condition
    template: str
    subject: Texts
    segments: tuple[str, ...] = ()
    excluding: Condition | None = None
    description: str = ""
    topic: str | None = None
    preheader: Texts | None = None
    from_: Mailbox | None = None
    reply_to: Mailbox | None = None
    send_at: SendAt | None = None
    if_past: IfPast = IfPast.NEXT_DAY
    expires_after: Duration | None = None
    with_: Mapping[str, Any] = field(default_factory=lambda: NOTHING)            # str | Decimal | int | bool | date | list | mapping, as written
    on_uncertain: OnUncertain = OnUncertain.HOLD
    roll_out: RollOut | None = None
    relay: str | None = None                      # of the shop's; None: the first
    kind: CampaignKind = CampaignKind.MARKETING
    class_: str | None = None                     # of the shop's classes
    offer: str | None = None                      # of the shop's offers: one code for each message
    over_limit: Duration | None = None            # how long a mail beyond a contact limit waits for its chance; None: it is dropped
    automation: Automation | None = None
    step: str = ""                                # of a Send: its key
    cause: str | None = None                      # of a Send: the event that starts its automation
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Workspace:
    """All files of one project: typed definitions and the raw texts that templates need.

    `texts` maps every text file under templates/ and data/ to its content; `images` every picture under
    templates/images/ to its bytes. Paths are relative to the workspace, with `/`.
    """

    shop: Shop
    segments: Mapping[str, Segment]
    campaigns: Mapping[str, Campaign]
    data: Mapping[str, Any] = field(default_factory=dict)       # "testimonials" -> content of data/testimonials.yaml
    texts: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, bytes] = field(default_factory=dict)
    samples: tuple[Mapping[str, Any], ...] = ()                 # samples/customers.yaml, for previews


__all__ = [
    "Attribute", "Attribution", "Campaign", "CampaignKind", "ConsentRule", "EventField", "IfPast", "Mailbox", "Money", "OnUncertain",
    "ReferralProgramme", "RollOut", "Scoring", "Segment", "SendAt", "Shop", "Texts", "Workspace",
]
