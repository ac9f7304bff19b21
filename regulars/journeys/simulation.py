"""What automations would have done with one customer: the values that a simulation keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.definition.mails import campaign_of, sends_of
from regulars.definition.workspace import Campaign, Workspace
from regulars.journeys.applying import segments_used
from regulars.journeys.live import LiveAutomation


@dataclass(frozen=True, slots=True)
class PostedMail:
    """`ref`: launch and number, as they order what is due at one moment. `campaign`: of the step."""

    ref: tuple[int, int]
    customer_id: int
    campaign: Campaign
    occurrence: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails of one launch that are due."""

    campaign: Campaign
    mails: Sequence[PostedMail]


@dataclass(frozen=True, slots=True)
class Posted:
    """`reason`: why it did not go; None: it went. `held`: what put it off before, time by time."""

    mail: PostedMail
    at: datetime
    reason: str | None
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    campaign: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one customer. `skipped`: (automation, reason) of steps that made no mail; `ended`: of journeys; `under_way`, `waiting`:
    journeys and mails that were open when the time was over."""

    customer_id: int
    begun: tuple[Begun, ...]
    posted: tuple[Posted, ...]
    skipped: tuple[tuple[str, str], ...]
    ended: tuple[tuple[str, str], ...]
    under_way: tuple[str, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class Programme:
    """All automations of the files as if they had been put live at `since`. `mails`: by launch id, which they have for this alone."""

    workspace: Workspace
    since: datetime
    until: datetime
    automations: Mapping[str, LiveAutomation]
    mails: Mapping[int, Campaign]


def programme_of(campaigns: Sequence[Campaign], workspace: Workspace, since: datetime, until: datetime) -> Programme:
    automations: dict[str, LiveAutomation] = {}
    mails: dict[int, Campaign] = {}
    for campaign in sorted(campaigns, key=lambda each: each.name):  # as they are put live
        assert campaign.automation is not None
        own = {}
        for send in sends_of(campaign.automation.steps):
            own[send.key] = len(mails) + 1
            mails[own[send.key]] = campaign_of(campaign, send)
        used = segments_used(campaign, workspace.segments)
        automations[campaign.name] = LiveAutomation(campaign, 1, workspace.shop, used, own, since)
    return Programme(workspace, since, until, automations, mails)
