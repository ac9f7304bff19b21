"""Journeys on real databases: what happens starts them, time moves them on, and every step is done once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import event, insert, select, text, update

from regulars.adapters.database.engine import Database
from regulars.adapters.database.journeys import JourneyBookInDatabase
from regulars.adapters.database.schema import (
    customer_tags,
    customers,
    errands,
    journey_steps,
    journeys,
    launches,
    messages,
    suppressions,
)
from regulars.definition.automation import (
    If,
    Notify,
    Recheck,
    SetAttributes,
    StopMailing,
    Tag,
    WaitFor,
    WaitQuiet,
    Webhook,
)
from regulars.definition.conditions import Fact, Kind, Op, Tagged, Test
from tests.journeying import (
    NOW,
    campaign,
    days,
    disable,
    enable,
    happening,
    mailed,
    people,
    put_live,
    send,
    standing,
    steps_done,
    tell,
    turn,
    wait,
)


def country(code: str) -> Fact:
    return Fact("customer.country", Kind.TEXT, (Test(Op.IS, code),))


def test_an_order_starts_a_journey_and_time_moves_it_on(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(wait("pause"), send("hello"), wait("again"), send("bye")))

    assert tell(database, [happening(ada)]) == 1
    assert turn(database, NOW) == 1
    assert (mailed(database), standing(database)) == ([], [(ada, "waiting", "hello", None)])
    assert turn(database, NOW + timedelta(hours=23)) == 0
    assert turn(database, NOW + timedelta(hours=24)) == 1
    assert mailed(database) == [(ada, "hello")]
    assert turn(database, NOW + timedelta(hours=48)) == 1
    assert mailed(database) == [(ada, "hello"), (ada, "bye")]
    assert standing(database) == [(ada, "ended", None, "finished")]
    assert steps_done(database) == [("pause", "begun"), ("hello", "done"), ("again", "begun"), ("bye", "done")]


def test_the_same_order_again_starts_nothing(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(send("hello")))
    placed = happening(ada)

    assert [tell(database, [placed]), tell(database, [placed]), tell(database, [placed, placed])] == [1, 0, 0]
    turn(database, NOW)
    assert tell(database, [placed]) == 0
    assert mailed(database) == [(ada, "hello")]


def test_imported_history_starts_moves_and_ends_nothing(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(wait("pause"), send("hello"), leave_when=("order.placed",)), campaign(send("never"), name="other"))
    tell(database, [happening(ada)])
    turn(database, NOW)
    before = standing(database)

    past = [happening(ada, at=NOW - timedelta(minutes=number), subject=f"old-{number}", live=False) for number in range(50)]
    assert tell(database, [*past, happening(ada, at=NOW + timedelta(hours=1), subject="imported", live=False)], NOW + timedelta(hours=1)) == 0
    assert standing(database) == before


def test_only_whom_the_conditions_let_in_enters(database: Database) -> None:
    ada, bob, cem = people(database, "ada", "bob", "cem")
    people(database, "ada", "bob", texts={"country": "TR"})
    people(database, "bob", tags=("staff",))
    put_live(database, campaign(send("hello"), when=country("TR"), excluding=Tagged((Test(Op.IS, "staff"),))))

    assert tell(database, [happening(each) for each in (ada, bob, cem)]) == 1
    assert standing(database) == [(ada, "waiting", "hello", None)]


def test_an_event_ends_or_wakes_and_nobody_else_is_touched(database: Database) -> None:
    ada, bob = people(database, "ada", "bob")
    put_live(
        database,
        campaign(wait("pause"), send("hello"), leave_when=("order.placed",)),
        campaign(WaitFor("empty", "cart.emptied", days(14)), send("emptied"), trigger="cart.updated", name="cart"),
    )
    tell(database, [happening(ada), happening(bob), happening(ada, "cart.updated"), happening(bob, "cart.updated")])
    turn(database, NOW)

    later = NOW + timedelta(hours=2)
    tell(database, [happening(ada, at=later, subject="second"), happening(bob, "cart.emptied", at=later)], later)
    turn(database, later)
    assert standing(database) == [
        (ada, "waiting", "empty", None), (bob, "ended", None, "finished"),
        (ada, "ended", None, "left: order.placed"), (bob, "waiting", "hello", None),
    ]
    assert mailed(database) == [(bob, "emptied")]
    turn(database, NOW + timedelta(days=1))
    turn(database, NOW + timedelta(days=14))
    assert sorted(mailed(database)) == [(ada, "emptied"), (bob, "emptied"), (bob, "hello")]


def test_a_refund_told_before_its_order_leaves_nothing_to_begin(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(send("hello"), leave_when=("order.refunded",)))

    tell(database, [happening(ada, "order.refunded", NOW + timedelta(minutes=5))], NOW + timedelta(minutes=6))
    assert tell(database, [happening(ada)], NOW + timedelta(minutes=7)) == 0


def test_what_steps_change_is_changed_once_and_seen_by_later_conditions(database: Database) -> None:
    [ada] = people(database, "ada", tags=("Newcomer",), attributes={"visits": 3})
    put_live(database, campaign(
        SetAttributes("set", {"taste": "fruity"}), Tag("mark", ("Nurtured",), ("newcomer",)), wait("pause"),
        Webhook("crm", "https://crm.example/hook"), Notify("team", "team@example.com"),
        If("fruity", Fact("customer.taste", Kind.TEXT, (Test(Op.IS, "fruity"),)), (StopMailing("stop", "sunset"),)),
    ))
    tell(database, [happening(ada)])
    turn(database, NOW)
    turn(database, NOW + timedelta(days=1))

    with database.read() as connection:
        assert connection.scalar(select(customers.c.attributes)) == {"visits": 3, "taste": "fruity"}
        assert connection.scalar(select(customers.c.attributes_folded)) == {"visits": 3, "taste": "fruity"}
        assert connection.scalars(select(customer_tags.c.tag)).all() == ["Nurtured"]
        assert connection.execute(select(suppressions.c.reason, suppressions.c.source, suppressions.c.note)).all() == [("sunset", "automation", "welcome")]
        assert connection.execute(select(errands.c.step, errands.c.kind, errands.c.target)).all() == [
            ("crm", "webhook", "https://crm.example/hook"), ("team", "notify", "team@example.com")]


def test_messages_are_numbered_within_their_step_and_carry_what_sending_needs(database: Database) -> None:
    ids = people(database, *(f"p{number}" for number in range(25)))
    put_live(database, campaign(send("hello"), send("bye")))
    tell(database, [happening(each) for each in ids])
    assert turn(database, NOW, batch=10) == 25

    with database.read() as connection:
        rows = connection.execute(select(messages).order_by(messages.c.launch_id, messages.c.number)).all()
        counted = connection.scalars(select(launches.c.recipients)).all()
    assert counted == [25, 25]
    assert [row.number for row in rows] == [*range(1, 26), *range(1, 26)]
    first = rows[0]
    assert (first.email, first.email_domain, first.lane, first.state, first.next_attempt_at, first.expires_at, first.occurrence) == (
        f"p{ids.index(first.customer_id)}@example.com", "example.com", "", "pending", NOW, NOW + timedelta(days=3), 1)
    assert all(row.journey_id for row in rows)


def test_who_has_the_mail_already_stops_nobody_else(database: Database) -> None:
    """Two customers turned out to be one, and the other's mail is theirs now."""
    ada, bob = people(database, "ada", "bob")
    put_live(database, campaign(wait("pause"), send("hello"), wait("again"), send("bye")))
    tell(database, [happening(ada), happening(bob)])
    with database.write() as connection:
        launch_id = connection.scalar(select(launches.c.id).where(launches.c.step == "hello"))
        connection.execute(insert(journeys).values(
            id=99, campaign="welcome", edition=1, customer_id=999, occurrence=1, entry="once", state="ended", reason="finished", ended_at=NOW,
            entered_at=NOW, trigger={},
        ))
        connection.execute(insert(journey_steps).values(
            journey_id=99, fence=1, place=0, step="hello", kind="send", outcome="done", at=NOW, launch_id=launch_id, number=1,
        ))
        connection.execute(insert(messages).values(
            launch_id=launch_id, number=1, customer_id=ada, occurrence=1, email="ada@example.com", email_domain="example.com", state="pending",
            next_attempt_at=NOW, journey_id=99,
        ))
        connection.execute(update(launches).where(launches.c.id == launch_id).values(recipients=1))
    turn(database, NOW)
    turn(database, NOW + timedelta(days=1))

    assert Counter(mailed(database)) == {(ada, "hello"): 1, (bob, "hello"): 1}
    assert sorted(steps_done(database)).count(("hello", "skipped")) == 1


def test_an_automation_that_is_disabled_keeps_everybody_where_they_are(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(wait("pause"), send("hello")))
    tell(database, [happening(ada)])
    turn(database, NOW)
    disable(database)

    assert turn(database, NOW + timedelta(days=1)) == 1
    assert turn(database, NOW + timedelta(days=1)) == 0, "it is not looked at again"
    assert (standing(database), mailed(database)) == ([(ada, "paused", "hello", None)], [])
    assert tell(database, [happening(ada, at=NOW + timedelta(hours=30), subject="x")], NOW + timedelta(hours=30)) == 0
    enable(database, now=NOW + timedelta(days=2))
    turn(database, NOW + timedelta(days=2))
    assert (standing(database), mailed(database)) == ([(ada, "ended", None, "finished")], [(ada, "hello")])


def test_after_an_outage_each_step_is_done_or_says_why(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(send("first"), wait("pause"), send("second"), wait("again"), send("third"), not_later_than=days(1.5)))
    tell(database, [happening(ada)])
    turn(database, NOW + timedelta(hours=50))

    assert mailed(database) == [(ada, "second")]
    assert steps_done(database) == [("first", "skipped"), ("pause", "begun"), ("second", "done"), ("again", "begun")]
    turn(database, NOW + timedelta(hours=74))
    assert mailed(database) == [(ada, "second"), (ada, "third")], "a day after the second has left, not with it"


def statements_of(database: Database, work: Callable[[], object]) -> list[tuple[str, object]]:
    """What `work` said to the database, with its parameters."""
    said: list[tuple[str, object]] = []

    def listen(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        said.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    work()
    event.remove(database.engine, "before_cursor_execute", listen)
    return said


def test_the_number_of_queries_does_not_depend_on_the_number_of_journeys(database: Database) -> None:
    put_live(database, campaign(
        WaitQuiet("quiet", "cart.updated", days(0.1)), If("here", country("TR"), (send("hello"),), (send("there"),)), Tag("mark", ("met",)),
        send("bye"), recheck=Recheck.EVERY_SEND, when=country("TR"),
    ))

    def asked(names: list[str], at: datetime) -> int:
        ids = people(database, *names, texts={"country": "TR"})
        told = len(statements_of(database, lambda: tell(database, [happening(each, at=at) for each in ids], at)))
        moved = len(statements_of(database, lambda: turn(database, at)))
        assert len(mailed(database)) >= len(names)
        return told - 2 * len(names) + moved  # the test's own look at the events

    asked(["first"], NOW)
    few = asked(["a"], NOW + timedelta(minutes=1))
    assert asked([f"b{number}" for number in range(60)], NOW + timedelta(hours=1)) <= few + 2


def test_what_is_due_is_found_by_its_index(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(wait("pause"), send("hello")))
    row = {"campaign": "welcome", "edition": 1, "customer_id": ada, "state": "waiting", "step": "hello", "entered_at": NOW, "trigger": {}}
    with database.write() as connection:
        connection.execute(insert(journeys), [
            {**row, "occurrence": number, "entry": str(number), "due_at": NOW + timedelta(minutes=number)} for number in range(1, 3_001)
        ])
        connection.execute(text("ANALYZE"))

    def claim_and_look() -> None:
        book = JourneyBookInDatabase(database)
        assert book.is_due(NOW + timedelta(hours=1))
        with book.writing() as page:
            assert len(page.claim(20, NOW + timedelta(hours=1))) == 20

    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    for statement, parameters in statements_of(database, claim_and_look):
        if "journeys" in statement:
            with database.read() as connection:
                plan = " ".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))
            assert "ix_journeys_due" in plan
