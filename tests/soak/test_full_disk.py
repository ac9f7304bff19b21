"""The disk fills up in the middle of a launch: it stops with a clear word, and goes on once there is room."""

from contextlib import contextmanager

import pytest

from regulars.adapters.database.engine import Database
from regulars.adapters.database.migrations import upgrade
from tests.soak.cluster import place_for_a_cluster, running_cluster
from tests.soak.disks import small_disk
from tests.soak.faults import Faults
from tests.soak.judgement import judge
from tests.soak.shop import Shop
from tests.soak.sink import running_sink
from tests.soak.watching import is_finished, until

PEOPLE, CONNECTIONS = 1_000, 4
SMALL_WAL = ("-c", "min_wal_size=2MB", "-c", "max_wal_size=4MB", "-c", "shared_buffers=8MB", "-c", "max_connections=20")


@contextmanager
def to_a_sink(tmp_path):
    with running_sink(tmp_path / "sink", Faults(latency=0.005)) as sink:
        yield sink, {"REGULARS_MAIL_URL": sink.url(connections=CONNECTIONS, dot_timeout=2, lease=3)}


def test_sqlite(tmp_path):
    with small_disk(tmp_path / "disk", megabytes=24) as disk, to_a_sink(tmp_path) as (sink, settings):
        database = Database(f"sqlite:///{disk.folder}/regulars.db")
        upgrade(database)
        shop = Shop.opened(tmp_path / "shop", database, PEOPLE, on_uncertain="hold", **settings)
        said = _stopped_by(disk, shop, lambda: sink.taken() > 200)
        disk.make_room()
        _until_the_end(shop)
        verdict = judge(shop.rows(), sink.copies())
        database.close()

    assert "full" in said, said
    assert "make room" in said, said
    _assert_nobody_lost_and_nobody_twice(verdict)


@pytest.mark.postgres
def test_postgresql(tmp_path):
    with place_for_a_cluster() as folder, small_disk(folder, megabytes=96) as disk, running_cluster(folder, *SMALL_WAL) as cluster:
        with to_a_sink(tmp_path) as (sink, settings):
            database = Database(cluster.url)
            upgrade(database)
            shop = Shop.opened(tmp_path / "shop", database, PEOPLE, on_uncertain="hold", **settings)
            said = _stopped_by(disk, shop, lambda: sink.taken() > 200)
            disk.make_room()
            cluster.start()  # PostgreSQL itself may have given up
            database.close()
            _until_the_end(shop)
            verdict = judge(shop.rows(), sink.copies())
            database.close()

    assert "No space left on device" in said or "the database does not answer" in said, said
    _assert_nobody_lost_and_nobody_twice(verdict)


def test_the_spool(sqlite_database, tmp_path):
    with small_disk(tmp_path / "disk", megabytes=24) as disk:
        outbox = disk.folder / "outbox"
        shop = Shop.opened(tmp_path / "shop", sqlite_database, PEOPLE, on_uncertain="hold", REGULARS_MAIL_URL=f"spool:{outbox}")
        said = _stopped_by(disk, shop, lambda: outbox.exists() and len(list(outbox.glob("*.eml"))) > 200)
        disk.make_room()
        shop.let_leases_run_out()  # a minute, for a spool
        _until_the_end(shop)
        mails = len(list(outbox.glob("*.eml")))

    assert "No space left on device" in said, said
    assert "make room" in said, said
    assert {row.state for row in shop.rows()} == {"accepted"}
    assert mails == PEOPLE


def _stopped_by(disk, shop: Shop, some_have_left) -> str:
    """What the launch says when its disk fills up."""
    process = shop.start("launch", "hello", "--yes")
    until(lambda: some_have_left() or process.poll() is not None, "sending")
    disk.fill()
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 3, f"exit code {process.returncode}: {said}"
    assert "Traceback" not in said, said
    return said


def _until_the_end(shop: Shop) -> None:
    """As its operator is told to: resumed until it is done; leases that were never given back run out meanwhile."""
    shop.run("resume", "hello", code=None)
    until(lambda: is_finished(shop)() or shop.run("resume", "hello", code=None) is None, "the end")


def _assert_nobody_lost_and_nobody_twice(verdict) -> None:
    assert verdict.broken == {}
    assert verdict.twice == 0
    assert verdict.states["accepted"] + verdict.states.get("held", 0) == PEOPLE
    assert verdict.states.get("held", 0) <= CONNECTIONS
