"""Counts for who watches, on both databases."""

from datetime import timedelta

from regulars.adapters.database.gauges import database_size, read_gauges
from regulars.delivery.life import State
from regulars.delivery.outcomes import Outcome
from tests.integration.launching import ShopFloor, add_customers


def test_an_idle_database_has_nothing_to_tell(database):
    gauges = read_gauges(database, ShopFloor(database).clock.now())

    assert (gauges.overdue, gauges.open, gauges.in_hand, gauges.held, gauges.launches) == (None, {}, 0, 0, {})


def test_what_waits_is_in_hand_and_hangs_is_counted(database):
    floor = ShopFloor(database)
    add_customers(database, 6)
    launch = floor.launch()
    floor.clock.at += timedelta(minutes=10)
    before = read_gauges(database, floor.clock.now())
    claimed = floor.messages.claim(launch.id, 3, "worker-1", 60, floor.clock.now())
    floor.mark(claimed[:1])
    during = read_gauges(database, floor.clock.now())
    floor.let_leases_run_out()
    after = read_gauges(database, floor.clock.now())

    assert (before.overdue, before.open, before.launches) == (timedelta(minutes=10), {State.PENDING: 6}, {"sending": 1})
    assert (during.open, during.in_hand) == ({State.PENDING: 3, State.CLAIMED: 2, State.HANDOFF: 1}, 3)
    assert after.in_hand == 0


def test_a_paused_launch_is_not_overdue_and_held_mails_are_counted_for_ever(database):
    floor = ShopFloor(database)
    add_customers(database, 3)
    floor.transport.says = {1: Outcome.LOST_AFTER_DOT}
    launch = floor.launch()
    floor.drain(launch.id)
    floor.let_leases_run_out()
    floor.work()
    held = read_gauges(database, floor.clock.now())

    assert (held.held, held.launches, held.overdue) == (1, {}, None)


def test_the_database_tells_its_size(database):
    with database.read() as connection:
        assert database_size(connection) > 100_000
