"""Makes a launch: the guards, the frozen bundle, the audience and its messages in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.audience.eligibility import IN_WORDS, Question
from regulars.definition.workspace import Campaign, CampaignKind
from regulars.delivery.launches import Draft, Launch, Origin
from regulars.errors import Refused
from regulars.operations.plan import Desk, Plan, plan
from regulars.operations.ports import Bundles, Launches


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the launch was asked for. `new_only`: whoever has the campaign already is left out; `again`: they get it again."""

    limit: int | None = None
    new_only: bool = False
    again: bool = False


def prepare(question: Question, wishes: Wishes, desk: Desk, launches: Launches) -> Plan:
    """The plan of a launch that would be allowed. Raises Refused for a second, a repeated and an empty one, and for an offer
    to people who want none."""
    _refuse_selling(question.campaign)
    _refuse_second(question.campaign, launches)
    _refuse_repeated(question.campaign, wishes, launches)
    planned = plan(question, desk)
    _refuse_empty(planned)
    return planned


def launch(
    planned: Plan, wishes: Wishes, launches: Launches, bundles: Bundles, *,
    key: str, by: str, origin: Origin | None, now: datetime,
) -> Launch:
    """`key`: fresh random letters. Everything is there when this returns, or nothing is."""
    question = planned.question
    campaign = question.campaign
    bundles.keep(planned.bundle, campaign.name, origin, now)
    options = {"limit": wishes.limit, "new_only": wishes.new_only, "again": wishes.again}
    draft = Draft(
        campaign.name, key, planned.bundle.hash, campaign.segments, question.as_of, by, campaign.on_uncertain, options,
        campaign.roll_out, campaign.kind, campaign.topic, campaign.class_,
    )
    return launches.make(draft, question, planned.timetable, planned.as_json())


def _refuse_selling(campaign: Campaign) -> None:
    if campaign.offer and campaign.kind is CampaignKind.TRANSACTIONAL:
        raise Refused(
            f'"{campaign.name}" is transactional and carries the offer "{campaign.offer}"',
            hint="transactional mail goes also to those who want no marketing: take `offer` or `kind: transactional` out of its file",
        )


def _refuse_second(campaign: Campaign, launches: Launches) -> None:
    if running := launches.live(campaign.name):
        raise Refused(
            f'a launch of "{campaign.name}" is {running.state} already: launch {running.id}, of {_day(running.created_at)}',
            hint=f"see: regulars status {running.id}; go on with it: regulars resume {running.id}; end it: regulars cancel {running.id}",
        )


def _refuse_repeated(campaign: Campaign, wishes: Wishes, launches: Launches) -> None:
    count, when = launches.received(campaign.name)
    if count and when and not (wishes.again or wishes.new_only):
        raise Refused(
            f'"{campaign.name}" has been sent: {count:,} received it on {_day(when)}',
            hint="--new-only writes to those who have not got it yet, --again to everybody",
        )


def _refuse_empty(planned: Plan) -> None:
    if planned.funnel.final:
        return
    if not planned.funnel.selected:
        raise Refused(
            f'nobody is in {planned.as_json()["segment"] or "the audience"} now, so there is nobody to write to',
            hint=f"see: regulars segments show {(*planned.question.campaign.segments, 'NAME')[0]}",
        )
    why = "; ".join(f"{count:,} {IN_WORDS[reason]}" for reason, count in planned.funnel.excluded.items())
    raise Refused(f"of {planned.funnel.selected:,} selected nobody may be written to: {why}", hint="see: regulars plan")


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
