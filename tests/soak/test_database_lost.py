"""PostgreSQL is killed in the middle of a launch: what was committed holds, what was not is asked about, nobody gets two."""

import pytest

from regulars.adapters.database.engine import Database
from regulars.adapters.database.migrations import upgrade
from tests.soak.cluster import place_for_a_cluster, running_cluster
from tests.soak.faults import Faults
from tests.soak.fleet import Fleet
from tests.soak.judgement import judge
from tests.soak.shop import Shop
from tests.soak.sink import running_sink
from tests.soak.watching import is_finished, until

PEOPLE, WORKERS, CONNECTIONS, KILLS = 2_000, 2, 4, 2

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def test_a_killed_postgresql_loses_nobody_and_writes_to_nobody_twice(redis_server, tmp_path):
    mail = {"connections": CONNECTIONS, "dot_timeout": 3, "lease": 5}
    with (
        place_for_a_cluster() as folder,
        running_cluster(folder) as cluster,
        running_sink(tmp_path / "sink", Faults(latency=0.005)) as sink,
    ):
        database = Database(cluster.url)
        upgrade(database)
        settings = {"REGULARS_BROKER_URL": redis_server.url, "REGULARS_MAIL_URL": sink.url(**mail)}
        shop = Shop.opened(tmp_path / "shop", database, PEOPLE, on_uncertain="hold", **settings)
        with Fleet(shop, sink.port, WORKERS) as fleet:
            shop.run("launch", "hello", "--yes")
            for mails in (300, 1_000):
                until(lambda: sink.taken() > mails, f"mail {mails}", lambda: fleet.log)
                cluster.kill()
                cluster.start()
                database.close()
            until(is_finished(shop), "the end", lambda: fleet.log)
            fleet.stop()
        verdict, promises = judge(shop.rows(), sink.copies()), shop.broken_promises()
        database.close()

    assert verdict.broken == {}
    assert promises == []
    assert verdict.twice == 0
    assert verdict.states.get("held", 0) <= KILLS * WORKERS * CONNECTIONS
    assert verdict.states["accepted"] + verdict.states.get("held", 0) == PEOPLE
