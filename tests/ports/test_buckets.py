"""Token buckets, the same in Redis and in both databases: whatever workers do at once, never more than the rate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.database.buckets import BucketsInDatabase
from regulars.adapters.redis_buckets import BucketsInRedis
from regulars.delivery.pace import Ask, Level, taken
from tests.servers import free_port


@dataclass
class Seconds:
    at: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock():
    return Seconds()


@pytest.fixture(params=[pytest.param("redis", marks=pytest.mark.redis), "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def keeper(request):
    """Makes buckets that share their tokens; what is not given a clock goes by its own."""
    if request.param == "redis":
        import redis

        server = request.getfixturevalue("redis_server")
        redis.Redis.from_url(server.url).flushall()
        return lambda clock=None: BucketsInRedis(server.url, clock)
    database = request.getfixturevalue(f"{'postgres' if request.param == 'postgresql' else 'sqlite'}_database")
    return lambda clock=None: BucketsInDatabase(database, clock)


def ask(count: int, name: str = "bulk/gmail", rate: float = 20.0, burst: float = 20.0) -> Ask:
    return Ask(name, rate, burst, count)


def counts(grants) -> list[int]:
    return [grant.count for grant in grants]


def test_a_bucket_that_nobody_knows_starts_empty_and_says_when_to_come_again(keeper, clock):
    buckets = keeper(clock)
    [nothing] = buckets.take([ask(200)])
    clock.at += nothing.wait
    [some] = buckets.take([ask(200)])

    assert nothing.count == 0
    assert nothing.wait == pytest.approx(0.5)
    assert some.count == 10


def test_it_never_holds_more_than_its_burst(keeper, clock):
    buckets = keeper(clock)
    buckets.take([ask(1)])
    clock.at += 3_600

    assert counts(buckets.take([ask(200)])) == [20]
    assert counts(buckets.take([ask(200)])) == [0]


def test_what_is_given_back_can_be_taken_again_but_not_piled_up(keeper, clock):
    buckets = keeper(clock)
    buckets.take([ask(1)])
    clock.at += 1
    buckets.take([ask(20)])
    buckets.take([ask(-5)])

    assert counts(buckets.take([ask(200)])) == [5]
    buckets.take([ask(-500)])
    assert counts(buckets.take([ask(200)])) == [20]


def test_buckets_of_several_names_are_asked_at_once_and_apart(keeper, clock):
    buckets = keeper(clock)
    asks = [ask(8, "bulk/*"), ask(100, "bulk/gmail", 2.0, 2.0), ask(100, "bulk/yahoo", 0.01, 1.0)]
    buckets.take(asks)
    clock.at += 1

    assert counts(buckets.take(asks)) == [8, 2, 0]
    assert buckets.take(asks)[2].wait == pytest.approx(98, abs=1.1)


def test_a_clock_that_went_back_gives_nothing_and_breaks_nothing(keeper, clock):
    buckets = keeper(clock)
    buckets.take([ask(1)])
    clock.at -= 1_000

    assert counts(buckets.take([ask(5)])) == [0]
    clock.at += 1
    assert counts(buckets.take([ask(200)])) == [20]


def test_workers_at_once_share_one_bucket(keeper, clock):
    keeper(clock).take([ask(1)])
    clock.at += 1

    def worker(_: int) -> int:
        mine = keeper(clock)
        return sum(counts(mine.take([ask(3), ask(1, "bulk/*")]))[0] for _ in range(10))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(worker, range(4))) == 20


def test_without_a_clock_of_the_tests_the_keepers_own_goes_on(keeper):
    fast = ask(5, rate=1_000_000.0, burst=10.0)
    buckets = keeper()
    buckets.take([fast])

    assert any(counts(buckets.take([fast])) == [5] for _ in range(50))


def test_a_redis_that_does_not_answer_grants_nothing_and_breaks_nothing():
    buckets = BucketsInRedis(f"redis://127.0.0.1:{free_port()}/0")

    [nothing, returned] = buckets.take([ask(200), ask(-3)])

    assert (nothing.count, nothing.wait) == (0, 1.0)
    assert returned.count == -3


@pytest.mark.redis
def test_a_flushed_redis_costs_time_only(redis_server, clock):
    import redis

    buckets = BucketsInRedis(redis_server.url, clock)
    buckets.take([ask(1)])
    clock.at += 10
    redis.Redis.from_url(redis_server.url).flushall()
    assert counts(buckets.take([ask(200)])) == [0]
    clock.at += 1
    assert counts(buckets.take([ask(200)])) == [20]


@given(
    rate=st.floats(0.001, 1_000), burst=st.floats(1, 1_000),
    steps=st.lists(st.tuples(st.floats(0, 100), st.integers(-50, 500)), max_size=40),
)
def test_never_more_than_the_rate_times_the_time_and_one_burst(rate, burst, steps):
    level, now, given_out = Level(0, 0), 0.0, 0
    for pause, wanted in steps:
        now += pause
        count = max(wanted, -given_out)  # nobody gives back what was never given
        grant, level = taken(Ask("x", rate, burst, count), level, now)
        given_out += grant.count
        assert 0 <= level.tokens <= burst
        assert given_out <= rate * now + burst + 1e-6
        assert grant.count <= count
