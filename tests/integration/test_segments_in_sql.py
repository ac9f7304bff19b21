"""What the SQL of a segment may and may not look like, and that tomorrow changes nothing about yesterday."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Connection, Select, insert, select

from regulars.adapters.database import schema
from regulars.adapters.database.engine import Database
from regulars.adapters.database.predicates import frame_for, matching
from regulars.audience.frame import Cuts, Frame
from regulars.definition.automation import Automation, If, Tag, Trigger
from regulars.definition.conditions import (
    Aggregate,
    All,
    Any_,
    Condition,
    Emails,
    Fact,
    InTop,
    Kind,
    LineField,
    Not,
    Op,
    Orders,
    Reaction,
    Tagged,
    Test,
    Window,
)
from regulars.definition.quantities import Duration, Money
from regulars.definition.wording import Texts
from regulars.definition.workspace import Campaign, Segment, Workspace
from tests.people import SHOP, Bought, Happened, Mail, Person, Purchase, settle
from tests.predicates import NOW, conditions, people

pytestmark = pytest.mark.breaks_promises  # its messages are rows made by hand, without an audience

HOSTILE = "x'; DROP TABLE customers; --"
WORKSPACE = Workspace(SHOP, {}, {})
VIP = Segment("vip", Fact("orders.spent", Kind.MONEY, (Test(Op.AT_LEAST, Money.of(50, "TRY")),)))
MONTH = Duration(seconds=30 * 86_400)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=people(), later=people(at_most=3), condition=conditions())
def test_what_happens_later_changes_no_answer_about_the_past(
    database: Database, history: list[Person], later: list[Person], condition: Condition
) -> None:
    as_of = NOW - timedelta(days=60)
    past = [person for person in (until(each, as_of) for each in history) if person.was_known(as_of)]
    newcomers = [renumbered(person, 1000 + person.number) for person in (after(each, as_of) for each in later)]

    before = selected(database, past, condition, as_of)
    afterwards = selected(database, [*(with_more(person, as_of) for person in past), *newcomers], condition, as_of)

    assert afterwards == before


def test_no_word_of_the_author_reaches_the_text_of_the_sql(database: Database) -> None:
    hostile = (Test(Op.IS, HOSTILE), Test(Op.CONTAINS, HOSTILE), Test(Op.STARTS_WITH, HOSTILE), Test(Op.ONE_OF, (HOSTILE,)))
    asked = Any_((
        Fact("customer.city", Kind.TEXT, hostile), Fact("customer.card", Kind.TEXT, hostile), Tagged(hostile),
        Orders(where=tuple((field, hostile) for field in LineField)),
        Emails(Reaction.REACTED, campaign=HOSTILE, link=HOSTILE),
    ))
    with database.read() as connection:
        query = matching(connection, asked, frame_for(connection, WORKSPACE, NOW, asked))
        text = str(query.compile(connection.engine))

        assert "DROP" not in text.upper()
        assert "x'" not in text
        assert connection.scalars(query).all() == []


@pytest.mark.parametrize(("asked", "index"), [
    (Fact("orders.last_at", Kind.TIME, (Test(Op.YOUNGER_THAN, Duration(seconds=3_600)),)), "ix_customers_orders_last_at"),
    (Fact("orders.count", Kind.WHOLE, (Test(Op.AT_LEAST, 900),)), "ix_customers_orders_count"),
    (Fact("orders.spent", Kind.MONEY, (Test(Op.MORE_THAN, Money.of(90_000_000, "TRY")),)), "ix_customers_orders_spent"),
    (Fact("engagement", Kind.NUMBER, (Test(Op.AT_LEAST, Decimal(10_000)),)), "ix_customers_engagement"),
    (Fact("rfm.monetary", Kind.WHOLE, (Test(Op.IS, 5),)), "ix_customers_orders_spent"),
    (InTop(Decimal(1), "orders.spent"), "ix_customers_orders_spent"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_fact_is_found_by_its_index(crowd: Database, asked: Condition, index: str) -> None:
    frame = Frame(NOW, SHOP, cuts=Cuts({"monetary": (1, 2, 3, 10**15)}, {("orders.spent", Decimal(1)): 10**15}))
    with crowd.read() as connection:
        assert index in plan(connection, matching(connection, asked, frame))


@pytest.mark.parametrize("wanted", [
    Orders(where=((LineField.CATEGORY, (Test(Op.IS, "beans"),)),), window=Window(within=MONTH)),
    Orders(window=Window(within=MONTH), aggregates=((Aggregate.SPENT, (Test(Op.AT_LEAST, Money.of(500, "TRY")),)),)),
    Emails(Reaction.CLICKED, campaign="win-back", window=Window(within=MONTH)),
], ids=["lines", "sums", "clicks"])
@pytest.mark.parametrize("around", [lambda part: part, Not, lambda part: Any_((part, Tagged((Test(Op.IS, "vip"),))))], ids=["and", "not", "or"])
def test_postgresql_groups_once_instead_of_asking_for_each_customer(crowd_on_postgresql: Database, wanted: Condition, around) -> None:
    asked = All((Fact("orders.count", Kind.WHOLE, (Test(Op.AT_LEAST, 1),)), around(wanted)))
    with crowd_on_postgresql.read() as connection:
        explained = plan(connection, matching(connection, asked, Frame(NOW, SHOP)))

    assert "SubPlan" not in explained.replace("hashed SubPlan", "")


def test_the_fifths_of_a_day_stay_once_they_are_stored(database: Database) -> None:
    best = Fact("rfm.monetary", Kind.WHOLE, (Test(Op.IS, 5),))
    rich = [Person(n, NOW, purchases=(Purchase(NOW - timedelta(days=1), (Bought(n * 10_000),)),)) for n in range(1, 11)]
    with database.write() as connection:
        settle(connection, rich, Frame(NOW, SHOP))
        first = frame_for(connection, WORKSPACE, NOW, best)
    with database.write() as connection:
        connection.execute(insert(schema.customers), [
            {"id": 99, "email": "late@example.com", "created_at": NOW, "updated_at": NOW, "orders_count": 1, "orders_spent": 10**9}
        ])
        second = frame_for(connection, WORKSPACE, NOW, best)
        tomorrow = frame_for(connection, WORKSPACE, NOW + timedelta(days=1), best)

    assert first.cuts.rfm == {"monetary": (20_000, 40_000, 60_000, 80_000)}
    assert second.cuts == first.cuts
    assert tomorrow.cuts.rfm["monetary"] == (30_000, 50_000, 70_000, 90_000)


def test_what_steps_of_automations_ask_is_known_of_the_workspace_too(database: Database) -> None:
    asked = If("if", Fact("rfm.monetary", Kind.WHOLE, (Test(Op.IS, 5),)), then=(Tag("tag", add=("best",)),))
    entry = Fact("rfm.recency", Kind.WHOLE, (Test(Op.IS, 5),))
    nurture = Campaign("nurture", Any_(()), "", Texts({}), automation=Automation(Trigger("subscribed"), (asked,), when=entry))
    with database.read() as connection:
        frame = frame_for(connection, replace(WORKSPACE, campaigns={"nurture": nurture}), NOW)

    assert {"monetary", "recency"} <= set(frame.cuts.rfm)


def test_a_reading_transaction_stores_no_fifths(database: Database) -> None:
    with database.read() as connection:
        frame_for(connection, WORKSPACE, NOW, Fact("rfm.recency", Kind.WHOLE, (Test(Op.IS, 5),)))
    with database.read() as connection:
        assert connection.execute(select(schema.rfm_cuts)).all() == []


# ---- a crowd large enough for planners to care --------------------------------------------------------------

@pytest.fixture
def crowd(database: Database) -> Database:
    return crowded(database)


@pytest.fixture
def crowd_on_postgresql(postgres_database: Database) -> Database:
    return crowded(postgres_database)


def crowded(database: Database) -> Database:
    ordered = [NOW - timedelta(hours=n) for n in range(3000)]
    with database.write() as connection:
        connection.execute(insert(schema.customers), [
            {"id": n, "email": f"c{n}@example.com", "created_at": at, "updated_at": at, "orders_count": n % 50, "orders_spent": n * 10_000,
             "orders_last_at": at, "engagement": n / 10} for n, at in enumerate(ordered, start=1)
        ])
        connection.execute(insert(schema.order_lines), [
            {"order_key": n, "position": 1, "customer_id": n, "ordered_at": at, "counts_from": at, "category_folded": "beans",
             "currency": "TRY", "quantity": 1000, "unit_price": 1, "amount": 1, "amount_compared": 1}
            for n, at in enumerate(ordered, start=1)
        ])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return database


def plan(connection: Connection, query: Select[tuple[int]]) -> str:
    text = str(query.compile(connection.engine, compile_kwargs={"literal_binds": True})).replace("%", "%%")
    words = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(f"{words} {text}"))


# ---- the same people, shorter or longer ---------------------------------------------------------------------

def until(person: Person, moment: datetime) -> Person:
    mails = tuple(
        replace(mail, accepted_at=mail.accepted_at if mail.accepted_at and mail.accepted_at <= moment else None,
                events=tuple(event for event in mail.events if event.at <= moment)) for mail in person.mails
    )
    return replace(
        person, mails=mails, purchases=tuple(each for each in person.purchases if each.at <= moment),
        tags={tag: at for tag, at in person.tags.items() if at <= moment},
        friends_at=tuple(at for at in person.friends_at if at <= moment),
        referred_at=person.referred_at if person.referred_at and person.referred_at <= moment else None,
    )


def after(person: Person, moment: datetime) -> Person:
    return replace(person, created_at=moment + timedelta(days=1), purchases=tuple(each for each in person.purchases if each.at > moment))


def renumbered(person: Person, number: int) -> Person:
    return replace(person, number=number)


def with_more(person: Person, moment: datetime) -> Person:
    """Tomorrow they order, get a mail, click it, are tagged and bring a friend."""
    tomorrow = moment + timedelta(days=1)
    return replace(
        person,
        purchases=(*person.purchases, Purchase(tomorrow, (Bought(5_000_000, category="beans", sku="beans"),))),
        mails=(*person.mails, Mail(1, tomorrow, (Happened("email.clicked", tomorrow, "hero"),))),
        tags={**person.tags, "late": tomorrow}, friends_at=(*person.friends_at, tomorrow),
        referred_at=person.referred_at or tomorrow,
    )


def selected(database: Database, history: list[Person], condition: Condition, as_of: datetime) -> set[int]:
    with database.engine.connect() as connection:
        settle(connection, history, Frame(NOW, SHOP))
        frame = frame_for(connection, Workspace(SHOP, {"vip": VIP}, {}), as_of, condition, recomputed=True)
        found = set(connection.scalars(matching(connection, condition, frame)))
        connection.rollback()
    return found

