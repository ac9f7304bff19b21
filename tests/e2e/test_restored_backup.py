"""Somebody restores last night's backup while a launch is under way: the commands say so, and a real relay gets no second copy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from regulars.adapters.database.engine import Database
from regulars.adapters.database.invariants import violations
from tests.commands import Regulars, add_people
from tests.integration.backups import Backup
from tests.relay import RelayServer

MANY = 40
NOBODY_THERE = {"REGULARS_BROKER_URL": "redis://127.0.0.1:1/0"}


@pytest.fixture
def relay() -> Iterator[RelayServer]:
    with RelayServer() as relay:
        yield relay


@pytest.fixture
def shop(bare: Regulars, database: Database, relay: RelayServer) -> Iterator[Regulars]:
    bare.environment |= {
        "REGULARS_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "REGULARS_MAIL_URL": f"smtp://127.0.0.1:{relay.port}?connections=2&dot_timeout=5",
        "REGULARS_SECRET": "a secret of the tests",
    }
    yield bare
    with database.read() as connection:
        assert violations(connection) == []


@pytest.fixture
def made(database: Database) -> Iterator[list[Backup]]:
    made: list[Backup] = []
    yield made
    database.close()
    for backup in made:
        backup.close()


def test_a_restored_backup_is_refused_recovered_and_nobody_gets_a_second_copy(shop, database, relay, made):
    add_people(shop, MANY)
    shop("launch", "hello", "--yes", **NOBODY_THERE)  # made, and waiting for workers
    backup = Backup(database)
    made.append(backup)
    shop("resume", "hello")
    assert len(relay.arrived) == MANY
    shop("launch", "hello", "--again", "--limit", "1", "--yes")
    before = Counter(mail.recipient for mail in relay.arrived)
    backup.restore()

    refused = shop("resume", "hello", code=4)
    again = shop("launch", "win-back", "--yes", code=4)
    looked = shop("status", "hello", "--json").json
    doctor = shop("doctor", code=3)
    asked = shop("recover", code=4)
    recovered = shop("recover", "--yes")
    after = shop("resume", "hello", code=1)
    standing = shop("status", "hello", "--json", code=1).json

    for said in (refused.err, again.err, doctor.out):
        assert "restored backup" in said
        assert "regulars recover" in said
    assert looked["counts"] == {"pending": MANY}
    assert f"launch 1     hello was sending: {MANY} mails may have left since" in asked.err
    assert "lost         launch 2: who was written to" in asked.err
    assert "unsubscribes" in asked.err
    assert f"{MANY} held" in recovered.err
    assert f"{MANY} perhaps arrived" in after.err
    assert (standing["counts"], standing["held"][0]["number"]) == ({"held": MANY}, 1)
    assert Counter(mail.recipient for mail in relay.arrived) == before
    assert "BAD" not in shop("doctor").out
    assert shop("launch", "hello", "--again", "--limit", "1", "--yes", "--json").json["launch"] == 3


def test_a_process_of_another_environment_sends_nothing_and_may_look(shop, relay):
    add_people(shop, 2)
    shop("db", "stamp", "production", "--yes")
    staging = {"REGULARS_ENVIRONMENT": "staging"}
    for words in (("launch", "hello", "--yes"), ("launch", "hello", "--test-to", "you@shop.example"), ("up", "--port", "0")):
        refused = shop(*words, code=4, **staging)
        assert 'is stamped "production"' in refused.err
        assert "regulars db stamp staging" in refused.err
    assert shop("plan", "hello", "--json", **staging).json["final"] == 2
    shop("launch", "hello", "--yes", **NOBODY_THERE, REGULARS_ENVIRONMENT="production")
    for words in (("resume", "hello"), ("retry", "hello")):
        shop(*words, code=4, **staging)

    assert relay.arrived == []
    stamped = shop("db", "stamp", "staging", "--yes", REGULARS_ENVIRONMENT="production")
    assert "launch 1 of hello is paused" in stamped.err
    assert shop("status", "hello", "--json", code=1).json["state"] == "paused"


def test_a_staging_shop_writes_to_nobody_but_its_own(shop, relay):
    add_people(shop, 5)
    only = {"REGULARS_ONLY_TO": "many3@posta.example, *@shop.example"}
    planned = shop("plan", "hello", **only)
    sent = shop("launch", "hello", "--yes", "--json", **only).json
    refused = shop("launch", "hello", "--test-to", "many1@posta.example", code=4, **only)
    shop("launch", "hello", "--test-to", "you@shop.example", **only)
    unset = shop("plan", "hello", code=3, REGULARS_ONLY_TO="")

    assert "many3@posta.example, *@shop.example only" in planned.err
    assert sent["plan"]["excluded"] == {"not_in_only_to": 4}
    assert "not in REGULARS_ONLY_TO" in refused.err
    assert [mail.recipient for mail in relay.arrived] == ["many3@posta.example", "you@shop.example"]
    assert "names nobody" in unset.err
