"""Scores are a pure function of events, rules and clock: additions, replay and contributions agree."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, select

from regulars.adapters.database.cuts import FifthsInDatabase
from regulars.adapters.database.schema import bundles, customers, events, launches, messages
from regulars.adapters.database.scores import NewEvent, Scores, add_scores, replay_engagement
from regulars.definition.quantities import Duration
from regulars.definition.workspace import Scoring
from regulars.operations.scores import keep_scores_small, keep_scores_true, recompute_scores, show_scores
from tests.people import SHOP

pytestmark = pytest.mark.breaks_promises  # its messages are rows made by hand, without an audience

SCORING = Scoring()


def record(connection, now, *new):
    """The events as the web door and the importer write them, with their additions."""
    for number, event in enumerate(new):
        connection.execute(insert(events).values(
            at=event.at, customer_id=event.customer_id, kind=event.kind, verdict=event.verdict, origin="live",
            launch_id=1 if event.segments else None, campaign="win-back" if event.segments else None,
            source="test", source_id=f"{event.kind}-{event.at}-{number}",
        ))
    add_scores(connection, new, SCORING)


@pytest.fixture
def shop(database, now):
    with database.write() as connection:
        for customer in (1, 2, 3):
            connection.execute(insert(customers).values(id=customer, email=f"c{customer}@kahve.example", created_at=now, updated_at=now))
        connection.execute(insert(bundles).values(hash="b", campaign="win-back", created_at=now))
        connection.execute(insert(launches).values(
            id=1, campaign="win-back", bundle="b", key="k", state="finished", segments=["sleepers"], created_at=now,
            created_by="test", on_uncertain="hold", options={}, recipients=3,
        ))
    return database


def history(now):
    day = timedelta(days=1)
    return [
        NewEvent(1, "order.placed", now - 40 * day),
        NewEvent(1, "email.clicked", now - 3 * day, "human", ["sleepers"]),
        NewEvent(1, "email.opened", now - 3 * day, "human", ["sleepers"]),
        NewEvent(2, "email.clicked", now - 60 * day, "human", ["sleepers"]),
        NewEvent(2, "email.unsubscribed", now - 1 * day, None, ["sleepers"]),
    ]


def stored(database):
    with database.read() as connection:
        return {row.id: row.engagement for row in connection.execute(select(customers.c.id, customers.c.engagement))}


def test_replaying_all_events_gives_what_the_additions_gave(shop, now):
    with shop.write() as connection:
        record(connection, now, *history(now))
    before, segments_before = stored(shop), Scores(shop).stored(1)[1]

    assert recompute_scores(SCORING, Scores(shop), now) == 2
    assert stored(shop) == pytest.approx(before, rel=1e-9)
    assert Scores(shop).stored(1)[1] == pytest.approx(segments_before, rel=1e-9)
    assert before[1] > 0 > before[2]


def test_contributions_add_up_to_the_stored_score(shop, now):
    with shop.write() as connection:
        record(connection, now, *history(now))

    for customer in (1, 2):
        for score in show_scores(customer, SCORING, Scores(shop), now):
            assert sum(part.value for part in score.parts) == pytest.approx(score.value, rel=1e-9)


def test_machine_hits_and_doubtful_ones_change_no_score(shop, now):
    with shop.write() as connection:
        record(connection, now, *history(now))
    before = stored(shop)
    noise = [
        NewEvent(customer, kind, now, verdict, ["sleepers"])
        for customer in (1, 2, 3) for kind in ("email.opened", "email.clicked") for verdict in ("machine", "unknown")
    ]

    with shop.write() as connection:
        record(connection, now, *noise)

    assert stored(shop) == before
    recompute_scores(SCORING, Scores(shop), now)
    assert stored(shop) == pytest.approx(before, rel=1e-9)


def test_changed_weights_are_replayed_over_the_past(shop, now):
    with shop.write() as connection:
        record(connection, now, *history(now))
    generous = Scoring(half_life=Duration(seconds=86_400 * 10), open=Decimal(1), click=Decimal(5))

    recompute_scores(generous, Scores(shop), now)

    score = show_scores(1, generous, Scores(shop), now)[0]
    assert score.value == pytest.approx(10 * 2**-4 + (5 + 1) * 2**-0.3, rel=1e-9)


def test_the_landmark_moves_before_sums_outgrow_floats_and_no_score_changes(shop, now):
    hasty = Scoring(half_life=Duration(seconds=86_400))
    far = now + timedelta(days=700)
    with shop.write() as connection:
        for event in history(now):
            connection.execute(insert(events).values(
                at=event.at + timedelta(days=699), customer_id=event.customer_id, kind=event.kind, verdict=event.verdict, origin="live"
            ))
    book = Scores(shop)

    assert not keep_scores_small(hasty, book, now - timedelta(days=300))
    assert keep_scores_small(hasty, book, far)

    assert book.landmark() == far
    assert stored(shop)[1] == pytest.approx(3 * 2**-4 + 10 * 2**-41, rel=1e-9)
    assert not keep_scores_small(hasty, book, far + timedelta(days=299))


def test_replaying_some_customers_leaves_the_others_alone(shop, now):
    with shop.write() as connection:
        record(connection, now, *history(now))
    before = stored(shop)

    with shop.write() as connection:
        connection.execute(customers.update().values(engagement=1.5))
        replay_engagement(connection, SCORING, [1])

    assert stored(shop) == pytest.approx({1: before[1], 2: 1.5, 3: 1.5}, rel=1e-9)


def test_a_segments_waves_count_accepted_and_clicked_messages(shop, now):
    with shop.write() as connection:
        for number, clicked in ((1, now), (2, None), (3, None)):
            connection.execute(insert(messages).values(
                launch_id=1, number=number, customer_id=number, email="a@kahve.example", email_domain="kahve.example",
                state="accepted", next_attempt_at=now, accepted_at=now if number < 3 else None, clicked_at=clicked,
            ))

    [wave] = Scores(shop).waves("sleepers")

    assert (wave.accepted, wave.reacted) == (2, 1)
    assert Scores(shop).waves("strangers") == []


def test_fifths_rank_those_who_ordered_and_leave_the_others_out(database, now):
    with database.write() as connection:
        for number in range(1, 11):
            connection.execute(insert(customers).values(
                id=number, email_key=f"c{number}@kahve.example", created_at=now, updated_at=now, orders_count=number,
                orders_spent=1_000 * (11 - number), orders_last_at=now - timedelta(days=number), orders_first_at=now - timedelta(days=99),
            ))
        connection.execute(insert(customers).values(id=11, email_key="c11@kahve.example", created_at=now, updated_at=now))
    fifths = FifthsInDatabase(database, SHOP)

    assert fifths.of(1, now) == {"recency": 5, "frequency": 1, "monetary": 5}
    assert fifths.of(10, now) == {"recency": 1, "frequency": 5, "monetary": 1}
    assert fifths.of(5, now) == {"recency": 3, "frequency": 3, "monetary": 3}
    assert fifths.of(11, now) == {"recency": None, "frequency": None, "monetary": None}


def test_changed_rules_are_noticed_and_replayed_once(shop, now):
    with shop.write() as connection:
        record(connection, now, *history(now))
        replay_engagement(connection, SCORING, [1, 2, 3])
    generous, book = Scoring(click=Decimal(30)), Scores(shop)
    before = stored(shop)

    assert book.are_by(SCORING)
    assert not keep_scores_true(SCORING, book, now)
    assert not book.are_by(generous)
    assert not book.are_by(Scoring(half_life=Duration(seconds=86_400 * 10)))
    assert keep_scores_true(generous, book, now)
    assert not keep_scores_true(generous, book, now)
    assert stored(shop)[1] > before[1]
