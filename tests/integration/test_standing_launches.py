"""The launches of automations' steps go on for ever: no sweep ends them, and what comes too late in them ends by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.journeys import JourneyBookInDatabase
from regulars.adapters.database.launches import LaunchesInDatabase
from regulars.adapters.database.messages import MessagesInDatabase
from regulars.adapters.database.recovery import RecoveryInDatabase
from regulars.adapters.database.schema import launches, messages
from regulars.delivery.life import LaunchState
from regulars.delivery.permission import Generation
from regulars.errors import Refused
from regulars.operations.advance import advance_due
from tests.integration.launching import ShopFloor, add_customers
from tests.journeying import (
    NOW,
    At,
    campaign,
    happening,
    mailed,
    people,
    put_live,
    send,
    standing,
    tell,
    turn,
)


@pytest.fixture
def floor(database: Database) -> ShopFloor:
    put_live(database, campaign(send("hello")))
    return ShopFloor(database)


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(launches.c.state).order_by(launches.c.id)))


def test_a_sweep_ends_a_launch_that_has_nothing_open_but_not_that_of_a_step(floor: ShopFloor) -> None:
    add_customers(floor.database, 1)
    floor.launch()
    floor.work()
    floor.sweep()
    assert states(floor.database) == ["sending", "finished"]


def test_nobody_can_say_that_a_step_has_sent_all_of_its_mail(floor: ShopFloor) -> None:
    own = LaunchesInDatabase(floor.database)
    assert [launch.id for launch in own.in_state(LaunchState.SENDING)] == [1]
    assert own.under_way() == []
    assert not own.move(1, LaunchState.FINISHED, None, NOW)


def test_a_mail_of_a_step_that_nobody_sent_in_time_expires(floor: ShopFloor) -> None:
    [ada] = people(floor.database, "ada")
    tell(floor.database, [happening(ada)])
    turn(floor.database, NOW)
    assert MessagesInDatabase(floor.database).due(NOW) == [1]

    MessagesInDatabase(floor.database).close_unsent(NOW + timedelta(days=3))
    with floor.database.read() as connection:
        assert connection.execute(select(messages.c.state, messages.c.reason)).all() == [("expired", "its turn came after expires_after")]


def test_where_nothing_may_be_sent_no_journey_goes_on(floor: ShopFloor) -> None:
    """A restored backup: what it takes for due was perhaps done."""
    [ada] = people(floor.database, "ada")
    tell(floor.database, [happening(ada)])

    def refuse() -> None:
        raise Refused("the database went back in time", hint="run regulars recover")

    with pytest.raises(Refused):
        advance_due(JourneyBookInDatabase(floor.database), At(NOW), lambda: True, refuse)
    assert (mailed(floor.database), standing(floor.database)) == ([], [(ada, "waiting", "hello", None)])


def test_after_a_recovery_nobody_gets_a_mail_that_perhaps_left_and_no_number_speaks_for_two(floor: ShopFloor) -> None:
    ada, bob, cem = people(floor.database, "ada", "bob", "cem")
    tell(floor.database, [happening(ada)])
    turn(floor.database, NOW)
    tell(floor.database, [happening(bob, at=NOW + timedelta(minutes=10))], NOW + timedelta(minutes=10))
    generation = Generation(7, NOW + timedelta(hours=1), 1)

    RecoveryInDatabase(floor.database).recover(NOW, generation, actor="Ada", why="restored", now=NOW + timedelta(hours=1))
    turn(floor.database, NOW + timedelta(hours=1))
    assert mailed(floor.database) == [(ada, "hello")], "the other one's mail perhaps left after the backup"
    tell(floor.database, [happening(cem, at=NOW + timedelta(hours=2))], NOW + timedelta(hours=2))
    turn(floor.database, NOW + timedelta(hours=2))
    with floor.database.read() as connection:
        numbers = connection.scalars(select(messages.c.number).order_by(messages.c.number)).all()
    assert numbers[0] == 1
    assert numbers[1] > 1_000_000


def test_help_is_called_once_when_there_is_more_than_one_batch(floor: ShopFloor) -> None:
    ids = people(floor.database, *(f"p{number}" for number in range(7)))
    tell(floor.database, [happening(each) for each in ids])
    calls: list[int] = []

    advance_due(JourneyBookInDatabase(floor.database), At(NOW), lambda: True, call_for_help=lambda: calls.append(1), batch=2)
    assert len(calls) == 1
    assert len(mailed(floor.database)) == 7


def test_a_turn_ends_when_it_is_told_to(floor: ShopFloor) -> None:
    ids = people(floor.database, *(f"p{number}" for number in range(6)))
    tell(floor.database, [happening(each) for each in ids])
    turns = iter([True, True, False])

    assert advance_due(JourneyBookInDatabase(floor.database), At(NOW), lambda: next(turns), batch=2) == 4
    assert turn(floor.database, NOW) == 2
