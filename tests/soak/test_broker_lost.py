"""Redis is only a doorbell: emptied, killed and started again in the middle of a launch, it costs time and nothing else."""

import time

import pytest
import redis

from tests.servers import RedisServer
from tests.soak.faults import Faults
from tests.soak.fleet import Fleet
from tests.soak.judgement import judge
from tests.soak.shop import Shop
from tests.soak.sink import running_sink
from tests.soak.watching import is_finished, until

PEOPLE = 2_500

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def test_a_flushed_and_killed_redis_loses_nobody_and_writes_to_nobody_twice(postgres_database, tmp_path):
    broker = RedisServer(tmp_path)
    try:
        with running_sink(tmp_path / "sink", Faults(latency=0.005)) as sink:
            settings = {"REGULARS_BROKER_URL": broker.url, "REGULARS_MAIL_URL": sink.url(connections=4)}
            shop = Shop.opened(tmp_path, postgres_database, PEOPLE, on_uncertain="hold", **settings)
            with Fleet(shop, sink.port, size=2) as fleet:
                shop.run("launch", "hello", "--yes")
                for mails in (100, 400, 700):
                    until(lambda: sink.taken() > mails, f"mail {mails}", lambda: fleet.log)
                    redis.Redis.from_url(broker.url).flushall()
                for mails in (1_000, 1_500):
                    until(lambda: sink.taken() > mails, f"mail {mails}", lambda: fleet.log)
                    _kill(broker)
                    time.sleep(0.5)
                    broker.start()
                until(is_finished(shop), "the end", lambda: fleet.log)
                fleet.stop()
            verdict = judge(shop.rows(), sink.copies())
    finally:
        broker.stop()

    assert verdict.broken == {}
    assert verdict.states == {"accepted": PEOPLE}
    assert (verdict.copies, verdict.flagged) == (PEOPLE, 0)
    assert shop.broken_promises() == []


def _kill(broker: RedisServer) -> None:
    broker.process.kill()
    broker.process.wait(10)
