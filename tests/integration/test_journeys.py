"""Journeys on real databases: what happens starts them, time moves them on, and every step is done once."""

from __future__ import annotations

from datetime import timedelta

from regulars.adapters.database.engine import Database
from tests.journeying import (
    NOW,
    campaign,
    happening,
    mailed,
    people,
    put_live,
    send,
    standing,
    steps_done,
    tell,
    turn,
    wait,
)


def test_an_order_starts_a_journey_and_time_moves_it_on(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(wait("pause"), send("hello"), wait("again"), send("bye")))

    assert tell(database, [happening(ada)]) == 1
    assert turn(database, NOW) == 1
    assert (mailed(database), standing(database)) == ([], [(ada, "waiting", "hello", None)])
    assert turn(database, NOW + timedelta(hours=23)) == 0
    assert turn(database, NOW + timedelta(hours=24)) == 1
    assert mailed(database) == [(ada, "hello")]
    assert turn(database, NOW + timedelta(hours=48)) == 1
    assert mailed(database) == [(ada, "hello"), (ada, "bye")]
    assert standing(database) == [(ada, "ended", None, "finished")]
    assert steps_done(database) == [("pause", "begun"), ("hello", "done"), ("again", "begun"), ("bye", "done")]


def test_the_same_order_again_starts_nothing(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(send("hello")))
    placed = happening(ada)

    assert [tell(database, [placed]), tell(database, [placed]), tell(database, [placed, placed])] == [1, 0, 0]
    turn(database, NOW)
    assert tell(database, [placed]) == 0
    assert mailed(database) == [(ada, "hello")]
