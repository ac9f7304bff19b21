"""Nothing leaves from another environment's database, nor from one that went back in time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from regulars.delivery.permission import Generation, Identity
from regulars.errors import Refused
from regulars.operations.permission import GOOD_FOR, RISES_EVERY, Permit

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WHERE = "postgresql+psycopg://regulars:***@db.example/regulars"


class Database:
    """A registry, and the clock of its server."""

    def __init__(self):
        self.said = Identity("one", "production", Generation(7, NOW, 3), 3, NOW)
        self.asked = 0

    def identity(self):
        self.asked += 1
        return self.said

    def rise(self, every):
        self.said = replace(self.said, generation=Generation(self.said.generation.number + 1, self.said.now, self.said.launch))
        return self.said.generation

    def notice(self, remembered):
        self.said = replace(self.said, overtaken=remembered)

    def now(self):
        return self.said.now

    def wait(self, span):
        self.said = replace(self.said, now=self.said.now + span)


class Memory(dict):
    def recall(self, identity):
        return self.get(identity)

    def keep(self, identity, generation):
        self[identity] = generation


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def permit(database, memory):
    return Permit(database, memory, database, named="production", where=WHERE)


def test_the_database_of_ones_own_environment_may_be_sent_from(permit, memory, database):
    permit()

    assert memory["one"] == database.said.generation


@pytest.mark.parametrize(("stamped", "named"), [("production", "staging"), ("production", ""), ("", "production")])
def test_another_environments_may_not(database, memory, stamped, named):
    database.said = replace(database.said, environment=stamped)
    with pytest.raises(Refused) as refused:
        Permit(database, memory, database, named=named, where=WHERE)()

    assert WHERE in refused.value.message
    assert all(name in refused.value.message for name in (stamped, named))
    assert f"regulars db stamp {named or 'NAME'}" in refused.value.hint
    assert not memory


def test_a_restored_backup_is_noticed_and_said_by_every_machine(permit, database, memory):
    memory["one"] = Generation(9, NOW + timedelta(hours=2), 4)
    with pytest.raises(Refused) as refused:
        permit()
    other_machine = Permit(database, Memory(), database, named="production", where=WHERE)
    with pytest.raises(Refused):
        other_machine()

    assert "2026-11-20 09:00:00 UTC" in refused.value.message
    assert "2026-11-20 11:00:00 UTC" in refused.value.message
    assert "regulars recover" in refused.value.hint
    assert memory["one"].number == 9


@pytest.mark.parametrize("known", [None, Generation(1, NOW - timedelta(days=9), 1), Generation(7, NOW, 3)])
def test_a_new_machine_an_old_machine_and_a_flushed_redis_are_no_alarm(permit, memory, database, known):
    if known:
        memory["one"] = known
    permit()

    assert memory["one"] == database.said.generation


def test_the_number_rises_every_few_seconds_and_at_each_launch(permit, memory, database):
    permit()
    assert memory["one"].number == 7
    database.wait(GOOD_FOR)
    permit()
    assert memory["one"].number == 7
    database.wait(RISES_EVERY)
    permit()
    assert memory["one"] == Generation(8, database.now(), 3)
    database.said = replace(database.said, launch=4)
    permit.ask()
    assert memory["one"] == Generation(9, database.now(), 4)


def test_the_number_is_committed_before_it_is_remembered(permit, memory, database):
    """The other way round, a crash in between would be taken for a restored backup."""
    committed = []
    rise, keep = database.rise, memory.keep
    database.rise = lambda every: committed.append("database") or rise(every)
    memory.keep = lambda identity, generation: committed.append("memory") or keep(identity, generation)
    database.wait(RISES_EVERY)
    permit()

    assert committed == ["database", "memory"]


def test_the_memory_is_read_before_the_database(permit, memory, database):
    """The other way round, a rise of another worker in between would be taken for a restored backup."""
    permit()
    recall = memory.recall

    def while_another_worker_rises(identity):
        found = recall(identity)
        memory.keep(identity, database.rise(RISES_EVERY))
        return found

    memory.recall = while_another_worker_rises
    permit.ask()


def test_claims_that_follow_each_other_fast_ask_once(permit, database):
    for _ in range(10):
        permit()
    asked = database.asked
    database.wait(GOOD_FOR)
    permit()

    assert asked == 2  # the first one learns the identity
    assert database.asked == 3


def test_a_database_that_took_anothers_place_is_held_against_its_own_memory(permit, database, memory):
    permit()
    database.said = replace(database.said, id="two", generation=Generation(1, NOW, 0), launch=0)
    permit.ask()

    assert memory["two"].number == 1
