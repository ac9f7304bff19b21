"""What `apply` puts live is what every process finds, also in the middle of somebody's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from regulars.adapters.database.automations import (
    AutomationsInDatabase,
    editions_on,
    live_on,
)
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import bundles, journey_steps, journeys, launches
from regulars.content import canonical
from regulars.definition.automation import Automation, OnStart, Send, Trigger, Wait
from regulars.definition.conditions import Any_
from regulars.definition.mails import mails_of
from regulars.definition.quantities import Duration
from regulars.definition.wording import Texts
from regulars.definition.workspace import Campaign
from regulars.errors import Refused
from regulars.journeys.live import EditionDraft, MailDraft
from tests.integration.launching import NOW, workspace


def automation(*keys: str, **changed) -> Campaign:
    """A wait and a mail for each key."""
    steps = []
    for key in keys:
        steps += [Wait(f"before-{key}", Duration(seconds=86_400)), Send(key, f"{key}.mjml", Texts({"en": key}))]
    return Campaign("welcome", Any_(()), "", Texts({}), automation=Automation(Trigger("subscribed"), tuple(steps), **changed))


def draft(database: Database, campaign: Campaign, after: int = 0, **more) -> EditionDraft:
    """Each mail's bundle is named after its step and template."""
    shop = workspace().shop
    mails = tuple(MailDraft(mail, f"{mail.step}-{mail.template}"[:64], f"{mail.step}{after}{id(mail)}"[:16]) for mail in mails_of(campaign))
    with database.write() as connection:
        known = set(connection.scalars(select(bundles.c.hash)))
        if rows := [{"hash": mail.bundle, "campaign": campaign.name, "created_at": NOW} for mail in mails if mail.bundle not in known]:
            connection.execute(insert(bundles), rows)
    text = canonical.dumped({"campaign": campaign, "segments": {}, "shop": shop}).decode()
    return EditionDraft(campaign, text, f"{hash(text):x}", mails, after, "Ada", NOW, **more)


def test_the_newest_edition_is_found_by_name_and_older_ones_by_number(database: Database) -> None:
    automations = AutomationsInDatabase(database)

    assert automations.put_live([draft(database, automation("first"))]) == {"welcome": 1}
    assert automations.put_live([draft(database, automation("first", "second"), 1)]) == {"welcome": 2}

    live = automations.live()["welcome"]
    assert (live.edition, list(live.mails), live.live_since) == (2, ["first", "second"], NOW)
    older = automations.editions([("welcome", 1), ("welcome", 7)])
    assert list(older) == [("welcome", 1)]
    assert older["welcome", 1].campaign == automation("first")
    with database.write() as connection:
        assert live_on(connection)["welcome"] == live
        assert editions_on(connection, [("welcome", 1)]) == older


def test_an_unchanged_mail_keeps_its_launch(database: Database) -> None:
    automations = AutomationsInDatabase(database)
    automations.put_live([draft(database, automation("first"))])
    automations.put_live([draft(database, automation("first", "second"), 1)])

    assert automations.live()["welcome"].mails["first"] == automations.editions([("welcome", 1)])["welcome", 1].mails["first"]
    with database.read() as connection:
        rows = connection.execute(select(launches.c.step, launches.c.state).order_by(launches.c.step)).all()
    assert [tuple(row) for row in rows] == [("first", "sending"), ("second", "sending")]


def test_of_two_who_apply_at_once_one_is_told(database: Database) -> None:
    automations = AutomationsInDatabase(database)
    automations.put_live([draft(database, automation("first"))])
    one, other = draft(database, automation("first", "mine"), 1), draft(database, automation("first", "theirs"), 1)

    automations.put_live([one])
    with pytest.raises(Refused, match="applied by somebody else"):
        automations.put_live([replace(other, campaign=replace(other.campaign, name="aaa"), after=0), other])

    assert list(automations.live()) == ["welcome"], "of the other one's drafts none is live"


def test_nobody_enters_a_disabled_one_until_it_is_enabled(database: Database) -> None:
    automations = AutomationsInDatabase(database)
    automations.put_live([draft(database, automation("first"))])

    assert automations.disable("welcome", "disabled by Ada")
    assert not automations.disable("welcome", "again")
    assert automations.live() == {}
    assert automations.editions([("welcome", 1)])["welcome", 1].live_since is None
    automations.put_live([draft(database, automation("first", "second"), 1)])
    assert automations.live() == {}, "a changed file does not enable it"

    later = NOW + timedelta(days=2)
    assert automations.enable("welcome", later)
    assert automations.live()["welcome"].live_since == later


def add_journey(database: Database, step: str, customer_id: int, edition: int = 1) -> None:
    with database.write() as connection:
        connection.execute(insert(journeys).values(
            campaign="welcome", edition=edition, customer_id=customer_id, occurrence=1, entry="once", state="waiting", step=step,
            due_at=NOW + timedelta(hours=5), waits_for="order.placed", entered_at=NOW - timedelta(days=1), trigger={"kind": "subscribed"},
        ))


def ways(database: Database) -> list[tuple]:
    row = journeys.c
    query = select(row.customer_id, row.occurrence, row.edition, row.state, row.step, row.reason, row.due_at).order_by(row.customer_id, row.id)
    with database.read() as connection:
        return [tuple(found) for found in connection.execute(query)]


def test_those_on_their_way_go_on_where_the_draft_says(database: Database) -> None:
    automations = AutomationsInDatabase(database)
    automations.put_live([draft(database, automation("first", "second"))])
    for customer, step in enumerate(["before-first", "before-second", "second"], 1):
        add_journey(database, step, customer)

    moves = {1: {"before-first": "before-first", "first": "first", "before-second": "before-last", "second": None}}
    automations.put_live([draft(database, automation("first", "last"), 1, moves=moves)])

    due = NOW + timedelta(hours=5)
    assert ways(database) == [
        (1, 1, 2, "waiting", "before-first", None, due), (2, 1, 2, "waiting", "before-last", None, due),
        (3, 1, 2, "ended", None, "moved: its step is gone", None),
    ]
    with database.read() as connection:
        noted = connection.execute(select(journey_steps.c.kind, journey_steps.c.reason)).all()
    assert [tuple(row) for row in noted] == [("move", "goes on by edition 2")] * 3


def test_those_who_begin_again_do_so_as_another_journey(database: Database) -> None:
    automations = AutomationsInDatabase(database)
    automations.put_live([draft(database, automation("first"))])
    add_journey(database, "first", 1)

    automations.put_live([draft(database, automation("first"), 1, restarts=True)])
    automations.put_live([draft(database, automation("first", on_start=OnStart.EVERYONE), 2, restarts=True)])

    assert ways(database) == [
        (1, 1, 1, "ended", None, "begun again by edition 2", None), (1, 2, 2, "ended", None, "begun again by edition 3", None),
        (1, 3, 3, "waiting", "before-first", None, NOW),
    ]
