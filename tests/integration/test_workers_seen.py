"""The table of processes that send, by the database's clock."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from regulars.adapters.clock import SystemClock
from regulars.adapters.database.schema import workers
from regulars.adapters.database.types import database_in
from regulars.adapters.database.workers import FORGOTTEN_AFTER, WorkersInDatabase, clock_skew


@pytest.fixture
def table(database):
    return WorkersInDatabase(database)


def let_go_by(database, seconds):
    with database.write() as connection:
        connection.execute(update(workers).values(seen_at=database_in(-seconds)))


def test_a_worker_is_seen_with_its_age_and_its_trouble(database, table):
    table.seen("host:1", "worker", "1", None)
    let_go_by(database, 90)
    table.seen("host:2", "up", "1", "the relay is away")
    newest, oldest = table.all()

    assert (newest.owner, newest.kind, newest.trouble) == ("host:2", "up", "the relay is away")
    assert oldest.owner == "host:1"
    assert timedelta(seconds=89) < oldest.age < timedelta(seconds=150)
    assert abs(newest.skew) < 5


def test_one_row_a_process_and_none_once_it_left(table):
    table.seen("host:1", "worker", "1", "the relay is away")
    table.seen("host:1", "worker", "1", None)
    assert [worker.trouble for worker in table.all()] == [None]
    table.leave("host:1")

    assert table.all() == []


def test_whoever_is_gone_for_long_is_forgotten(database, table):
    table.seen("host:1", "worker", "1", None)
    let_go_by(database, FORGOTTEN_AFTER + 1)
    table.seen("host:2", "worker", "1", None)

    assert [worker.owner for worker in table.all()] == ["host:2"]


def test_a_clock_that_is_wrong_is_measured_against_the_databases(database, monkeypatch):
    right = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: right(self) + timedelta(minutes=2))

    assert 115 < clock_skew(database) < 125
