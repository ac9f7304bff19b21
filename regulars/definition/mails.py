"""The mails of a campaign: of one sent once itself, of an automation one for each of its Sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from regulars.definition.automation import If, Send, Split, Step
from regulars.definition.conditions import Any_, Condition
from regulars.definition.workspace import Campaign


def mails_of(campaign: Campaign) -> Sequence[Campaign]:
    """Campaigns as composing and bundling know them: each has a template and a subject, and none has steps."""
    if campaign.automation is None:
        return [campaign]
    return [campaign_of(campaign, send) for send in sends_of(campaign.automation.steps)]


def campaign_of(campaign: Campaign, send: Send) -> Campaign:
    """The mail of this step. What it does not say itself the automation says; nobody is chosen by segments."""
    assert campaign.automation is not None
    return replace(
        campaign, step=send.key, cause=campaign.automation.trigger.event, automation=None, to=Any_(()), segments=(), excluding=None,
        template=send.template, subject=send.subject, preheader=send.preheader or campaign.preheader,
        from_=send.from_ or campaign.from_, reply_to=send.reply_to or campaign.reply_to, topic=send.topic or campaign.topic,
        offer=send.offer or campaign.offer, with_={**campaign.with_, **send.with_},
        expires_after=campaign.automation.not_later_than, at=send.at)


def sends_of(steps: Iterable[Step]) -> Iterator[Send]:
    """Every Send, those of all branches too, in the order in which they are written."""
    for step in all_steps(steps):
        if isinstance(step, Send):
            yield step


def conditions_of(campaign: Campaign) -> tuple[Condition, ...]:
    """Whatever a campaign asks about customers: who is meant and who is not, who may enter, and which way they go."""
    asked = [campaign.to, campaign.excluding]
    if campaign.automation is not None:
        asked += [campaign.automation.when, *(step.condition for step in all_steps(campaign.automation.steps) if isinstance(step, If))]
    return tuple(condition for condition in asked if condition is not None)


def all_steps(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step, each before those of its branches."""
    for step in steps:
        yield step
        for branch in branches_of(step):
            yield from all_steps(branch)


def branches_of(step: Step) -> tuple[tuple[Step, ...], ...]:
    """Of an If: then, else. Of a Split: its parts as written, then the rest. Of any other step: none."""
    if isinstance(step, If):
        return step.then, step.otherwise
    if isinstance(step, Split):
        return *(steps for _, steps in step.parts), step.rest
    return ()


def map_steps(steps: Iterable[Step], change: Callable[[Step], Step]) -> tuple[Step, ...]:
    """The same steps, each changed, those of branches before the one that holds them."""
    return tuple(change(_with_branches(step, change)) for step in steps)


def _with_branches(step: Step, change: Callable[[Step], Step]) -> Step:
    if isinstance(step, If):
        return replace(step, then=map_steps(step.then, change), otherwise=map_steps(step.otherwise, change))
    if isinstance(step, Split):
        return replace(step, parts=tuple((share, map_steps(inner, change)) for share, inner in step.parts), rest=map_steps(step.rest, change))
    return step
