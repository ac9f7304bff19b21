"""Runs automations over what is recorded between two days: the scheduler's own decisions, nothing written and nothing sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from regulars.audience.eligibility import IN_WORDS, objection
from regulars.definition.workspace import Campaign, CampaignKind, Shop, Workspace
from regulars.errors import UsageError
from regulars.journeys.contact import Admitted, Dropped
from regulars.journeys.limits import Limits
from regulars.journeys.recorded import Life
from regulars.journeys.simulation import Outcome, Programme, programme_of
from regulars.measurement.simulated import Simulated, Tally
from regulars.operations.advance import BATCH, advance_some
from regulars.operations.apply import automation_named, automations_of
from regulars.operations.happen import happen
from regulars.operations.ports import Lives, Progress, Scene, Stage
from regulars.operations.watch import watch

ONE_DAY = timedelta(days=1)
LONGEST = 10 * 366  # days


def programme(names: tuple[str, ...], workspace: Workspace, first: str, last: str) -> Programme:
    """The automations named, or all, from the first day's midnight in the shop to the end of the last one. Raises UsageError."""
    campaigns: list[Campaign] = [automation_named(workspace, name) for name in names] or automations_of(workspace)
    if not campaigns:
        raise UsageError("there is no automation in campaigns/", hint="a campaign with a trigger and steps is one")
    begin, end = _day(first, "--from"), _day(last, "--to")
    if not begin <= end:
        raise UsageError(f"{last} is before {first}", hint="name the first day with --from and the last one with --to")
    if (end - begin).days > LONGEST:
        raise UsageError("that is more than ten years", hint="simulate a year or two")
    return programme_of(campaigns, workspace, _midnight(begin, workspace.shop), _midnight(end + ONE_DAY, workspace.shop))


def simulate(
    plan: Programme, lives: Lives, stage: Callable[[Programme], Stage], progress: Progress, most: int | None = None
) -> Simulated:
    """`most`: so many customers, drawn evenly. One customer is in memory at a time, and some hundreds as they are read."""
    total = lives.count() if most is None else min(most, lives.count())
    tally = Tally(plan)
    for done, (life, outcome) in enumerate(outcomes(plan, lives, stage, most), start=1):
        tally.add(life, outcome)
        progress(done, total)
    return tally.result()


def outcomes(
    plan: Programme, lives: Lives, stage: Callable[[Programme], Stage], most: int | None = None
) -> Iterator[tuple[Life, Outcome]]:
    """Customer by customer: nothing that happens to one of them depends on another."""
    built, limits = stage(plan), Limits.of(plan.workspace.shop)
    for life in lives.read(plan.since, most):
        yield life, play(built.open(life), plan.workspace.shop, limits)


def play(scene: Scene, shop: Shop, limits: Limits | None) -> Outcome:
    """From moment to moment: what is told, who is looked for, the steps that are due, and the mails."""
    while (now := scene.next_moment()) is not None:
        if happenings := scene.reach(now):
            happen(happenings, scene.journeys, now)
        if scene.calls_for_a_look():
            watch(scene.tower, now, every=timedelta(0))
        while advance_some(scene.journeys, now) == BATCH:
            pass
        _post(scene, shop, limits)
    return scene.outcome()


def _post(scene: Scene, shop: Shop, limits: Limits | None) -> None:
    """As the send loop does: who must not be written to is skipped, then contact limits are asked."""
    for batch in scene.mails():
        kind = batch.campaign.kind
        if refusal := objection(scene.standing(batch.campaign), shop.consent, kind):
            for mail in batch.mails:
                scene.settle(mail, Dropped(IN_WORDS[refusal]))
        elif limits is None or kind is CampaignKind.TRANSACTIONAL:
            for mail in batch.mails:
                scene.settle(mail, Admitted())
        else:
            verdicts = scene.admit(batch, limits)
            for mail in batch.mails:
                scene.settle(mail, verdicts[mail.ref])


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f'"{text}" is not a day', hint=f"write {option} 2026-01-01") from None


def _midnight(day: date, shop: Shop) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(shop.timezone)).astimezone(UTC)
