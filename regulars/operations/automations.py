"""Where automations stand: who entered, who waits where, how journeys ended, and whether a file says something else by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from regulars.content.compilation import Cache, MailCompiler
from regulars.definition.workspace import Campaign, Workspace
from regulars.delivery.life import State
from regulars.diagnostics import did_you_mean
from regulars.errors import UsageError, WorkspaceBroken
from regulars.journeys.live import Applied, AutomationState
from regulars.journeys.program import program_of
from regulars.journeys.records import PassedOver, Waiting
from regulars.journeys.wording import step_in_words, trigger_in_words
from regulars.operations.apply import Registers, automations_of, digest_of

WEEK = timedelta(days=7)


class Drift(StrEnum):
    """What the files say, held against what is live."""

    SAME = "same"
    CHANGED = "changed"       # regulars apply would make another edition
    GONE = "gone"             # no file has it any more
    BROKEN = "broken"         # its files have findings
    NOT_LIVE = "not applied"  # there is a file, and it was never applied


@dataclass(frozen=True, slots=True)
class Line:
    """Of one automation. `edition`: 0 when it was never applied. `entered`: today in the shop, and in seven days."""

    campaign: str
    state: str
    edition: int
    drift: Drift
    trigger: str = ""
    entered: tuple[int, int] = (0, 0)
    under_way: int = 0
    next_due: datetime | None = None
    applied: Applied | None = None

    def as_json(self) -> dict[str, Any]:
        applied = self.applied
        return {
            "automation": self.campaign, "state": self.state, "state_reason": applied.reason if applied else None, "edition": self.edition,
            "files": self.drift.value, "trigger": self.trigger, "entered": {"today": self.entered[0], "seven_days": self.entered[1]},
            "under_way": self.under_way, "next_due": _iso(self.next_due), "since": _iso(applied.since if applied else None),
            "applied_at": _iso(applied.applied_at if applied else None), "applied_by": applied.applied_by if applied else None,
            "live_since": _iso(applied.live_since if applied else None), "watched_at": _iso(applied.watched_at if applied else None),
        }


@dataclass(frozen=True, slots=True)
class StepLine:
    """`waiting`: who comes to it next. `left`: whose journey ended there before its time. `outcomes`: what the step did, how often."""

    key: str
    words: str
    waiting: int
    left: int
    outcomes: Mapping[str, int]
    mails: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.key, "words": self.words, "next": self.waiting, "left": self.left, "outcomes": dict(self.outcomes),
            "mails": dict(self.mails),
        }


@dataclass(frozen=True, slots=True)
class Detail:
    line: Line
    steps: tuple[StepLine, ...]
    ended: Mapping[str, int]
    editions: Mapping[int, int]  # of those under way
    passed_over: tuple[PassedOver, ...]

    @property
    def has_failures(self) -> bool:
        """Mails that should have arrived and did not, or that wait for somebody's word."""
        return any(step.mails.get(state.value) for step in self.steps for state in (State.REJECTED, State.HELD, State.EXPIRED))

    def as_json(self) -> dict[str, Any]:
        return self.line.as_json() | {
            "steps": [step.as_json() for step in self.steps], "ended": dict(self.ended),
            "editions": {str(edition): count for edition, count in self.editions.items()},
            "passed_over": [{"day": one.day.isoformat(), "customers": one.customers, "reason": one.reason} for one in self.passed_over],
        }


@dataclass(frozen=True, slots=True)
class Files:
    """`workspace`: None while the files have findings: what is live goes on and can be steered all the same."""

    workspace: Workspace | None
    compiler: MailCompiler
    timezone: str

    @property
    def automations(self) -> list[Campaign]:
        return automations_of(self.workspace) if self.workspace else []

    def campaign(self, name: str) -> Campaign | None:
        return self.workspace.campaigns.get(name) if self.workspace else None


def overview(files: Files, registers: Registers, now: datetime) -> list[Line]:
    """All that were applied, and those that only have a file, by name."""
    applied = {each.campaign: each for each in registers.automations.applied()}
    zone = ZoneInfo(files.timezone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    today, week = registers.records.entered(midnight), registers.records.entered(now - WEEK)
    waiting = registers.records.under_way()
    compiled: Cache = {}
    lines = []
    for name in sorted({*applied, *(campaign.name for campaign in files.automations)}):
        entered = (today.get(name, 0), week.get(name, 0))
        lines.append(_line(name, applied.get(name), files, compiled, registers, entered, waiting.get(name, ())))
    return lines


def detail(name: str, files: Files, registers: Registers, now: datetime) -> Detail:
    """Raises UsageError for what was never applied."""
    applied = applied_named(name, files, registers)
    line = next(line for line in overview(files, registers, now) if line.campaign == name)
    records = registers.records
    waiting, outcomes, mails, left = records.under_way(name).get(name, ()), records.outcomes(name), records.mails(name), records.left_at(name)
    live = registers.automations.editions([(name, applied.edition)])[name, applied.edition]
    words = {step.key: step_in_words(step) for step in program_of(live.automation)}
    standing = {key: sum(each.count for each in waiting if each.step == key) for key in {each.step for each in waiting}}
    keys = dict.fromkeys([*words, *sorted({*standing, *outcomes, *mails} - {""})])
    steps = tuple(
        StepLine(key, words.get(key, "of an earlier edition"), standing.get(key, 0), left.get(key, 0), outcomes.get(key, {}), mails.get(key, {}))
        for key in keys
    )
    editions = {number: sum(each.count for each in waiting if each.edition == number) for number in sorted({each.edition for each in waiting})}
    return Detail(line, steps, records.ended(name), editions, tuple(records.passed_over(name)))


def enable(name: str, files: Files, registers: Registers, now: datetime) -> bool:
    """Whether it had been disabled. Raises UsageError for what was never applied."""
    applied_named(name, files, registers)
    return registers.automations.enable(name, now)


def disable(name: str, files: Files, registers: Registers, *, by: str) -> bool:
    """Whether it had been enabled. Raises UsageError for what was never applied."""
    applied_named(name, files, registers)
    return registers.automations.disable(name, f"disabled by {by}")


def applied_named(name: str, files: Files, registers: Registers) -> Applied:
    applied = {each.campaign: each for each in registers.automations.applied()}
    if name in applied:
        return applied[name]
    if (campaign := files.campaign(name)) is not None and campaign.automation is not None:
        raise UsageError(f'"{name}" is not live yet', hint=f"put it live with: regulars apply {name}")
    if campaign is not None:
        raise UsageError(f'"{name}" is sent once and is no automation', hint=f"see: regulars status {name}")
    raise UsageError(f'there is no automation "{name}"', hint=did_you_mean(name, list(applied), "regulars automations list shows all"))


def _line(
    name: str, applied: Applied | None, files: Files, compiled: Cache, registers: Registers, entered: tuple[int, int],
    waiting: Sequence[Waiting],
) -> Line:
    drift = _drift(name, applied, files, compiled)
    if applied is None:
        campaign = files.campaign(name)
        assert campaign is not None
        assert campaign.automation is not None
        return Line(name, "not live", 0, drift, trigger_in_words(campaign.automation.trigger))
    live = registers.automations.editions([(name, applied.edition)])[name, applied.edition]
    next_due = min((each.due_at for each in waiting if each.due_at is not None), default=None)
    return Line(
        name, applied.state.value, applied.edition, drift, trigger_in_words(live.automation.trigger), entered,
        sum(each.count for each in waiting), next_due if applied.state is AutomationState.LIVE else None, applied,
    )


def _drift(name: str, applied: Applied | None, files: Files, compiled: Cache) -> Drift:
    if files.workspace is None:
        return Drift.BROKEN
    campaign = files.campaign(name)
    if campaign is None or campaign.automation is None:
        return Drift.GONE
    if applied is None:
        return Drift.NOT_LIVE
    try:
        return Drift.SAME if digest_of(campaign, files.workspace, files.compiler, compiled) == applied.hash else Drift.CHANGED
    except WorkspaceBroken:
        return Drift.BROKEN


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
