"""Real Celery workers on a real Redis: a launch is sent, by whoever hears the bell, and by the sweep when nobody does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from regulars.adapters.broker import SWEEP, SWEEP_EXPIRES, BrokerBell, NoBell, configuration
from regulars.adapters.database.feeds import FeedsInDatabase
from regulars.adapters.database.schema import attempts, messages
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import ShopFloor, add_customers
from tests.relay import RelayServer

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds; far more than a worker needs, so that a busy machine is no failure


class Workshop:
    """Worker processes on one database, one Redis and one spool. `now`: the shop floor's moment, for composed times."""

    def __init__(self, database, redis, folder):
        self.processes = []
        self.redis = redis
        self.outbox = folder / "outbox"
        self.log = (folder / "worker.log").open("wb")
        (folder / "regulars.yaml").write_text("# a worker needs no files: bundles are in the database\n")
        self.environment = {
            **os.environ,
            "REGULARS_PROJECT": str(folder),
            "REGULARS_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
            "REGULARS_BROKER_URL": redis.url,
            "REGULARS_MAIL_URL": f"spool:{self.outbox}",
            "REGULARS_SECRET": "a secret of the tests",
            "REGULARS_NOW": "2026-11-20T09:00:00Z",
        }

    def start(self, *, beat: bool) -> subprocess.Popen:
        command = [sys.executable, "-m", "celery", "-A", "worker", "worker", "--pool", "solo", "--loglevel", "info"]
        process = subprocess.Popen(
            [*command, *(["-B"] if beat else [])], cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log
        )
        self.processes.append(process)
        return process

    def mails(self) -> int:
        return len(list(self.outbox.glob("*.eml"))) if self.outbox.exists() else 0

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            process.wait(PATIENCE)
        self.log.close()


@pytest.fixture
def workshop(postgres_database, redis_server, tmp_path):
    _on_redis(redis_server, "FLUSHALL")
    workshop = Workshop(postgres_database, redis_server, tmp_path)
    yield workshop
    workshop.close()
    assert_promises_kept(postgres_database)


@pytest.fixture
def floor(postgres_database):
    return ShopFloor(postgres_database)


def _on_redis(server, command):
    import redis

    redis.Redis.from_url(server.url).execute_command(command)


def until(condition, workshop=None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            log = Path(workshop.log.name).read_text()[-3000:] if workshop else ""
            pytest.fail(f"it did not happen in {PATIENCE} s\n{log}")
        time.sleep(0.1)


def is_finished(floor, launch):
    return lambda: floor.launches.get(launch.id).state == "finished"


@pytest.mark.redis
@pytest.mark.postgres
def test_a_worker_that_hears_the_bell_sends_the_launch(floor, workshop):
    add_customers(floor.database, 300)
    launch = floor.launch()
    assert BrokerBell(workshop.redis.url).ring(launch.id)
    workshop.start(beat=False)
    until(is_finished(floor, launch), workshop)

    assert workshop.mails() == 300
    assert floor.states(launch.id) == {"accepted": 300}


@pytest.mark.redis
@pytest.mark.postgres
def test_two_workers_and_a_flushed_redis_send_each_mail_once(floor, workshop):
    """No bell is rung at all, and whatever Redis holds is thrown away midway: the sweep finds the work."""
    add_customers(floor.database, 3000)
    launch = floor.launch()
    workshop.start(beat=True)
    workshop.start(beat=False)
    until(lambda: workshop.mails() > 200, workshop)
    _on_redis(workshop.redis, "FLUSHALL")
    until(is_finished(floor, launch), workshop)
    with floor.database.read() as connection:
        told = connection.execute(select(attempts.c.outcome, func.count()).group_by(attempts.c.outcome)).all()

    assert workshop.mails() == 3000
    assert floor.states(launch.id) == {"accepted": 3000}
    assert [tuple(row) for row in told] == [("accepted", 3000)]  # a file is replaced by its second copy, but not its record


@pytest.mark.redis
@pytest.mark.postgres
def test_the_beat_of_a_killed_worker_ends_too(workshop):
    worker = workshop.start(beat=True)
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
    until(lambda: "Sending due task" in Path(workshop.log.name).read_text() and children.read_text().split(), workshop)
    beats = [Path(f"/proc/{child}") for child in children.read_text().split()]
    worker.kill()
    worker.wait(PATIENCE)

    until(lambda: not any(beat.exists() and "Z" not in beat.joinpath("stat").read_text() for beat in beats), workshop)


@pytest.mark.redis
@pytest.mark.postgres
def test_a_worker_told_to_stop_finishes_what_it_has_in_hand(floor, workshop):
    add_customers(floor.database, 2000)
    launch = floor.launch()
    BrokerBell(workshop.redis.url).ring(launch.id)
    process = workshop.start(beat=False)
    until(lambda: workshop.mails() > 100, workshop)
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE)
    states = floor.states(launch.id)

    assert set(states) == {"accepted", "pending"}
    assert states["accepted"] == workshop.mails() < 2000


@pytest.mark.redis
@pytest.mark.postgres
def test_a_worker_told_to_stop_waits_for_the_replies_of_a_slow_relay(floor, workshop):
    """Nothing is uncertain: every dot that was written gets its reply, and no other is written."""
    ids = add_customers(floor.database, 400)
    launch = floor.launch()
    BrokerBell(workshop.redis.url).ring(launch.id)
    with RelayServer(pipelining=True, seconds_a_mail=0.2) as relay:
        workshop.environment["REGULARS_MAIL_URL"] = f"smtp://127.0.0.1:{relay.port}?connections=8"
        process = workshop.start(beat=False)
        until(lambda: len(relay.arrived) > 40, workshop)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        stopped, left = floor.states(launch.id), len(relay.arrived)
        relay.seconds_a_mail = 0
        BrokerBell(workshop.redis.url).ring(launch.id)
        workshop.start(beat=False)
        until(is_finished(floor, launch), workshop)
    with floor.database.read() as connection:
        flagged = connection.scalar(select(func.count()).where(messages.c.dup_possible))

    assert stopped == {"accepted": left, "pending": 400 - left}
    assert left < 400
    assert sorted(mail.recipient for mail in relay.arrived) == sorted(f"c{n}@example.com" for n in ids)
    assert floor.states(launch.id) == {"accepted": 400}
    assert flagged == 0


@pytest.mark.redis
@pytest.mark.postgres
def test_a_killed_workers_mails_are_sent_by_the_next(floor, workshop):
    add_customers(floor.database, 1500)
    launch = floor.launch()
    BrokerBell(workshop.redis.url).ring(launch.id)
    process = workshop.start(beat=False)
    until(lambda: workshop.mails() > 100, workshop)
    process.kill()
    process.wait(PATIENCE)
    floor.let_leases_run_out()
    workshop.start(beat=True)
    until(is_finished(floor, launch), workshop)

    assert workshop.mails() == 1500
    assert floor.states(launch.id) == {"accepted": 1500}
    with floor.database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM messages WHERE dup_possible")) == 0


def test_only_json_and_no_results_travel():
    settings = configuration("redis://127.0.0.1:6379/0")

    assert settings["accept_content"] == ["json"]
    assert settings["task_serializer"] == "json"
    assert settings["task_ignore_result"]
    assert settings["beat_schedule"]["sweep"]["schedule"] <= 5


def test_workers_wait_for_their_broker_however_long_it_is_away():
    """Celery's own default is a hundred attempts, and then the worker ends."""
    settings = configuration("redis://127.0.0.1:6379/0")

    assert settings["broker_connection_max_retries"] is None


def test_a_bell_that_nobody_hears_is_no_error():
    assert BrokerBell("redis://127.0.0.1:1/0").ring(1) is False
    assert NoBell().ring(1) is False




@pytest.mark.redis
@pytest.mark.postgres
def test_a_sweep_does_not_wait_behind_the_rings_of_a_busy_launch(workshop):
    """Behind them it would expire, and nobody would look for what a killed worker left."""
    broker = BrokerBell(workshop.redis.url)
    for _ in range(30):
        broker.ring(1)
    broker._app.send_task(SWEEP, expires=SWEEP_EXPIRES)
    workshop.start(beat=False)
    log = Path(workshop.log.name)
    until(lambda: log.read_text().count(" received") >= 5, workshop)
    first = [line for line in log.read_text().splitlines() if " received" in line][:2]

    assert any(SWEEP in line for line in first)


@pytest.mark.redis
@pytest.mark.postgres
def test_the_beat_has_feeds_pulled_and_never_from_this_network(workshop, tmp_path, postgres_database):
    (tmp_path / "regulars.yaml").write_text(
        'shop: {name: "Kahve", url: https://kahve.example, address: "Dere Sk. 4", locale: tr, timezone: Europe/Istanbul, currency: TRY}\n'
        'sender: {from: "Kahve <merhaba@kahve.example>"}\nlanguages: [tr]\nconsent: required\n'
        "sources: {orders: {url: https://127.0.0.1/orders.csv, every: 1 hour}}\n", encoding="utf-8")
    workshop.start(beat=True)

    until(lambda: any(state.outcome for state in FeedsInDatabase(postgres_database).all()), workshop)
    [state] = FeedsInDatabase(postgres_database).all()
    assert (state.name, state.outcome) == ("orders", "127.0.0.1 is at 127.0.0.1, which is no public address")
