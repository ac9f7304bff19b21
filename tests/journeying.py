"""Automations put live, customers, and what happens to them, for tests of journeys on real databases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select

from regulars.adapters.database.automations import AutomationsInDatabase
from regulars.adapters.database.engine import Database
from regulars.adapters.database.journeys import JourneyBookInDatabase, page_on
from regulars.adapters.database.people import record_people
from regulars.adapters.database.schema import (
    bundles,
    customers,
    events,
    journey_steps,
    journeys,
    messages,
)
from regulars.audience.addresses import read_address
from regulars.audience.people import PersonRow
from regulars.content import canonical
from regulars.definition.automation import Automation, Days, Send, Step, Trigger, Wait
from regulars.definition.conditions import Any_
from regulars.definition.mails import mails_of
from regulars.definition.quantities import Duration
from regulars.definition.wording import Texts
from regulars.definition.workspace import Campaign
from regulars.journeys.happenings import Happening
from regulars.journeys.live import EditionDraft, MailDraft
from regulars.operations.advance import advance_due
from regulars.operations.happen import happen
from tests.shops import NOW, a_shop

DAY = Duration(seconds=86_400)


def days(count: float) -> Duration:
    return Duration(seconds=int(count * 86_400))


def send(key: str, **more: Any) -> Send:
    return Send(key, f"{key}.mjml", Texts({"en": key}), **more)


def wait(key: str, length: Duration | None = DAY, until: str | None = None, *, local: bool = False, on: Days = Days.ANY) -> Wait:
    return Wait(key, length, time.fromisoformat(until) if until else None, local, on)


def campaign(*steps: Step, trigger: Trigger | str = "order.placed", name: str = "welcome", **changed: Any) -> Campaign:
    made = trigger if isinstance(trigger, Trigger) else Trigger(trigger)
    own = {key: changed.pop(key) for key in ("excluding", "topic", "class_") if key in changed}
    return Campaign(name, Any_(()), "", Texts({}), automation=Automation(made, tuple(steps), **changed), **own)


def put_live(database: Database, *campaigns: Campaign, at: datetime = NOW, after: int = 0, **shop: Any) -> None:
    """Their mails' bundles have no files: nothing is composed here."""
    drafts = []
    for each in campaigns:
        mails = tuple(MailDraft(mail, f"{each.name}-{mail.step}-{mail.template}"[:64], f"{each.name[:6]}{mail.step[:8]}"[:16]) for mail in mails_of(each))
        with database.write() as connection:
            known = set(connection.scalars(select(bundles.c.hash)))
            rows = [{"hash": mail.bundle, "campaign": each.name, "created_at": at} for mail in mails if mail.bundle not in known]
            if rows:
                connection.execute(insert(bundles), rows)
        text = canonical.dumped({"campaign": each, "segments": {}, "shop": a_shop(**shop)}).decode()
        drafts.append(EditionDraft(each, text, f"{abs(hash(text)):x}", mails, after, "Ada", at))
    AutomationsInDatabase(database).put_live(drafts)


def people(database: Database, *names: str, **told: Any) -> list[int]:
    """Ids of customers, made when they are new."""
    rows = [PersonRow(read_address(f"{name}@example.com"), **told) for name in names]
    with database.write() as connection:
        record_people(connection, rows, NOW - timedelta(days=300))
        ids = dict(connection.execute(select(customers.c.email_key, customers.c.id)).all())
    return [ids[f"{name}@example.com"] for name in names]


def happening(customer: int, kind: str = "order.placed", at: datetime = NOW, subject: str = "", **more: Any) -> Happening:
    subject = subject or f"{kind}-{customer}-{at:%Y%m%d%H%M%S}"
    return Happening(kind, customer, at, "test", f"{kind}:{subject}:{at.timestamp()}", subject, **more)


def tell(database: Database, happenings: Iterable[Happening], now: datetime = NOW) -> int:
    """As who records events does: the events' rows, and then everything they start, in one transaction."""
    told = list(happenings)
    with database.write() as connection:
        new = [one for one in told if connection.scalar(select(events.c.id).where(events.c.source == one.source, events.c.source_id == one.source_id)) is None]
        if new:
            connection.execute(insert(events), [
                {"at": one.at, "customer_id": one.customer_id, "kind": one.kind, "source": one.source, "source_id": one.source_id,
                 "origin": "live" if one.live else "imported"}
                for one in new
            ])
        return happen(told, page_on(connection), now)


class At:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def turn(database: Database, now: datetime, **more: Any) -> int:
    return advance_due(JourneyBookInDatabase(database), At(now), lambda: True, **more)


def standing(database: Database) -> list[tuple[Any, ...]]:
    """Customer, state, step and reason of each journey, as they began."""
    own = journeys.c
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(own.customer_id, own.state, own.step, own.reason).order_by(own.id))]


def mailed(database: Database) -> list[tuple[int, str]]:
    """Customer and step of each message."""
    query = select(messages.c.customer_id, journey_steps.c.step).join(
        journey_steps, (journey_steps.c.launch_id == messages.c.launch_id) & (journey_steps.c.number == messages.c.number)
    ).order_by(messages.c.launch_id, messages.c.number)
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def steps_done(database: Database) -> list[tuple[str, str]]:
    query = select(journey_steps.c.step, journey_steps.c.outcome).order_by(
        journey_steps.c.journey_id, journey_steps.c.fence, journey_steps.c.place
    )
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def disable(database: Database, name: str = "welcome") -> None:
    AutomationsInDatabase(database).disable(name, "disabled by Ada")


def enable(database: Database, name: str = "welcome", now: datetime = NOW) -> None:
    AutomationsInDatabase(database).enable(name, now)
