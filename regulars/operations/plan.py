"""Whom a launch would write to, whom not and why, when, and whether the largest mails still fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from regulars.audience.eligibility import Funnel, Question
from regulars.content.bundle import Bundle, freeze
from regulars.content.checking import check_campaign
from regulars.content.compilation import Cache, MailCompiler
from regulars.content.email import BeyondLimits, CannotCompose, Occasion
from regulars.content.mailroom import Compose, MailRoom, open_bundle
from regulars.content.offers import for_show, offer_of
from regulars.content.recipient import Recipient
from regulars.content.tokens import KeyRing, MessageRef
from regulars.definition.workspace import Campaign, CampaignKind, Workspace
from regulars.delivery.forecast import Forecast, forecast
from regulars.delivery.message_id import PREVIEW_LAUNCH_KEY
from regulars.delivery.roll_out import size_of_first
from regulars.delivery.routes import relays_of, route
from regulars.delivery.schedule import Timetable, timetable
from regulars.diagnostics import did_you_mean
from regulars.errors import Refused, UsageError, WorkspaceBroken
from regulars.journeys.limits import Limits
from regulars.journeys.outlook import Outlook, outlook
from regulars.operations.coupons import CodesAhead, codes_ahead, refuse_without_codes
from regulars.operations.ports import Audiences, ContactBook, Coupons, Recipients

MOST_HTML = 102_400  # bytes; Gmail clips what is longer, and with it the way to unsubscribe
LARGEST = 20
SAMPLE = 2_000  # customers of whom contact limits are asked


@dataclass(frozen=True, slots=True)
class Plan:
    """`due`: when how many get it, earliest first, if the campaign has a send time. `troubles`: reasons for which some of the largest mails cannot be composed.
    `limits`: what contact limits would do; None where nothing limits it.
    `codes`: of its offer; None without one."""

    question: Question
    timetable: Timetable
    bundle: Bundle
    funnel: Funnel
    due: Mapping[datetime, int]
    troubles: tuple[str, ...] = ()
    pace: Forecast | None = None
    limits: Outlook | None = None
    codes: CodesAhead | None = None

    @property
    def parts(self) -> tuple[int, int] | None:
        """How many go first in a roll-out, and how many later."""
        rolls = self.question.campaign.roll_out
        if rolls is None or not self.funnel.final:
            return None
        first = size_of_first(rolls, self.funnel.final)
        return first, self.funnel.final - first

    def as_json(self) -> dict[str, Any]:
        rolls, parts = self.question.campaign.roll_out, self.parts
        return {
            "campaign": self.question.campaign.name,
            "segment": ", ".join(self.question.campaign.segments),
            "selected": self.funnel.selected,
            "excluded": {reason.value: count for reason, count in self.funnel.excluded.items()},
            "final": self.funnel.final,
            "send_at": [{"at": at.isoformat(), "count": count} for at, count in self.due.items()],
            "roll_out": {"first": parts[0], "rest": parts[1], "pause": str(rolls.pause)} if rolls and parts else None,
            "pace": self.pace.as_json() if self.pace else None,
            "limits": self.limits.as_json() if self.limits else None,
            "codes": self.codes.as_json() if self.codes else None,
        }


@dataclass(frozen=True, slots=True)
class Desk:
    """What planning asks of the world."""

    audiences: Audiences
    recipients: Recipients
    compiler: MailCompiler
    keys: KeyRing
    base_url: str
    compose: Compose = MailRoom.compose
    opened: Callable[[Mapping[str, bytes]], MailRoom] = field(default=open_bundle)
    coupons: Coupons | None = None
    contacts: ContactBook | None = None


def campaign_named(workspace: Workspace, name: str) -> Campaign:
    """Raises UsageError with the nearest name."""
    if name not in workspace.campaigns:
        known = list(workspace.campaigns)
        raise UsageError(f'there is no campaign "{name}"', hint=did_you_mean(name, known, "campaigns/ has a file for each"))
    return workspace.campaigns[name]


def plan(question: Question, desk: Desk) -> Plan:
    """Counts in one statement. Raises WorkspaceBroken for a broken template, Refused for mails that Gmail would clip and for codes that would run out."""
    campaign, shop = question.campaign, question.workspace.shop
    bundle = frozen(question.workspace, campaign, desk)
    times = timetable(campaign, shop.timezone, desk.audiences.zones(), question.as_of)
    funnel, zones = desk.audiences.funnel(question, times)
    largest = desk.audiences.with_most_lines(question, times, LARGEST)
    troubles = fitting(largest, campaign, desk.opened(bundle.files), desk, question.as_of)
    offer = offer_of(campaign, shop)
    refuse_without_codes(offer, funnel.final, shop, desk.coupons, question.as_of)
    due = _due(times, zones) if campaign.send_at else {}
    pace = _pace(question, times, min(due, default=question.as_of), desk)
    outlook = _outlook(question, times, funnel.final, desk)
    return Plan(question, times, bundle, funnel, due, troubles, pace, outlook, codes_ahead(offer, funnel.final, desk.coupons))


def _pace(question: Question, times: Timetable, begins: datetime, desk: Desk) -> Forecast:
    """By the relay that it would leave by, from the first mail on."""
    shop = question.workspace.shop
    relays = relays_of(shop.relays, shop.warm_up)
    relay = relays[route(relays, question.campaign.relay, begins.date())[0]]
    return forecast(desk.audiences.lanes(question, times), relay, begins, shop.timezone)


def _outlook(question: Question, times: Timetable, final: int, desk: Desk) -> Outlook | None:
    limits = Limits.of(question.workspace.shop)
    if limits is None or desk.contacts is None or question.campaign.kind is CampaignKind.TRANSACTIONAL:
        return None
    people = desk.audiences.sample(question, times, SAMPLE)
    slots = {customer_id: slot for customer_id, zone in people.items() if (slot := times.slot(zone))}
    return outlook(desk.contacts.foresee(question.campaign, slots, limits, question.as_of), final)


def frozen(workspace: Workspace, campaign: Campaign, desk: Desk) -> Bundle:
    """What would be sent. Raises WorkspaceBroken with what `check` would find: a mistake in one language must not wait for
    its first reader."""
    compiled: Cache = {}  # what is checked is what is frozen
    if errors := [finding for finding in check_campaign(workspace, campaign, desk.compiler, compiled, desk.compose) if finding.is_error]:
        raise WorkspaceBroken(errors)
    return freeze(workspace, campaign, desk.compiler, compiled)


def somebody(question: Question, desk: Desk) -> Recipient | None:
    """Of those who would be written to, the one with the longest history: for a test mail worth looking at."""
    times = timetable(question.campaign, question.workspace.shop.timezone, desk.audiences.zones(), question.as_of)
    room = desk.opened(freeze(question.workspace, question.campaign, desk.compiler).files)
    ids = desk.audiences.with_most_lines(question, times, 1)
    people = desk.recipients.look(ids, room.needs, question.as_of, room.shop)
    return next(iter(people.values()), None)


def _due(times: Timetable, zones: Mapping[str, int]) -> dict[datetime, int]:
    due: dict[datetime, int] = {}
    for zone, count in zones.items():
        slot = times.slot(zone)
        if slot is not None:
            due[slot.due] = due.get(slot.due, 0) + count
    return dict(sorted(due.items()))


def fitting(customer_ids: Sequence[int], campaign: Campaign, room: MailRoom, desk: Desk, as_of: datetime) -> tuple[str, ...]:
    """Reasons for which some of these cannot get it. Raises Refused for a mail that Gmail would clip."""
    people = desk.recipients.look(customer_ids, room.needs, as_of, room.shop)
    occasion = Occasion(MessageRef(0, 0), PREVIEW_LAUNCH_KEY, desk.keys.preview, desk.base_url, as_of)
    troubles: list[str] = []
    for recipient in people.values():
        shown = replace(recipient, offer=for_show(campaign, recipient, room.shop, as_of))
        try:
            size = len(desk.compose(room, shown, occasion).html.encode())
        except BeyondLimits as error:
            raise Refused(f"the launch would pause at its first mail: {error.reason}", hint=f"change templates/{campaign.template}") from error
        except CannotCompose as error:
            troubles.append(f"{recipient.email}: {error.reason}")
            continue
        if size > MOST_HTML:
            raise Refused(
                f"the mail to {recipient.email} would have {size:,} bytes of HTML; Gmail cuts off what is over {MOST_HTML:,}",
                hint=f"show fewer products in {campaign.template}, for example {{% for item in purchases[:6] %}}",
            )
    return tuple(troubles)
