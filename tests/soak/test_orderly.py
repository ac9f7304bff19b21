"""Told to stop, to pause, or to leave somebody alone: what was in flight ends, and nothing else leaves."""

import os
import time
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from regulars.adapters.clock import SystemClock
from regulars.adapters.database.launches import LaunchesInDatabase
from regulars.adapters.database.schema import customers, messages
from regulars.adapters.database.unsubscribes import withdraw_consent
from regulars.operations.pause import pause
from tests.soak.faults import Faults
from tests.soak.fleet import Fleet
from tests.soak.judgement import judge
from tests.soak.shop import Shop
from tests.soak.sink import running_sink
from tests.soak.watching import is_finished, until

PEOPLE, WORKERS, CONNECTIONS = 2_000, 2, 4
IN_FLIGHT = WORKERS * CONNECTIONS

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
def sink(tmp_path):
    with running_sink(tmp_path / "sink", Faults(latency=0.005)) as sink:
        yield sink


@pytest.fixture
def shop(postgres_database, redis_server, sink, tmp_path):
    settings = {"REGULARS_BROKER_URL": redis_server.url, "REGULARS_MAIL_URL": sink.url(connections=CONNECTIONS)}
    return Shop.opened(tmp_path, postgres_database, PEOPLE, on_uncertain="hold", **settings)


@pytest.fixture
def fleet(shop, sink):
    """Workers in the middle of sending."""
    with Fleet(shop, sink.port, WORKERS) as fleet:
        shop.run("launch", "hello", "--yes")
        until(lambda: sink.taken() > 200, "sending", lambda: fleet.log)
        yield fleet


def test_workers_told_to_stop_leave_nothing_in_doubt(shop, fleet, sink):
    fleet.stop()
    verdict = judge(shop.rows(), sink.copies())

    assert set(verdict.states) == {"accepted", "pending"}
    assert verdict.states["accepted"] == verdict.copies < PEOPLE
    assert (verdict.lost, verdict.twice, verdict.flagged) == ([], 0, 0)
    assert fleet.left_over() == []


def test_after_a_pause_at_most_the_mails_in_flight_still_leave(shop, fleet, sink):
    pause("hello", LaunchesInDatabase(shop.database), by="the test", now=SystemClock().now())
    committed = time.time()
    until(lambda: _at_rest(shop), "rest", lambda: fleet.log)
    after = [copy for copy in sink.copies() if copy.at > committed]

    assert len(after) <= IN_FLIGHT
    assert sink.taken() < PEOPLE
    shop.run("resume", "hello")
    until(is_finished(shop), "the end", lambda: fleet.log)
    assert judge(shop.rows(), sink.copies()).broken == {}
    assert sink.taken() == PEOPLE


def test_after_they_left_at_most_the_mails_in_flight_still_reach_them(shop, fleet, sink):
    with shop.database.write() as connection:
        leaving = connection.scalars(
            select(messages.c.customer_id).where(messages.c.state.in_(["pending", "claimed"])).order_by(messages.c.number.desc())
        ).all()
        withdraw_consent(connection, [_farewell(customer) for customer in leaving])
    committed = time.time()
    until(is_finished(shop), "the end", lambda: fleet.log)
    with shop.database.read() as connection:
        left = set(connection.scalars(select(customers.c.email).where(customers.c.id.in_(leaving))))
    theirs = [copy for copy in sink.copies() if copy.recipient in left]
    before = sum(copy.at <= committed for copy in theirs)
    verdict = judge(shop.rows(), sink.copies())

    assert len(leaving) > IN_FLIGHT
    assert len(theirs) - before <= IN_FLIGHT
    assert verdict.broken == {}
    assert verdict.states["skipped"] >= len(leaving) - before - IN_FLIGHT


def _at_rest(shop: Shop) -> bool:
    with shop.database.read() as connection:
        return not connection.scalars(select(messages.c.number).where(messages.c.state.in_(["claimed", "handoff"])).limit(1)).all()


def _farewell(customer: int) -> SimpleNamespace:
    return SimpleNamespace(at=SystemClock().now(), source="page", message=SimpleNamespace(customer_id=customer, ref=f"test {os.getpid()}"))
