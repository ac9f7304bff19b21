"""Automations and journeys as values, for tests of what is decided about them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView
from regulars.definition.automation import Automation, Days, Send, Step, Trigger, Wait
from regulars.definition.conditions import Any_, Fact, Kind, Op, Test
from regulars.definition.quantities import Duration
from regulars.definition.wording import Texts
from regulars.definition.workspace import Campaign
from regulars.journeys.effects import Person, Sight, Told
from regulars.journeys.happenings import Happening
from regulars.journeys.journey import Journey, remembered
from regulars.journeys.live import LiveAutomation
from regulars.journeys.program import program_of
from tests.shops import a_shop

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday
DAY, HOUR = Duration(seconds=86_400), Duration(seconds=3_600)
ADA = Person(7, "ada@example.com", "example.com", None, "TR", "Ada", "Yılmaz", "tr")


def days(count: float) -> Duration:
    return Duration(seconds=int(count * 86_400))


def after(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def send(key: str) -> Send:
    return Send(key, f"{key}.mjml", Texts({"en": key}))


def wait(key: str, length: Duration | None = DAY, until: str | None = None, *, local: bool = False, on: Days = Days.ANY) -> Wait:
    return Wait(key, length, time.fromisoformat(until) if until else None, local, on)


def live(*steps: Step, trigger: Trigger | str = "order.placed", excluding: Any = None, since: datetime | None = NOW, **changed: Any) -> LiveAutomation:
    made = trigger if isinstance(trigger, Trigger) else Trigger(trigger)
    shop = changed.pop("shop", None) or a_shop()
    campaign = Campaign(
        "welcome", Any_(()), "", Texts({}), excluding=excluding, automation=Automation(made, steps or (send("hello"),), **changed)
    )
    mails = {step.key: number for number, step in enumerate(program_of(campaign.automation), start=100) if isinstance(step, Send)}
    return LiveAutomation(campaign, 1, shop, {}, mails, since)


def happening(kind: str = "order.placed", at: datetime = NOW, subject: str = "1001", **more: Any) -> Happening:
    return Happening(kind, 7, at, "test", f"{kind}:{subject}", subject, **more)


def journey(automation: LiveAutomation, at: datetime = NOW, **changed: Any) -> Journey:
    """As it begins."""
    own = {
        "step": program_of(automation.automation).first, "due_at": at, "entered_at": at, "trigger": remembered(happening(at=at), at), **changed
    }
    return Journey(1, "welcome", 1, 7, 1, "once", **own)


def orders(at_least: int) -> Fact:
    return Fact("orders.count", Kind.WHOLE, (Test(Op.AT_LEAST, at_least),))


def sight(automation: LiveAutomation, now: datetime, *, told: tuple[Told, ...] = (), sent: frozenset[str] = frozenset(), person: Person = ADA, **view: Any) -> Sight:
    seen = CustomerView(7, "ada@example.com", **view)
    return Sight(person, Frame(now, automation.shop, automation.segments), seen, told, sent)
