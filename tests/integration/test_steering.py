"""Each command is effective within the connections in flight: mails that leave after its commit are counted at a real relay."""

import threading
import time
from collections.abc import Callable

import pytest

from regulars.adapters.smtp import Relay
from regulars.adapters.smtp_session import Account
from regulars.content.bundle import freeze
from regulars.delivery.life import State
from regulars.operations.cancel import cancel
from regulars.operations.drain import drain
from regulars.operations.pause import pause
from regulars.operations.resume import resume
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import FILES, NOW, ShopFloor, add_customers, workspace
from tests.relay import RelayServer

MAILS, CONNECTIONS, BEFORE = 600, 4, 60
PATIENCE = 60


@pytest.fixture
def floor(database):
    floor = ShopFloor(database)
    add_customers(database, MAILS)
    yield floor
    assert_promises_kept(database)


@pytest.fixture
def server():
    with RelayServer() as server:
        yield server


def in_the_middle_of_it(floor, server, act: Callable[[], object]) -> int:
    """Drains in another thread, acts after some mails, and counts those that arrived after the act's commit."""
    relay = Relay(Account("127.0.0.1", server.port), CONNECTIONS)
    launch_id = floor.launches.live("hello").id
    worker = threading.Thread(target=drain, args=(launch_id, floor.office(transport=relay), lambda: True))
    worker.start()
    wait_until(lambda: len(server.arrived) >= BEFORE)
    act()
    at_commit = len(server.arrived)
    worker.join(PATIENCE)
    assert not worker.is_alive()
    relay.close()
    return len(server.arrived) - at_commit


def wait_until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.002)


def in_state(floor, launch_id: int, state: State) -> int:
    return floor.launches.tally(launch_id).of(state)


def test_after_a_pause_at_most_the_mails_in_flight_leave_and_after_resume_all_others(floor, server):
    launch = floor.launch()
    later = in_the_middle_of_it(floor, server, lambda: pause("hello", floor.launches, by="ada", now=NOW))
    paused = in_state(floor, launch.id, State.ACCEPTED)
    resume("hello", floor.launches, now=NOW)
    relay = Relay(Account("127.0.0.1", server.port), CONNECTIONS)
    drain(launch.id, floor.office(transport=relay), lambda: True)
    relay.close()

    assert later <= CONNECTIONS
    assert BEFORE <= paused < MAILS
    assert floor.states(launch.id) == {"accepted": MAILS}
    assert len({mail.recipient for mail in server.arrived}) == len(server.arrived) == MAILS


def test_after_a_cancel_at_most_the_mails_in_flight_leave_and_what_has_left_stays(floor, server):
    launch = floor.launch()
    later = in_the_middle_of_it(floor, server, lambda: cancel("hello", floor.launches, by="ada", now=NOW))
    floor.sweep()
    states = floor.states(launch.id)

    assert later <= CONNECTIONS
    assert states == {"accepted": len(server.arrived), "cancelled": MAILS - len(server.arrived)}


def test_after_new_files_at_most_the_mails_in_flight_have_the_old_ones(floor, server):
    launch = floor.launch()
    newer = workspace(template=FILES["templates/hello.mjml"].replace("Beans", "Fresh beans"))
    bundle = freeze(newer, newer.campaigns["hello"], floor.desk.compiler)
    floor.bundles.keep(bundle, "hello", None, NOW)
    marks: list[int] = []

    def renew() -> None:
        floor.launches.renew(launch.id, launch.bundle, bundle.hash, "ada", NOW)
        marks.append(len(server.arrived))

    in_the_middle_of_it(floor, server, renew)
    while floor.work():  # what the worker gave back, because it was composed from the old files
        pass
    with_old = [b"Fresh beans" not in mail.content for mail in server.arrived]

    assert sum(with_old[marks[0]:]) <= CONNECTIONS
    assert floor.states(launch.id) == {"accepted": MAILS}
    assert len(server.arrived) + len(floor.transport.mailbox) == MAILS
    assert all(b"Fresh beans" in mail.content for mail in floor.transport.mailbox)
