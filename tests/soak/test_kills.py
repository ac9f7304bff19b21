"""Workers are killed in the middle of sending, the network fails, and the sink's log is asked who got what."""

import json
import time
from dataclasses import replace

import pytest

from tests.soak.faults import BAD_DAY
from tests.soak.fleet import Fleet
from tests.soak.shop import Shop
from tests.soak.siege import besiege, finished
from tests.soak.sink import running_sink

SHORT = {"connections": 4, "dot_timeout": 3, "lease": 5}  # what a killed worker held comes free in seconds
PEOPLE, WORKERS, KILLS = 2_000, 3, 6
SLOW = replace(BAD_DAY, latency=0.03)  # so that the launch is not over before the last shot
PATIENCE = 300  # seconds; many times what it takes, so that a busy machine is no failure

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
def sink(tmp_path):
    with running_sink(tmp_path / "sink", SLOW) as sink:
        yield sink


@pytest.fixture
def shop(postgres_database, redis_server, sink, tmp_path):
    def shop(on_uncertain, people=PEOPLE, **settings):
        surroundings = {"REGULARS_BROKER_URL": redis_server.url, "REGULARS_MAIL_URL": sink.url(**SHORT), **settings}
        return Shop.opened(tmp_path, postgres_database, people, on_uncertain=on_uncertain, **surroundings)

    return shop


def assert_promises_kept(account):
    assert account.verdict.broken == {}
    assert account.broken_promises == []
    assert account.left_over == []
    assert account.kills == KILLS
    assert account.verdict.flagged + account.held <= account.bound


def test_with_resend_nobody_is_lost_and_every_second_copy_is_flagged(shop, sink):
    sending = shop("resend", people=3_000)
    with Fleet(sending, sink.port, WORKERS) as fleet:
        account = besiege(sending, fleet, sink, kills=KILLS, seconds=PATIENCE)

    assert_promises_kept(account)
    assert account.verdict.states.keys() <= {"accepted", "held"}  # held: uncertain a second time
    assert account.verdict.flagged > 0


def test_with_hold_nobody_gets_two_and_an_operator_decides_each_that_is_held(shop, sink):
    sending = shop("hold")
    with Fleet(sending, sink.port, WORKERS) as fleet:
        account = besiege(sending, fleet, sink, kills=KILLS, seconds=PATIENCE)
        assert_promises_kept(account)
        assert (account.verdict.twice, account.verdict.flagged) == (0, 0)
        assert account.held > 0

    listed = {one["email"] for one in json.loads(sending.run("status", "hello", "--json", code=None).stdout)["held"]}
    assert listed == {row.recipient for row in sending.rows() if row.state == "held"}

    arrived = sorted(listed & {copy.recipient for copy in sink.copies()})
    sending.run("retry", "hello", "--only", "held", "--arrived", *(f"--email={email}" for email in arrived), "--because=the relay's log", "--yes")
    with Fleet(sending, sink.port, 1) as fleet:
        sending.run("retry", "hello", "--only", "held", "--yes", code=None)
        account = finished("", time.monotonic(), sending, fleet, sink, until=time.monotonic() + PATIENCE)
    assert account.verdict.broken == {}
    assert account.verdict.twice == 0
    assert account.verdict.states["accepted"] + account.held == PEOPLE


def test_with_the_relays_log_as_evidence_each_gets_exactly_one_and_none_is_held(shop, sink):
    sending = shop("hold", REGULARS_RELAY_LOG=str(sink.relay_log))
    with Fleet(sending, sink.port, WORKERS) as fleet:
        account = besiege(sending, fleet, sink, kills=KILLS, seconds=PATIENCE)

    assert_promises_kept(account)
    assert account.verdict.states == {"accepted": PEOPLE}
    assert (account.verdict.copies, account.verdict.flagged) == (PEOPLE, 0)
