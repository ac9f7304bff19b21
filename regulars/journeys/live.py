"""An automation as it was put live, with the launches that its mails leave by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

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
