"""Who of a segment must not be written to, and why. The first reason that fits is the one that counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from regulars.audience.only_to import EVERYBODY, OnlyTo
from regulars.definition.workspace import Campaign, CampaignKind, ConsentRule, Workspace


class Reason(StrEnum):
    """In this order: the first wins."""

    NO_CONSENT = "no_consent"                # never said yes, and the shop's rule asks for it
    UNSUBSCRIBED = "unsubscribed"            # said no: to everything, or to this topic
    SUPPRESSED = "suppressed"                # on the list of addresses never to write to
    INVALID_ADDRESS = "invalid_address"      # no mail can reach what stands there
    ALREADY_RECEIVED = "already_received"    # an earlier launch of this campaign wrote to them
    EXCEPTED = "excepted"                    # in a segment under the campaign's `except`
    SEND_TIME_PAST = "send_time_past"        # `send_at` has gone by where they live, and `if_past` says skip
    NOT_IN_ONLY_TO = "not_in_only_to"        # REGULARS_ONLY_TO is set and does not name them
    OVER_LIMIT = "over_limit"                # beyond --limit


IN_WORDS: Mapping[Reason, str] = {
    Reason.NO_CONSENT: "never agreed to marketing mail",
    Reason.UNSUBSCRIBED: "unsubscribed",
    Reason.SUPPRESSED: "on the suppression list",
    Reason.INVALID_ADDRESS: "has no address that works",
    Reason.ALREADY_RECEIVED: "got this campaign before",
    Reason.EXCEPTED: "in the campaign's `except`",
    Reason.SEND_TIME_PAST: "the send time has passed where they live",
    Reason.NOT_IN_ONLY_TO: "not in REGULARS_ONLY_TO",
    Reason.OVER_LIMIT: "beyond --limit",
}


@dataclass(frozen=True, slots=True)
class Question:
    """Who would a launch of this campaign write to? `again`: also those who got it before. `limit`: at most so many. `only_to`: what the settings allow."""

    campaign: Campaign
    workspace: Workspace
    as_of: datetime
    again: bool = False
    limit: int | None = None
    only_to: OnlyTo = EVERYBODY


@dataclass(frozen=True, slots=True)
class Funnel:
    """`excluded` holds every reason that fits somebody, in the order of Reason."""

    selected: int
    excluded: Mapping[Reason, int]

    @property
    def final(self) -> int:
        return self.selected - sum(self.excluded.values())


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a customer decides whether mail may go to them. `topic`: their last word on the campaign's. `suppressed`: for mail of its kind."""

    marketing: str | None
    topic: str | None
    has_ordered: bool
    suppressed: bool
    address_valid: bool


def has_bought(orders: int, spent: int) -> bool:
    """A sum below zero is of goods brought back by somebody who bought before the shop's files begin."""
    return orders > 0 or spent < 0


def objection(standing: Standing, rule: ConsentRule, kind: CampaignKind = CampaignKind.MARKETING) -> Reason | None:
    """The reason not to write to them now; SQL says the same in adapters/database/eligibility.py. For what is transactional
    nobody is asked whether they agree."""
    if kind is CampaignKind.MARKETING and (refusal := _refusal(standing, rule)):
        return refusal
    if standing.suppressed:
        return Reason.SUPPRESSED
    return None if standing.address_valid else Reason.INVALID_ADDRESS


def _refusal(standing: Standing, rule: ConsentRule) -> Reason | None:
    if standing.marketing != "withdrawn" and not _agreed(standing, rule):
        return Reason.NO_CONSENT
    return Reason.UNSUBSCRIBED if "withdrawn" in {standing.marketing, standing.topic} else None


def _agreed(standing: Standing, rule: ConsentRule) -> bool:
    if standing.marketing == "granted":
        return True
    return rule is ConsentRule.EXISTING_CUSTOMERS and standing.marketing is None and standing.has_ordered
