"""An automation as it was put live, with the launches that its mails leave by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from regulars.definition.automation import Automation
from regulars.definition.workspace import Campaign, Segment, Shop


@dataclass(frozen=True, slots=True)
class LiveAutomation:
    """One edition of one automation. `mails`: key of each Send -> id of its launch. `live_since`: what happened before starts nothing;
    None: disabled, nobody enters and nobody goes on."""

    campaign: Campaign
    edition: int
    shop: Shop
    segments: Mapping[str, Segment]
    mails: Mapping[str, int]
    live_since: datetime | None

    @property
    def name(self) -> str:
        return self.campaign.name

    @property
    def automation(self) -> Automation:
        assert self.campaign.automation is not None
        return self.campaign.automation


class AutomationState(StrEnum):
    LIVE = "live"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Applied:
    """What the database says of an automation that was put live once. `hash`: of the newest edition's definition and bundles.

    `since`: of its first edition; `applied_at`: of the newest. `watched_at`: up to here it was looked for those whose moment had come.
    """

    campaign: str
    edition: int
    state: AutomationState
    reason: str | None
    applied_at: datetime
    applied_by: str
    live_since: datetime | None
    watched_at: datetime | None
    hash: str
    since: datetime


@dataclass(frozen=True, slots=True)
class MailDraft:
    """The mail of one Send. `campaign`: with its `step`. `key`: random letters, for the launch if it needs a new one."""

    campaign: Campaign
    bundle: str
    key: str


@dataclass(frozen=True, slots=True)
class EditionDraft:
    """An edition before it has a number. `definition`: campaign, segments and shop as text; `after`: the edition that it was compared
    with, 0 for none. `moves`: of each older edition that comes along, key of a step -> the step at which who is there goes on, or
    None: they end. `restarts`: those of older editions begin again. `watches_anew`: what it looks for is not what it looked for before.
    `takes_everyone`: who is in it now enters. `commit`: git's commit and author, and whether files differed from it."""

    campaign: Campaign
    definition: str
    hash: str
    mails: tuple[MailDraft, ...]
    after: int
    by: str
    at: datetime
    moves: Mapping[int, Mapping[str, str | None]] = field(default_factory=lambda: MappingProxyType({}))
    restarts: bool = False
    watches_anew: bool = False
    takes_everyone: bool = False
    commit: tuple[str, str, bool] | None = None
