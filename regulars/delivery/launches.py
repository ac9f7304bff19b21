"""A launch as a value: one campaign, sent once, to the people of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from regulars.definition.workspace import CampaignKind, OnUncertain, RollOut
from regulars.delivery.life import LaunchState, State
from regulars.delivery.roll_out import RollOutState


@dataclass(frozen=True, slots=True)
class Launch:
    """`key`: random letters in every Message-ID. `plan`: the funnel as it was shown. `recipients`: messages made.
    `kind`, `topic` and `class_`: what consent and contact limits go by; of the campaign, as it was launched. `step`: of an automation,
    whose launches go on for ever."""

    id: int
    campaign: str
    key: str
    bundle: str
    state: LaunchState
    state_reason: str | None
    segments: tuple[str, ...]
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    on_uncertain: OnUncertain
    options: Mapping[str, Any]
    plan: Mapping[str, Any] | None
    recipients: int
    roll_out: RollOutState | None = None
    kind: CampaignKind = CampaignKind.MARKETING
    topic: str | None = None
    class_: str | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the files of a bundle came from: `dirty` when they differ from the commit."""

    commit: str
    author: str
    dirty: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What a launch is made of before it has a number."""

    campaign: str
    key: str
    bundle: str
    segments: tuple[str, ...]
    created_at: datetime
    created_by: str
    on_uncertain: OnUncertain
    options: Mapping[str, Any]
    roll_out: RollOut | None = None
    kind: CampaignKind = CampaignKind.MARKETING
    topic: str | None = None
    class_: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a launch is. `reasons`: of messages that ended unsent or were put off. `next_due`: of the earliest pending one.
    `replies`: by reason, what a relay said to one of them."""

    states: Mapping[State, int]
    reasons: Mapping[str, int] = field(default_factory=dict)
    next_due: datetime | None = None
    replies: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.states.values())

    def of(self, *states: State) -> int:
        return sum(self.states.get(state, 0) for state in states)
