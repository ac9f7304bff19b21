"""What the doctor makes of what he finds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from regulars.delivery.gauges import Gauges
from regulars.delivery.permission import Generation, Identity
from regulars.delivery.workers import Worker
from regulars.errors import SettingsError, Unreachable
from regulars.operations.diagnosis import (
    Health,
    Space,
    amount,
    judge_backup,
    judge_clocks,
    judge_disk,
    judge_environment,
    judge_redis,
    judge_web,
    judge_workers,
    span,
    well,
)
from regulars.operations.doctor import examine

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HERE = Identity("one", "production", Generation(7, NOW, 3), 3, NOW)
WHERE = "postgresql+psycopg://regulars:***@db.example/regulars"
WELL, DOUBTFUL, ILL = Health.WELL, Health.DOUBTFUL, Health.ILL
MINUTE = timedelta(minutes=1)
NOTHING_DUE, OVERDUE = Gauges(), Gauges(overdue=5 * MINUTE)


def worker(owner="host:1", kind="worker", age=3, **more):
    return Worker(owner, kind, timedelta(seconds=age), more.pop("skew", 0.0), "1", **more)


def beat(age=3):
    return worker("host:2", "beat", age)


def test_what_cannot_be_asked_is_answered_badly_and_the_rest_is_asked_all_the_same():
    def away():
        raise Unreachable("the broker does not answer", hint="start Redis")

    def wrong():
        raise SettingsError(["the relay does not let 'me' in"])

    answers = examine({"broker": away, "mail": wrong, "links": lambda: well("fine")})

    assert [(answer.name, answer.health, answer.detail) for answer in answers] == [
        ("broker", ILL, "the broker does not answer"), ("mail", ILL, "the relay does not let 'me' in"), ("links", WELL, "fine"),
    ]
    assert answers[0].as_json() == {
        "name": "broker", "well": False, "state": "bad", "detail": "the broker does not answer", "hint": "start Redis",
    }


@pytest.mark.parametrize(("stamp", "named", "is_shared", "health"), [
    ("production", "production", True, WELL), ("", "", False, WELL), ("", "", True, DOUBTFUL), ("production", "", True, ILL),
    ("production", "staging", False, ILL),
])
def test_the_environment(stamp, named, is_shared, health):
    found = judge_environment(replace(HERE, environment=stamp), named, WHERE, only_to="*@shop.example", is_shared=is_shared)

    assert found[0] is health
    assert health is ILL or "*@shop.example" in found[1]
    assert health is WELL or "regulars db stamp" in found[2]


@pytest.mark.parametrize(("remembered", "overtaken", "health"), [
    (Generation(7, NOW, 3), None, WELL), (Generation(6, NOW, 3), None, WELL), (None, None, DOUBTFUL),
    (Generation(8, NOW + MINUTE, 3), None, ILL), (None, Generation(9, NOW + MINUTE, 3), ILL),
])
def test_a_restored_backup(remembered, overtaken, health):
    found = judge_backup(replace(HERE, overtaken=overtaken), remembered, WHERE)

    assert found[0] is health
    assert health is not ILL or ("2026-11-20 09:01:00 UTC" in found[1] and "regulars recover" in found[2])


@pytest.mark.parametrize(("workers", "gauges", "embedded", "health", "said"), [
    ([], NOTHING_DUE, True, WELL, "none is needed"),
    ([worker(kind="up")], NOTHING_DUE, True, WELL, "host:1 (up, 3 s ago)"),
    ([], OVERDUE, True, ILL, "mail is due for 5 min and nobody sends it"),
    ([], OVERDUE, False, ILL, "nobody sends it"),
    ([worker(age=300), beat(300)], OVERDUE, False, ILL, "nobody sends it"),
    ([], replace(OVERDUE, in_hand=3), True, WELL, "none is needed"),         # `regulars launch` sends in a process of its own
    ([worker(trouble="the relay is away"), beat()], OVERDUE, False, ILL, "the relay is away"),
    ([worker()], OVERDUE, False, ILL, "no beat is heard"),
    ([worker(), beat()], OVERDUE, False, WELL, "beat 3 s ago"),
    ([worker(trouble="stamped staging"), beat()], NOTHING_DUE, False, DOUBTFUL, "stamped staging"),
    ([worker(), beat(), worker("host:9", age=300)], NOTHING_DUE, False, DOUBTFUL, "not seen any more: host:9 (5 min ago)"),
    ([worker(), beat(), beat(900)], NOTHING_DUE, False, WELL, "beat 3 s ago"),
    ([worker()], NOTHING_DUE, False, DOUBTFUL, "no beat"),
    ([], NOTHING_DUE, False, DOUBTFUL, "no worker is seen"),
])
def test_the_workers(workers, gauges, embedded, health, said):
    found = judge_workers(workers, gauges, is_embedded=embedded)

    assert found[0] is health, found
    assert said in found[1]
    assert health is not ILL or "nobody" not in found[1] or ("regulars up" if embedded else "regulars worker --beat") in found[2]


@pytest.mark.parametrize(("skew", "workers", "health", "said"), [
    (0.3, [worker(skew=-1.0)], WELL, "within 1.0 s"),
    (-4.0, [], DOUBTFUL, "the clock of this machine is 4 s behind"),
    (0.0, [worker(skew=3_600.0)], ILL, "the clock of host:1 is 3600 s ahead of"),
    (0.0, [worker(skew=3_600.0, age=300)], WELL, "within"),
])
def test_the_clocks(skew, workers, health, said):
    found = judge_clocks(skew, workers)

    assert found[0] is health
    assert said in found[1]


@pytest.mark.parametrize(("free", "health"), [(50 << 30, WELL), (1 << 30, DOUBTFUL), (100 << 20, ILL), (0, ILL)])
def test_the_disk(free, health):
    found = judge_disk([Space("the database", "/srv", 90 << 30), Space("the mails", "/srv/outbox", free)], 5 << 20)

    assert found[0] is health
    assert "the database has 5.0 MiB" in found[1]
    assert health is WELL or "/srv/outbox" in found[1]


@pytest.mark.parametrize(("policy", "queue", "health"), [
    ("noeviction", 3, WELL), ("allkeys-lru", 3, ILL), ("volatile-ttl", 0, ILL), (None, 3, DOUBTFUL), ("noeviction", 5_000, DOUBTFUL),
])
def test_redis(policy, queue, health):
    assert judge_redis(policy, queue)[0] is health


@pytest.mark.parametrize(("queue", "said"), [(0, "0 bells wait"), (1, "1 bell waits"), (2, "2 bells wait")])
def test_redis_counts_its_bells(queue, said):
    assert judge_redis("noeviction", queue)[1].endswith(said)


def test_the_web_door():
    fine = {"status": "ok", "waiting_hits": 2, "lost_hits": 1, "lag_seconds": 0.2}

    assert judge_web(fine, "https://mail.shop.example")[0] is WELL
    assert judge_web({**fine, "status": "degraded"}, "https://mail.shop.example")[0] is DOUBTFUL


def test_spans_and_amounts_as_people_say_them():
    assert [span(timedelta(seconds=seconds)) for seconds in (-1, 5, 119, 120, 7_200, 200_000)] == ["0 s", "5 s", "119 s", "2 min", "2 h", "2 d"]
    assert [amount(size) for size in (512, 3 << 20, 5 << 30)] == ["0 KiB", "3.0 MiB", "5.0 GiB"]
