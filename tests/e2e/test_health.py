"""What an operator sees: workers that live and that were killed, a worker of another environment, logs and numbers without addresses."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import func, select, update

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import messages, workers
from regulars.adapters.database.types import database_in
from tests import relay as relay_module
from tests.commands import Regulars, add_people, end, until
from tests.relay import RelayServer
from tests.servers import RedisServer

MANY = 12
LATER = "2026-11-20T09:10:00Z"
AYSE = "email,first_name,last_name,city,locale,country,consent,consent_at\nayse@posta.example,Ayşe,Gizli,Many,en,TR,yes,2026-01-01\n"

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Iterator[RelayServer]:
    """It repeats an address in its answer, as many do."""
    monkeypatch.setitem(relay_module.AT_RCPT, "ayse", "550 5.1.1 <ayse@posta.example>: recipient Gizli unknown")
    with RelayServer() as relay:
        yield relay


@pytest.fixture
def shop(bare: Regulars, postgres_database: Database, redis_server: RedisServer, relay: RelayServer) -> Regulars:
    redis.Redis.from_url(redis_server.url).flushall()
    bare.environment |= {
        "REGULARS_DATABASE_URL": postgres_database.engine.url.render_as_string(hide_password=False),
        "REGULARS_BROKER_URL": redis_server.url,
        "REGULARS_MAIL_URL": f"smtp://127.0.0.1:{relay.port}?connections=2&dot_timeout=5",
        "REGULARS_SECRET": "a secret of the tests",
    }
    return bare


@pytest.fixture
def crew(shop: Regulars, tmp_path: Path) -> Iterator[Crew]:
    crew = Crew(shop, tmp_path)
    yield crew
    crew.close()


class Crew:
    """Workers started by the command; `log()`: what they wrote."""

    def __init__(self, shop: Regulars, folder: Path) -> None:
        self.shop = shop
        self.file = folder / "worker.log"
        self.processes: list = []

    def start(self, **environment: str):
        import subprocess

        with self.file.open("ab") as log:
            process = subprocess.Popen(
                self.shop.command(("worker", "--beat")), cwd=self.shop.folder, stdout=log, stderr=log,
                env=self.shop.surroundings("2026-11-20T09:00:00Z", environment),
            )
        self.processes.append(process)
        return process

    def log(self) -> str:
        return self.file.read_text()

    def close(self) -> None:
        for process in self.processes:
            end(process, signal.SIGTERM)


def seen(database: Database) -> dict[str, str | None]:
    with database.read() as connection:
        return {row.kind: row.trouble for row in connection.execute(select(workers))}


def counts(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return dict(connection.execute(select(messages.c.state, func.count()).group_by(messages.c.state)).all())


def checks(shop: Regulars, **how) -> dict[str, dict]:
    return {check["name"]: check for check in shop("doctor", "--json", **how).json["checks"]}


def test_a_worker_is_seen_and_one_that_was_killed_is_missed(shop, crew, relay, postgres_database):
    add_people(shop, MANY)
    before = checks(shop)
    worker = crew.start()
    until(lambda: {"worker", "beat"} <= seen(postgres_database).keys(), "the first beat")
    during = checks(shop)
    worker.kill()
    worker.wait()
    with postgres_database.write() as connection:
        connection.execute(update(workers).values(seen_at=database_in(-300)))
    shop("launch", "hello", "--yes")
    after = checks(shop, code=3, now=LATER)

    assert (before["workers"]["state"], before["workers"]["detail"]) == ("warn", "no worker is seen; a launch would wait for one")
    assert during["workers"]["state"] == "ok"
    assert "beat" in during["workers"]["detail"]
    assert after["workers"]["state"] == "bad"
    assert "mail is due for 10 min and nobody sends it" in after["workers"]["detail"]
    assert "regulars worker --beat" in after["workers"]["hint"]
    assert [name for name, check in during.items() if check["state"] == "bad"] == []
    assert "lets us in: without TLS, no sign-in" in during["mail"]["detail"]
    assert "0 bells wait" in during["broker"]["detail"]


def test_a_worker_that_ends_as_it_should_is_not_missed(shop, crew, postgres_database):
    worker = crew.start()
    until(lambda: "worker" in seen(postgres_database), "the first beat")
    end(worker, signal.SIGTERM)

    assert "worker" not in seen(postgres_database)


def test_a_worker_of_another_environment_sends_nothing_and_says_so(shop, crew, relay, postgres_database):
    add_people(shop, MANY)
    shop("db", "stamp", "production", "--yes")
    crew.start(REGULARS_ENVIRONMENT="staging")
    shop("launch", "hello", "--yes", REGULARS_ENVIRONMENT="production")
    until(lambda: seen(postgres_database).get("worker"), "the worker's complaint")
    doctor = shop("doctor", REGULARS_ENVIRONMENT="production")

    assert relay.arrived == []
    assert counts(postgres_database) == {"pending": MANY}
    assert 'is stamped "production", and this process is of the environment "staging"' in crew.log()
    assert "sends nothing: the database" in doctor.out


def test_logs_and_numbers_name_nobody(shop, crew, relay, postgres_database):
    add_people(shop, MANY)
    shop.write("ayse.csv", AYSE)
    shop("import", "customers", "ayse.csv")
    with shop.door("serve", REGULARS_LOG="json", REGULARS_METRICS_TOKEN="a token for the watcher") as door:
        door.get("/metrics")
        crew.start(REGULARS_LOG="json")
        shop("launch", "hello", "--yes", "--watch", code=1)
        until(lambda: crew.log().count('"state"') >= MANY + 1, "a line for each outcome")
        until(lambda: "regulars_attempts_total{" in door.get("/metrics").body.decode(), "the counters")
        metrics = door.get("/metrics").body.decode()
    lines = [json.loads(line) for line in crew.log().splitlines() if line.strip()]
    outcomes = [line for line in lines if line["logger"] == "regulars.outcomes"]

    assert Counter(line["state"] for line in outcomes) == {"accepted": MANY, "rejected": 1}
    refused = next(line for line in outcomes if line["state"] == "rejected")
    assert (refused["launch"], refused["phase"], refused["code"], refused["enhanced"]) == (1, "rcpt", 550, "5.1.1")
    assert {line["code"] for line in outcomes if line["state"] == "accepted"} == {250}
    assert all(line["ms"] >= 0 for line in outcomes)
    for word in ("posta.example", "ayse", "Gizli", "Hello"):
        assert word not in crew.log()
        assert word not in metrics
    assert 'regulars_workers{kind="worker"} 1.0' in metrics


def test_a_test_mail_says_what_the_relay_answered(shop, relay):
    sent = shop("doctor", "--test-mail", "you@shop.example")
    refused = shop("doctor", "--test-mail", "ayse@posta.example", code=3)
    not_welcome = shop("doctor", "--test-mail", "you@posta.example", code=3, REGULARS_ONLY_TO="*@shop.example")

    assert "took it: 250 2.0.0 Ok: queued as 1" in sent.out
    assert "550 5.1.1 <ayse@posta.example>" in refused.out
    assert "not in REGULARS_ONLY_TO" in not_welcome.out
    assert [mail.recipient for mail in relay.arrived] == ["you@shop.example"]
