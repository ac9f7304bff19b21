"""The same loop as a large shop runs it: PostgreSQL, Redis, two Celery workers and a relay, all of them real."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import redis
from sqlalchemy import func, select, text

from regulars.adapters.database.engine import Database
from regulars.adapters.database.invariants import violations
from regulars.adapters.database.schema import messages
from tests.commands import ROOT, Regulars, add_people, end, until
from tests.relay import RelayServer
from tests.servers import RedisServer

MANY = 300
LATER = "2026-11-20T12:00:00Z"
AFTERNOON = "2026-11-20T15:00:00Z"

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
def relay() -> Iterator[RelayServer]:
    with RelayServer() as relay:
        yield relay


@pytest.fixture
def shop(bare: Regulars, postgres_database: Database, redis_server: RedisServer, relay: RelayServer) -> Iterator[Regulars]:
    """The small shop on real servers; when the test is over every promise about its messages must hold."""
    redis.Redis.from_url(redis_server.url).flushall()
    bare.environment |= {
        "REGULARS_DATABASE_URL": postgres_database.engine.url.render_as_string(hide_password=False),
        "REGULARS_BROKER_URL": redis_server.url,
        "REGULARS_MAIL_URL": f"smtp://127.0.0.1:{relay.port}?connections=2&dot_timeout=5",
        "REGULARS_SECRET": "a secret of the tests",
        "REGULARS_PROJECT": str(bare.folder),
    }
    yield bare
    with postgres_database.read() as connection:
        assert violations(connection) == []


@pytest.fixture
def workers(shop: Regulars, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(shop, tmp_path / "workers.log")
    yield workers
    workers.close()


class Workers:
    """Celery processes started as the manual says."""

    def __init__(self, shop: Regulars, log: Path) -> None:
        self.shop = shop
        self.log = log.open("wb")
        self.processes: list[subprocess.Popen] = []

    def start(self, *more: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "worker", "worker", "--pool", "solo", "--loglevel", "info", *more],
            cwd=ROOT, env=self.shop.surroundings(LATER, {}), stdout=self.log, stderr=self.log,
        )
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            end(process, signal.SIGTERM)
        self.log.close()


def test_the_loop_with_two_workers_a_relay_and_a_flushed_redis(shop, workers, relay, redis_server):
    """Redis is emptied while mail leaves: what it held was bells only, and the sweep finds the work."""
    add_people(shop, MANY)
    launched = shop("launch", "hello", "--yes", "--json").json
    workers.start("-B")
    workers.start()
    until(lambda: len(relay.arrived) > 20, "the first mails")
    redis.Redis.from_url(redis_server.url).flushall()
    shop("status", "hello", "--watch")
    finished = shop("status", "hello", "--json").json

    assert (launched["launch"], launched["counts"]) == (1, {"pending": MANY})
    assert (finished["state"], finished["counts"]) == ("finished", {"accepted": MANY})
    assert Counter(mail.recipient for mail in relay.arrived) == {f"many{number}@posta.example": 1 for number in range(MANY)}

    reader = message_from_bytes(relay.arrived[0].content, policy=default)
    with shop.door(now=AFTERNOON) as door:
        assert door.get(link(reader, "/c/")).status == 302
        assert door.post(link(reader, "/u/"), b"List-Unsubscribe=One-Click").status == 200
    report = shop("report", "hello", "--json", now=AFTERNOON).json
    plan = shop("launch", "hello", "--yes", "--again", "--json", now=AFTERNOON).json["plan"]

    assert (report["sent"], report["clicks"], report["unsubscribes"]) == (MANY, 1, 1)
    assert plan["excluded"] == {"unsubscribed": 1}
    shop("cancel", "hello", "--yes")


def test_a_worker_killed_in_the_middle_loses_nobody(shop, workers, relay, postgres_database):
    """What was in its hands comes free when its lease ends; only a mail whose dot was out may arrive twice or wait for a word."""
    add_people(shop, MANY)
    shop("launch", "hello", "--yes")
    first = workers.start()
    until(lambda: len(relay.arrived) > 20, "the first mails")
    first.kill()
    first.wait()
    in_hand = count(postgres_database, "claimed", "handoff")
    let_leases_end(postgres_database)
    workers.start("-B")
    workers.start()
    until(lambda: count(postgres_database, "accepted", "held") == MANY, "the end of the launch")
    counts = shop("status", "hello", "--json", code=1 if count(postgres_database, "held") else 0).json["counts"]
    arrived = Counter(mail.recipient for mail in relay.arrived)

    assert in_hand > 0
    assert counts.get("held", 0) <= 2  # at most one for each of its connections
    assert set(arrived.values()) == {1}
    assert len(arrived) >= counts["accepted"]


def test_workers_refuse_to_start_without_their_settings(shop):
    environment = shop.surroundings(LATER, {"REGULARS_SECRET": "", "REGULARS_DATABASE_URL": "mysql://h/d"})
    ran = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "worker", "worker", "--pool", "solo"], cwd=ROOT, env=environment, capture_output=True,
        text=True, timeout=60, check=False)

    assert ran.returncode != 0
    assert "REGULARS_SECRET is missing" in ran.stderr
    assert "REGULARS_DATABASE_URL" in ran.stderr


def test_a_database_that_was_never_made_says_what_to_type(shop, postgres_database):
    with postgres_database.write() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    unmade = shop("status", code=3)
    shop("db", "upgrade")

    assert "regulars db upgrade" in unmade.err
    assert "nothing has been launched yet" in shop("status").out


def count(database: Database, *states: str) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(messages).where(messages.c.state.in_(states)))


def let_leases_end(database: Database) -> None:
    """As if five minutes had passed: leases compare the database's own clock, which no test should wait for."""
    with database.write() as connection:
        connection.execute(text("UPDATE messages SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL"))


def link(mail, kind: str) -> str:
    page = mail.get_body(("html",)).get_content()
    return next(url for url in page.split('"') if url.startswith("http://127.0.0.1") and kind in url)
