"""Old sends, opens, clicks and unsubscribes of another system: seen by scores and conditions, heard by no automation."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.journeys import page_on
from regulars.adapters.database.past_events import PastEventsInDatabase
from regulars.adapters.database.predicates import frame_for, matching
from regulars.adapters.database.schema import customers, events
from regulars.adapters.database.scores import Scores
from regulars.adapters.row_spool import DiskSpool
from regulars.audience.addresses import read_address
from regulars.definition.conditions import Emails, Op, Reaction, Test
from regulars.definition.decay import Decay
from regulars.definition.workspace import Workspace
from regulars.operations.import_events import import_events
from regulars.operations.importing import Imported, Source
from regulars.operations.reading_files import EVENTS, understood
from regulars.scoring.contributions import contributions
from regulars.tracking.past import PastEvent
from tests.factories import CustomerFactory, OrderLineFactory
from tests.shops import NOW, Rows, ShopInDatabase

ADA = "ada@mail.example"


@pytest.fixture
def shop(database: Database) -> ShopInDatabase:
    return ShopInDatabase(database)


def told(event: str, at: str, email: str = ADA, **more: str) -> dict[str, str]:
    return {"email": email, "event": event, "at": at, "campaign": "welcome", **more}


def imported(shop: ShopInDatabase, *rows: dict[str, str], dry_run: bool = False) -> Imported:
    known = understood(Rows(rows), EVENTS, shop.shop, NOW)
    spool = DiskSpool()
    try:
        source = Source(known.file, spool, known.reading, lambda done, total=None, why="": None)
        return import_events(source, PastEventsInDatabase(shop.database, shop.shop.scoring), dry_run=dry_run)
    finally:
        spool.close()


def ada(shop: ShopInDatabase):
    with shop.database.read() as connection:
        return connection.execute(select(customers).where(customers.c.email_key == ADA)).one()


def count(shop: ShopInDatabase) -> int:
    with shop.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(events))


def who(shop: ShopInDatabase, condition: Emails) -> int:
    with shop.database.read() as connection:
        frame = frame_for(connection, Workspace(shop.shop, {}, {}), NOW, condition)
        return len(list(connection.scalars(matching(connection, condition, frame))))


def test_scores_start_warm_as_live_reactions_would_have_made_them(shop):
    shop.customers(CustomerFactory(email=ADA))
    imported(
        shop, told("sent", "2026-10-01 10:00"), told("opened", "2026-10-01 11:00", verdict="machine"), told("opened", "2026-10-01 12:00"),
        told("clicked", "2026-10-02 10:00", link="hero"), told("Clicked Email", "2026-10-03 10:00", verdict="machine"),
    )

    scoring = replace(shop.shop.scoring, open=1)
    timeline = Scores(shop.database).timeline(ada(shop).id)
    assert [(part.event.kind, part.event.about) for part in contributions(timeline, scoring, NOW)] == [("email.clicked", "welcome (hero)")]
    assert Decay.of(scoring).value(ada(shop).engagement, NOW) == pytest.approx(sum(part.value for part in contributions(timeline, scoring, NOW)))
    assert ada(shop).engagement > 0


def test_conditions_see_mails_of_another_system(shop):
    imported(shop, told("sent", "2026-10-01 10:00"), told("sent", "2026-10-08 10:00", campaign="news"), told("opened", "2026-10-01 12:00"),
             told("clicked", "2026-10-02 10:00", link="hero"))
    shop.orders(OrderLineFactory(email=ADA, ordered_at="2026-10-09 10:00"))

    assert who(shop, Emails(Reaction.RECEIVED, tests=(Test(Op.AT_LEAST, 2),))) == 1
    assert who(shop, Emails(Reaction.RECEIVED, campaign="welcome", tests=(Test(Op.AT_LEAST, 2),))) == 0
    assert who(shop, Emails(Reaction.OPENED, campaign="welcome")) == 1
    assert who(shop, Emails(Reaction.CLICKED, link="hero")) == 1
    assert who(shop, Emails(Reaction.CLICKED, campaign="news")) == 0
    assert who(shop, Emails(Reaction.REACTED, campaign="news")) == 1  # by the order


def test_the_same_events_again_change_nothing_however_the_file_is_sorted(shop):
    rows = [told("sent", "2026-10-01 10:00"), told("clicked", "2026-10-02T07:00:00Z"), told("unsubscribed", "2026-10-03 10:00")]
    first = imported(shop, *rows)
    warm = ada(shop).engagement
    again = imported(shop, *reversed(rows), told("click", "2026-10-02 10:00"))

    assert (first.imported, again.imported, again.unchanged, count(shop)) == (3, 0, 4, 3)
    assert ada(shop).engagement == warm


def test_a_dry_run_changes_nothing(shop):
    assert (imported(shop, told("sent", "2026-10-01 10:00"), dry_run=True).imported, count(shop)) == (1, 0)


def test_who_unsubscribed_there_has_left_here_unless_they_came_back(shop):
    shop.customers(CustomerFactory(email=ADA, consent_at="2026-01-01 10:00"), CustomerFactory(email="ben@mail.example", consent_at="2026-11-01 10:00"))
    imported(shop, told("unsubscribed", "2026-10-03 10:00"), told("unsubscribed", "2026-10-03 10:00", email="ben@mail.example"))

    with shop.database.read() as connection:
        assert dict(connection.execute(select(customers.c.email_key, customers.c.marketing)).all()) == {ADA: "withdrawn", "ben@mail.example": "granted"}


def test_automations_that_wait_for_a_click_do_not_hear_of_it(shop):
    imported(shop, told("clicked", "2026-11-20 08:59"))

    with shop.database.read() as connection:
        assert page_on(connection).told([ada(shop).id], ["email.clicked"], NOW - timedelta(days=2)) == {}


def test_rows_that_cannot_be_read_say_why(shop):
    result = imported(
        shop, told("bounced", "2026-10-01 10:00"), told("clickd", "2026-10-01 10:00"), told("sent", ""), told("", "2026-10-01"),
        told("sent", "2027-10-01 10:00"), told("clicked", "2026-10-01", verdict="robot"), told("sent", "2026-10-01", email="nobody"),
    )

    assert [reason.split(":")[0] for _, reason in result.rejected] == ["event", "event", "at is empty", "event is empty", "at", "verdict", "email"]
    assert "regulars suppress import reads such files" in result.rejected[0][1]
    assert 'did you mean "click' in result.rejected[1][1]


def test_many_events_take_little_memory(sqlite_database):
    """Of the whole file, 40,000 rows here, nothing is ever held but a batch."""
    class Many(Rows):
        def rows(self):
            for number in range(40_000):
                yield number + 2, [f"many{number % 4_000}@mail.example", "sent" if number % 10 else "clicked", f"2026-0{1 + number % 9}-01 10:00", f"n{number // 4_000}"]

    shop = ShopInDatabase(sqlite_database)
    known = understood(Many([dict.fromkeys(("email", "event", "at", "campaign"), "")]), EVENTS, shop.shop, NOW)
    spool = DiskSpool()
    tracemalloc.start()
    result = import_events(Source(known.file, spool, known.reading, lambda done, total=None, why="": None), PastEventsInDatabase(shop.database, shop.shop.scoring))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    spool.close()

    assert result.imported == 40_000
    assert peak < 60_000_000


@given(st.text(max_size=60), st.text(max_size=60))
def test_campaigns_of_other_systems_are_no_launches_and_fit_the_column(one, other):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    first, second = (PastEvent(read_address(ADA), "email.clicked", at, name) for name in (one, other))

    assert -(2**63) < first.launch < 0
    assert (first.launch == second.launch, first.once == second.once) == (one == other, one == other)
