"""A launch in two parts on both databases: the sample, the pause from its end, what stops the rest, and going on at once."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from regulars.adapters.database.schema import messages
from regulars.delivery.life import LaunchState
from regulars.delivery.outcomes import Outcome
from regulars.delivery.roll_out import Stage
from regulars.operations.pause import pause
from regulars.operations.resume import resume
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import ShopFloor, add_customers, workspace

HOUR = timedelta(hours=1)


@pytest.fixture
def floor(database):
    floor = ShopFloor(database, workspace(hello="roll_out: 20% first, then 1 hour pause"))
    yield floor
    assert_promises_kept(database)


def stage(floor, launch_id: int = 1) -> Stage:
    return floor.launches.get(launch_id).roll_out.stage


def sent(floor) -> list[int]:
    return sorted(mail.ref.number for mail in floor.transport.mailbox)


def test_the_first_part_leaves_and_the_rest_an_hour_after_its_end(floor):
    add_customers(floor.database, 10)
    launch = floor.launch()
    floor.transport.before_dots = lambda mail: floor.wait(minutes=30)  # a slow relay must not eat the pause
    floor.work()
    floor.transport.before_dots = None
    ended = floor.clock.at

    assert (sent(floor), stage(floor, launch.id)) == ([1, 2], Stage.PAUSE)
    assert floor.launches.get(launch.id).roll_out.goes_on_at == ended + HOUR
    floor.clock.at = ended + HOUR - timedelta(seconds=1)
    floor.work()
    assert sent(floor) == [1, 2]
    floor.clock.at = ended + HOUR
    floor.work()
    assert sent(floor) == list(range(1, 11))
    assert (floor.launches.get(launch.id).state, stage(floor, launch.id)) == (LaunchState.FINISHED, Stage.REST)


def test_the_sample_is_another_in_another_launch(floor):
    ids = add_customers(floor.database, 60)

    def sample() -> list[int]:
        launch = floor.launch(again=True)
        with floor.database.read() as connection:
            chosen = connection.scalars(select(messages.c.customer_id).where(messages.c.launch_id == launch.id, messages.c.number <= 12)).all()
        floor.launches.move(launch.id, LaunchState.CANCELLED, "enough", floor.clock.now())
        return sorted(chosen)

    one, other = sample(), sample()
    assert len(one) == len(other) == 12
    assert one != other
    assert sorted(ids)[:12] not in (one, other)


def test_harm_in_the_first_part_stops_the_rest_with_figures(floor):
    add_customers(floor.database, 20)
    floor.transport.says = {1: Outcome.REJECTED, 3: Outcome.REJECTED}
    launch = floor.launch()
    floor.work()
    stopped = floor.launches.get(launch.id)

    assert (stopped.state, sent(floor)) == (LaunchState.PAUSED, [2, 4])
    assert stopped.state_reason == "2 of the first 4 mails rejected: 50%, and more than 5% stops a roll-out"
    resume(str(launch.id), floor.launches, now=floor.clock.now())
    floor.work()
    assert floor.states(launch.id) == {"accepted": 18, "rejected": 2}


def test_who_leaves_during_the_pause_stops_the_rest_too(floor):
    add_customers(floor.database, 50)
    launch = floor.launch()
    floor.work()
    with floor.database.write() as connection:
        connection.execute(update(messages).where(messages.c.number.in_([1, 2])).values(unsubscribed_at=floor.clock.now()))
    floor.wait(hours=1)
    floor.work()

    assert floor.launches.get(launch.id).state_reason == "2 of the first 10 mails answered by leaving: 20%, and more than 1% stops a roll-out"
    assert len(sent(floor)) == 10


def test_the_rest_waits_for_a_first_part_that_was_put_off(floor):
    add_customers(floor.database, 10)
    floor.transport.says = dict.fromkeys((1, 2), Outcome.DEFERRED)
    launch = floor.launch()
    floor.work()
    assert stage(floor, launch.id) is Stage.FIRST
    floor.transport.says = {}
    floor.wait(hours=24)
    floor.work()

    assert (stage(floor, launch.id), sent(floor)) == (Stage.PAUSE, [1, 2])


def test_resume_goes_on_at_once_when_the_first_part_has_left_and_not_before(floor):
    add_customers(floor.database, 10)
    launch = floor.launch()
    pause(str(launch.id), floor.launches, by="ada", now=floor.clock.now())
    resume(str(launch.id), floor.launches, now=floor.clock.now())
    floor.work()
    assert (stage(floor, launch.id), len(sent(floor))) == (Stage.PAUSE, 2)
    resume(str(launch.id), floor.launches, now=floor.clock.now())
    floor.work()

    assert (stage(floor, launch.id), len(sent(floor))) == (Stage.REST, 10)


def test_a_launch_of_one_is_all_first_part(floor):
    add_customers(floor.database, 1)
    launch = floor.launch()
    floor.work()

    assert floor.launches.get(launch.id).state is LaunchState.FINISHED
