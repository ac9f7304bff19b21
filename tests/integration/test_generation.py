"""The number that rises while mail is sent: in both databases, in a machine's file and in Redis."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from regulars.adapters.database.registry import RegistryInDatabase
from regulars.adapters.memory import FileMemory, Memories, RedisMemory
from regulars.delivery.permission import Generation
from tests.integration.launching import ShopFloor, add_customers

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FAR = Generation(9, NOW, 4)


@pytest.fixture(params=["file", pytest.param("redis", marks=pytest.mark.redis)])
def place(request, tmp_path):
    if request.param == "file":
        return FileMemory(str(tmp_path))
    server = request.getfixturevalue("redis_server")
    memory = RedisMemory(server.url)
    memory._redis.flushall()
    return memory


def test_the_database_counts_up_and_tells_when_and_for_which_launch(database):
    registry = RegistryInDatabase(database)
    first = registry.rise(timedelta(0))
    add_customers(database, 1)
    launch = ShopFloor(database).launch()
    second = registry.rise(timedelta(days=1))
    third = registry.rise(timedelta(days=1))

    assert (first.number, first.launch) == (1, 0)
    assert (second.number, second.launch) == (2, launch.id)
    assert third == second == registry.identity().generation
    assert second.at > first.at


def test_many_workers_raise_it_one_by_one(database):
    registry = RegistryInDatabase(database)
    threads = [threading.Thread(target=lambda: [registry.rise(timedelta(0)) for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert registry.identity().generation.number == 20


def test_a_database_keeps_its_identity_and_others_have_their_own(sqlite_database, postgres_database):
    one, other = RegistryInDatabase(sqlite_database), RegistryInDatabase(postgres_database)

    assert one.identity().id == one.identity().id != other.identity().id


def test_who_notices_first_is_not_contradicted(database):
    registry = RegistryInDatabase(database)
    registry.notice(FAR)
    registry.notice(Generation(8, NOW, 1))

    assert registry.identity().overtaken == FAR


def test_a_place_remembers_each_database_apart_and_only_the_furthest(place):
    place.keep("one", FAR)
    place.keep("one", Generation(8, NOW, 9))
    place.keep("two", Generation(1, NOW, 0))

    assert place.recall("one") == FAR
    assert place.recall("two").number == 1
    assert place.recall("three") is None


def test_nonsense_in_its_place_is_no_memory_and_is_written_over(place, tmp_path):
    if isinstance(place, FileMemory):
        (tmp_path / "generation").mkdir()
        (tmp_path / "generation" / "one").write_bytes(b'{"number": 7')
    else:
        place._redis.set("regulars:generation:one", b'{"number": 7')

    assert place.recall("one") is None
    place.keep("one", FAR)
    assert place.recall("one") == FAR


@pytest.mark.redis
def test_the_furthest_of_all_places_counts_and_one_that_is_away_does_no_harm(tmp_path, redis_server):
    file, away = FileMemory(str(tmp_path)), RedisMemory("redis://127.0.0.1:1/0")
    here = RedisMemory(redis_server.url)
    here._redis.flushall()
    file.keep("one", FAR)
    Memories([file, away]).keep("two", FAR)

    assert Memories([file, here, away]).recall("one") == FAR  # Redis was flushed: the file remembers
    assert file.recall("two") == FAR
    here.keep("one", Generation(12, NOW, 5))
    assert Memories([file, here]).recall("one").number == 12  # another machine came further


def test_a_folder_that_cannot_be_written_to_is_no_reason_not_to_send(tmp_path):
    (tmp_path / "generation").write_text("a file where the folder belongs")
    memories = Memories([FileMemory(str(tmp_path))])
    memories.keep("one", FAR)

    assert memories.recall("one") is None


def test_a_migrated_database_has_its_stamp_for_good(tmp_path):
    from regulars.adapters.database.engine import Database
    from regulars.adapters.database.migrations import upgrade

    database = Database(f"sqlite:///{tmp_path}/one.db")
    upgrade(database, "production")
    upgrade(database, "staging")
    with database.read() as connection:
        assert connection.scalar(text("SELECT value FROM installation WHERE name = 'environment'")) == "production"


def test_the_schema_of_another_environments_database_is_not_changed(tmp_path):
    from regulars.adapters.database.engine import Database
    from regulars.adapters.database.migrations import upgrade
    from regulars.bootstrap import refuse_foreign_stamp
    from regulars.errors import Refused

    database = Database(f"sqlite:///{tmp_path}/one.db")
    refuse_foreign_stamp(database, "staging")  # a new one
    upgrade(database, "production")
    refuse_foreign_stamp(database, "production")
    with pytest.raises(Refused, match='is stamped "production"'):
        refuse_foreign_stamp(database, "staging")
