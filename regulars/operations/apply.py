"""Puts automations live: what the files would change, the guards, and the taking of it in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from regulars.audience.eligibility import Funnel, Question
from regulars.audience.only_to import OnlyTo
from regulars.content import canonical
from regulars.content.bundle import Bundle, freeze
from regulars.content.compilation import Cache, MailCompiler
from regulars.content.offers import offer_of
from regulars.definition.automation import Automation, OnChange
from regulars.definition.conditions import All
from regulars.definition.mails import mails_of
from regulars.definition.workspace import Campaign, Workspace
from regulars.delivery.launches import Origin
from regulars.delivery.schedule import timetable
from regulars.diagnostics import did_you_mean
from regulars.errors import Refused, UsageError
from regulars.journeys.applying import (
    SURGE,
    USUAL_DAYS,
    Effect,
    Status,
    StepChange,
    Turn,
    effect_on,
    most_at_once,
    places,
    segments_used,
    settings_compared,
    steps_compared,
    takes_everyone,
    turn_of,
    watches_anew,
)
from regulars.journeys.live import Applied, EditionDraft, LiveAutomation, MailDraft
from regulars.journeys.records import Waiting
from regulars.journeys.watching import MEMBERSHIPS, watched_condition
from regulars.operations.coupons import refuse_without_codes
from regulars.operations.plan import Desk, frozen
from regulars.operations.ports import Automations, Bundles, Coupons, JourneyRecords, Watchtower

ONE_DAY = timedelta(days=1)
NO_EFFECT = Effect()


@dataclass(frozen=True, slots=True)
class Registers:
    """What is live, and who is on their way."""

    automations: Automations
    records: JourneyRecords
    tower: Watchtower


@dataclass(frozen=True, slots=True)
class Entering:
    """How many are in what the automation watches; of them, how many may enter; and of those, how many would when it is applied.
    `usual`: how many entered on a day lately."""

    inside: int
    allowed: int
    now: int
    usual: float

    @property
    def is_surge(self) -> bool:
        return self.now > most_at_once(self.usual)

    def as_json(self) -> dict[str, Any]:
        return {"inside": self.inside, "allowed": self.allowed, "now": self.now, "usual_per_day": round(self.usual, 1), "held": self.is_surge}


@dataclass(frozen=True, slots=True)
class Change:
    """`edition`: that is live now, 0 for none. `waiting`: who is on their way, where. `entering`: where a look finds whom to let in.
    `draft` and `bundles`: of what is new or changed."""

    campaign: str
    status: Status
    edition: int
    is_live: bool
    steps: tuple[StepChange, ...] = ()
    settings: tuple[str, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    effect: Effect = NO_EFFECT
    on_change: OnChange | None = None
    entering: Entering | None = None
    draft: EditionDraft | None = None
    bundles: tuple[Bundle, ...] = ()

    @property
    def under_way(self) -> int:
        return sum(each.count for each in self.waiting)

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign, "change": self.status.value, "edition": self.edition, "state": "live" if self.is_live else "disabled",
            "steps": [step.as_json() for step in self.steps], "settings": list(self.settings), "under_way": self.under_way,
            "on_change": self.on_change.value if self.on_change else None, "effect": self.effect.as_json(),
            "entering": self.entering.as_json() if self.entering else None,
        }


def compare(
    names: Sequence[str], workspace: Workspace, desk: Desk, registers: Registers, *, key: Callable[[], str], by: str, now: datetime
) -> list[Change]:
    """Of the automations named, or of all and those whose files are gone. Raises UsageError, and WorkspaceBroken with what `check` finds."""
    applied = {each.campaign: each for each in registers.automations.applied()}
    chosen = [automation_named(workspace, name) for name in names] if names else automations_of(workspace)
    changes = [_compared(campaign, applied.get(campaign.name), workspace, desk, registers, key, by, now) for campaign in chosen]
    return [*changes, *_gone(applied, workspace, registers)] if not names else changes


def refuse_surge(changes: Sequence[Change], allowed: int | None) -> None:
    """Raises Refused when more would enter at once than five times as on a usual day, and nobody said that number."""
    for change in changes:
        entering = change.entering
        if change.draft is not None and entering is not None and entering.is_surge and (allowed is None or entering.now > allowed):
            usual = f"{entering.usual:,.1f} enter on a usual day" if entering.usual else "there is no usual day to compare with"
            raise Refused(
                f'{entering.now:,} customers would enter "{change.campaign}" at once, and {usual}; more than {SURGE} times as many are held',
                hint=f"when that is what you want: regulars apply {change.campaign} --yes-enter {entering.now}; "
                "else write on_start: new members only",
            )


def refuse_without_offers(changes: Sequence[Change], workspace: Workspace, coupons: Coupons, now: datetime) -> None:
    """Raises Refused for an offer that is over, and for one that has no code for each of those who would enter now, or for one of them."""
    for change in changes:
        if change.draft is not None:
            needed = max(1, change.entering.now if change.entering else 0)
            for mail in mails_of(workspace.campaigns[change.campaign]):
                refuse_without_codes(offer_of(mail, workspace.shop), needed, workspace.shop, coupons, now)


def put_live(changes: Sequence[Change], automations: Automations, bundles: Bundles, origin: Origin | None, now: datetime) -> Mapping[str, int]:
    """Campaign -> its new edition. All of them, or none. Raises Refused when somebody else was quicker."""
    drafts = []
    for change in changes:
        if change.draft is None:
            continue
        for bundle in change.bundles:
            bundles.keep(bundle, change.campaign, origin, now)
        commit = (origin.commit, origin.author, origin.dirty) if origin else None
        drafts.append(replace(change.draft, commit=commit))
    return automations.put_live(drafts)


def automations_of(workspace: Workspace) -> list[Campaign]:
    return [campaign for campaign in workspace.campaigns.values() if campaign.automation is not None]


def automation_named(workspace: Workspace, name: str) -> Campaign:
    """Raises UsageError with the nearest name, or with what to do with a campaign that is sent once."""
    campaign = workspace.campaigns.get(name)
    if campaign is None:
        known = [each.name for each in automations_of(workspace)]
        raise UsageError(f'there is no automation "{name}"', hint=did_you_mean(name, known, "a campaign with a trigger and steps is one"))
    if campaign.automation is None:
        raise UsageError(f'"{name}" is sent once and is no automation', hint=f"send it with: regulars launch {name}")
    return campaign


def _compared(
    campaign: Campaign, applied: Applied | None, workspace: Workspace, desk: Desk, registers: Registers, key: Callable[[], str], by: str,
    now: datetime,
) -> Change:
    mails = [(mail, frozen(workspace, mail, desk)) for mail in mails_of(campaign)]
    segments = segments_used(campaign, workspace.segments)
    definition = _definition(campaign, workspace)
    digest = _digest(definition, mails)
    edition = applied.edition if applied else 0
    old = registers.automations.editions([(campaign.name, edition)]).get((campaign.name, edition))
    status = Status.NEW if old is None else Status.UNCHANGED if applied and applied.hash == digest else Status.CHANGED
    waiting = tuple(registers.records.under_way(campaign.name).get(campaign.name, ()))
    change = Change(
        campaign.name, status, edition, applied is None or applied.live_since is not None,
        steps_compared(campaign, old.campaign if old else None, _mails_changed(mails, old, registers.automations)), waiting=waiting,
        entering=_entering(campaign, old, applied, workspace, registers, now),
    )
    if status is Status.UNCHANGED:
        return change
    drafts = tuple(MailDraft(mail, bundle.hash, key()) for mail, bundle in mails)
    draft = EditionDraft(campaign, definition, digest, drafts, edition, by, now)
    automation, older = _automation(campaign), _older(campaign, waiting, registers.automations)
    standing = {(each.edition, each.step): each.count for each in waiting}
    turn = turn_of(automation, older)
    return replace(
        change,
        settings=settings_compared(campaign, old.campaign, (workspace.shop, segments), (old.shop, old.segments)) if old else (),
        effect=effect_on(automation, older, standing), on_change=turn if waiting else None,
        bundles=tuple({bundle.hash: bundle for _, bundle in mails}.values()),
        draft=replace(
            draft, restarts=turn is OnChange.RESTART,
            moves={number: places(automation, then) for number, then in older.items()} if turn is OnChange.MOVE else {},
            watches_anew=watches_anew(automation, old.automation if old else None),
            takes_everyone=takes_everyone(automation, old.automation if old else None),
        ),
    )


def digest_of(campaign: Campaign, workspace: Workspace, compiler: MailCompiler, compiled: Cache) -> str:
    """Equal to a live edition's when applying would change nothing. Raises WorkspaceBroken for templates with errors."""
    return _digest(_definition(campaign, workspace), [(mail, freeze(workspace, mail, compiler, compiled)) for mail in mails_of(campaign)])


def _definition(campaign: Campaign, workspace: Workspace) -> str:
    kept = {"campaign": campaign, "segments": segments_used(campaign, workspace.segments), "shop": workspace.shop}
    return canonical.dumped(kept).decode()


def _digest(definition: str, mails: Sequence[tuple[Campaign, Bundle]]) -> str:
    lines = [definition, *sorted(f"{mail.step} {bundle.hash}" for mail, bundle in mails)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _mails_changed(
    mails: Sequence[tuple[Campaign, Bundle]], old: LiveAutomation | None, automations: Automations
) -> frozenset[str]:
    """Sends whose frozen files are not those of the live edition, whatever of them it was that changed."""
    if old is None:
        return frozenset()
    sent = automations.bundles(list(old.mails.values()))
    return frozenset(mail.step for mail, bundle in mails if mail.step in old.mails and sent[old.mails[mail.step]] != bundle.hash)


def _older(campaign: Campaign, waiting: Sequence[Waiting], automations: Automations) -> dict[int, Automation]:
    """Every edition that somebody is on their way by."""
    editions = automations.editions({(campaign.name, each.edition) for each in waiting})
    return {number: live.automation for (_, number), live in editions.items()}


def _entering(
    campaign: Campaign, old: LiveAutomation | None, applied: Applied | None, workspace: Workspace, registers: Registers, now: datetime
) -> Entering | None:
    """None where nobody is looked for by what they are: they enter one by one, as things happen."""
    automation = _automation(campaign)
    if automation.trigger.event not in MEMBERSHIPS:
        return None
    before = old.automation if old else None
    everyone = takes_everyone(automation, before)
    live = LiveAutomation(campaign, 0, workspace.shop, segments_used(campaign, workspace.segments), {}, now)
    inside, allowed, enter = registers.tower.entering(live, now, everyone=everyone)
    if not everyone and watches_anew(automation, before):
        enter = 0
    return Entering(inside, allowed, enter, usual_per_day(campaign.name, applied, registers.records, now))


def usual_per_day(campaign: str, applied: Applied | None, records: JourneyRecords, now: datetime) -> float:
    """Over the last four weeks, or since it was put live."""
    if applied is None:
        return 0.0
    days = min(max((now - applied.since) / ONE_DAY, 1.0), float(USUAL_DAYS))
    return records.entered(now - USUAL_DAYS * ONE_DAY).get(campaign, 0) / days


def _gone(applied: Mapping[str, Applied], workspace: Workspace, registers: Registers) -> Iterator[Change]:
    here = {campaign.name for campaign in automations_of(workspace)}
    for name, each in applied.items():
        if name not in here and each.live_since is not None:
            waiting = tuple(registers.records.under_way(name).get(name, ()))
            yield Change(name, Status.GONE, each.edition, is_live=True, waiting=waiting)


def written_to(campaign: Campaign, workspace: Workspace, desk: Desk, now: datetime, only_to: OnlyTo) -> Funnel | None:
    """Who is in what it watches and may enter, and why not all of them may be written to; None where nobody is looked for."""
    automation = _automation(campaign)
    if automation.trigger.event not in MEMBERSHIPS:
        return None
    who = All((watched_condition(automation.trigger), *([automation.when] if automation.when else [])))
    question = Question(replace(campaign, to=who), workspace, now, again=True, only_to=only_to)
    return desk.audiences.funnel(question, timetable(campaign, workspace.shop.timezone, desk.audiences.zones(), now))[0]


def steps_that_differ(change: Change) -> list[StepChange]:
    return [step for step in change.steps if step.turn is not Turn.KEPT]


def _automation(campaign: Campaign) -> Automation:
    assert campaign.automation is not None
    return campaign.automation
