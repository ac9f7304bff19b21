"""/metrics: the state of the whole installation, for Prometheus; never an address, and not for the world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, update
from starlette.testclient import TestClient

from regulars.adapters.database.engine import Database
from regulars.adapters.database.registry import RegistryInDatabase
from regulars.adapters.database.schema import messages
from regulars.adapters.database.workers import WorkersInDatabase
from regulars.bootstrap import House
from regulars.delivery.outcomes import Outcome
from regulars.delivery.permission import Generation
from regulars.doors.web import meter
from regulars.doors.web.app import make_app
from regulars.settings import MailUrl, Settings
from tests.integration.launching import FILES, NOW, ShopFloor, add_customers

TOKEN = "a token of more than sixteen letters"
HERE, ELSEWHERE = ("127.0.0.1", 50_000), ("192.0.2.7", 50_000)


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "GOOD_FOR", 0.0)


@pytest.fixture
def floor(database: Database) -> ShopFloor:
    return ShopFloor(database)


@pytest.fixture
def house(floor: ShopFloor, tmp_path: Path) -> House:
    (tmp_path / "regulars.yaml").write_text(FILES["regulars.yaml"])
    url = floor.database.engine.url.render_as_string(hide_password=False)
    house = House(Settings(
        str(tmp_path), url, MailUrl("spool", folder=str(tmp_path / "outbox")), "http://127.0.0.1:8000", floor.keys,
        metrics_token=TOKEN,
    ))
    vars(house).update(database=floor.database, clock=floor.clock)
    return house


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with TestClient(make_app(house), "http://127.0.0.1:8000", client=HERE) as client:
        yield client


def read(client: TestClient) -> dict[str, float]:
    """name{label=value,…} -> number."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "@" not in answer.text
    return {
        sample.name + ("{" + ",".join(f"{key}={value}" for key, value in sample.labels.items()) + "}" if sample.labels else ""): sample.value
        for family in text_string_to_metric_families(answer.text) for sample in family.samples
    }


def test_an_idle_installation(client: TestClient) -> None:
    told = read(client)

    assert told["regulars_database_up"] == 1
    assert told["regulars_oldest_due_seconds"] == told["regulars_held"] == told["regulars_messages{state=pending}"] == 0
    assert told["regulars_restored_backup"] == told["regulars_wrong_environment"] == 0
    assert told["regulars_hits_waiting"] == told["regulars_hits_lost_total"] == told["regulars_hit_lag_seconds"] == 0
    assert "regulars_worker_age_seconds{kind=worker}" not in told


def test_a_launch_under_way(floor: ShopFloor, client: TestClient) -> None:
    add_customers(floor.database, 5)
    launch = floor.launch()
    floor.clock.at += timedelta(minutes=3)
    waiting = read(client)
    floor.messages.claim(launch.id, 2, "worker-1", 60, floor.clock.now())
    WorkersInDatabase(floor.database).seen("host:1", "worker", "1", "the relay is away")
    working = read(client)

    assert waiting["regulars_oldest_due_seconds"] == 180
    assert (waiting["regulars_messages{state=pending}"], waiting["regulars_launches{state=sending}"]) == (5, 1)
    assert (working["regulars_messages{state=pending}"], working["regulars_messages{state=claimed}"]) == (3, 2)
    assert working["regulars_workers{kind=worker}"] == working["regulars_troubled_workers"] == 1
    assert 0 <= working["regulars_worker_age_seconds{kind=worker}"] < 60


def test_what_relays_answered_counts_up_by_class_phase_and_lane(floor: ShopFloor, client: TestClient) -> None:
    read(client)
    add_customers(floor.database, 4)
    floor.transport.says = {1: Outcome.REJECTED, 2: Outcome.DEFERRED, 3: Outcome.LOST_AFTER_DOT}
    launch = floor.launch()
    with floor.database.write() as connection:
        connection.execute(update(messages).where(messages.c.number == 4).values(lane="gmail"))
    floor.drain(launch.id)
    read(client)
    told = [read(client), read(client)][-1]

    assert {name: value for name, value in told.items() if name.startswith("regulars_attempts_total")} == {
        "regulars_attempts_total{lane=other,phase=dot,reply=5xx}": 1,
        "regulars_attempts_total{lane=other,phase=dot,reply=4xx}": 1,
        "regulars_attempts_total{lane=other,phase=dot,reply=none}": 1,
        "regulars_attempts_total{lane=gmail,phase=dot,reply=2xx}": 1,
    }


def test_what_needs_a_person(house: House, floor: ShopFloor, client: TestClient) -> None:
    add_customers(floor.database, 2)
    floor.transport.says = {1: Outcome.LOST_AFTER_DOT}
    launch = floor.launch()
    floor.drain(launch.id)
    floor.let_leases_run_out()
    floor.work()
    RegistryInDatabase(floor.database).notice(Generation(99, NOW, 7))
    house.settings = replace(house.settings, environment="staging")
    told = read(client)

    assert (told["regulars_held"], told["regulars_restored_backup"], told["regulars_wrong_environment"]) == (1, 1, 1)


def test_a_scrape_asks_few_questions_however_large_the_shop_is(floor: ShopFloor, client: TestClient) -> None:
    asked: list[str] = []
    event.listen(floor.database.engine, "before_cursor_execute", lambda *say: asked.append(say[2]))
    read(client)
    small = len(asked)
    add_customers(floor.database, 300)
    floor.drain(floor.launch().id)
    asked.clear()
    read(client)

    assert len(asked) <= small + 1  # one that counts the attempts since the last time
    assert small < 20


def test_it_is_not_for_the_world(house: House) -> None:
    with TestClient(make_app(house), "http://mail.shop.example", client=ELSEWHERE) as stranger:
        assert stranger.get("/metrics").status_code == 404
        assert stranger.get("/metrics", headers={"authorization": "Bearer something else"}).status_code == 404
        assert stranger.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
        house.settings = replace(house.settings, metrics_token="")
        assert stranger.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404
    with TestClient(make_app(house), "http://127.0.0.1:8000", client=HERE) as proxied:
        assert proxied.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"}).status_code == 404


def test_while_the_database_is_away_it_says_so(client: TestClient, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from regulars.errors import Unreachable

    def away(self: Database) -> None:
        raise Unreachable("the database does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(Database, "read", away)
        told = read(client)

    assert told["regulars_database_up"] == 0
    assert told["regulars_hits_waiting"] == 0
