"""A process that sends is seen, cheaply, with what keeps it from sending."""

from datetime import UTC, datetime, timedelta

import pytest

from regulars.errors import Unreachable
from regulars.operations.heartbeat import BEATS_EVERY, Heartbeat


class World:
    """A clock, and the table of workers."""

    def __init__(self):
        self.at = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
        self.told = []
        self.is_away = False

    def now(self):
        return self.at

    def seen(self, owner, kind, version, trouble):
        if self.is_away:
            raise Unreachable("the database does not answer")
        self.told.append((owner, kind, trouble))

    def leave(self, owner):
        self.told.append((owner, "gone", None))


@pytest.fixture
def world():
    return World()


@pytest.fixture
def heartbeat(world):
    return Heartbeat(world, world, owner="host:1", kind="worker", version="1")


def test_it_is_told_every_few_seconds_however_often_it_beats(heartbeat, world):
    for _ in range(100):
        heartbeat()
    world.at += BEATS_EVERY
    heartbeat()

    assert world.told == [("host:1", "worker", None)] * 2


def test_a_trouble_and_its_end_are_told_at_once(heartbeat, world):
    heartbeat()
    heartbeat.troubled(Unreachable("the relay is away"))
    heartbeat.troubled(Unreachable("the relay is away"))
    heartbeat.troubled(None)

    assert [trouble for _, _, trouble in world.told] == [None, "the relay is away", None]


def test_the_beat_is_told_apart(heartbeat, world):
    heartbeat.troubled(Unreachable("the relay is away"))
    heartbeat.heard("host:2")
    heartbeat.heard("host:2")

    assert world.told[1:] == [("host:2", "beat", None)]


def test_a_database_that_is_away_stops_nobody_and_is_told_later(heartbeat, world):
    world.is_away = True
    heartbeat()
    world.is_away = False
    heartbeat()
    heartbeat.leave()

    assert world.told == [("host:1", "worker", None), ("host:1", "gone", None)]


def test_a_clock_that_is_set_back_does_not_silence_it(heartbeat, world):
    heartbeat()
    world.at -= timedelta(hours=1)
    heartbeat()

    assert len(world.told) == 2
