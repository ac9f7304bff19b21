"""Several relays on the loopback: one dies in the middle of a launch, the next takes what is left, the first is tried again."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from regulars.adapters.database.schema import attempts, messages
from regulars.adapters.relays import Failover, Rests
from regulars.adapters.smtp import Relay
from regulars.adapters.smtp_session import Account
from regulars.delivery.evidence import Sought
from regulars.errors import SettingsError, Unreachable
from regulars.operations.drain import drain
from regulars.operations.office import Way
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import FakeTransport, ShopFloor, add_customers
from tests.integration.test_pace import of_domain, pacing
from tests.relay import RelayServer
from tests.servers import free_port


@contextmanager
def connected(**ports: int):
    relays = {name: Relay(Account("127.0.0.1", port), connections=3) for name, port in ports.items()}
    try:
        yield relays
    finally:
        for relay in relays.values():
            relay.close()


def office_of(floor: ShopFloor, relays, clock=lambda: 0.0):
    post = Failover(relays, Rests(clock))
    return replace(floor.office(), transport=post, ways=lambda *_: Way(post, lambda: post.carrier))


def by_relay(database) -> Counter:
    query = select(attempts.c.relay).where(attempts.c.outcome == "accepted")
    with database.read() as connection:
        return Counter(connection.scalars(query))


def test_a_relay_that_is_not_there_costs_no_mail_an_attempt(database):
    floor = ShopFloor(database)
    add_customers(database, 250)
    launch = floor.launch()
    with RelayServer() as spare, connected(bulk=free_port(), spare=spare.port) as relays:
        floor.drain(launch.id, office_of(floor, relays))

    assert len({mail.recipient for mail in spare.arrived}) == len(spare.arrived) == 250
    assert floor.states(launch.id) == {"accepted": 250}
    assert by_relay(database) == {"spare": 250}
    with database.read() as connection:
        assert set(connection.scalars(select(messages.c.attempts))) == {1}
    assert_promises_kept(database)


def test_a_relay_that_dies_in_the_middle_loses_nothing_and_doubles_nothing(database):
    floor = ShopFloor(database)
    add_customers(database, 900)
    launch = floor.launch()
    with RelayServer() as bulk, RelayServer() as spare, connected(bulk=bulk.port, spare=spare.port) as relays:
        office = office_of(floor, relays)

        def die(done: int, total: int | None = None, why: str = "") -> None:
            if done >= 100:
                bulk.mails_a_connection = bulk.most_connections = 0  # every line breaks, and nobody is let in

        drain(launch.id, office, lambda: True, die)
        floor.wait(hours=1)  # those whose line broke before the dot
        drain(launch.id, office, lambda: True)

    states = floor.states(launch.id)
    arrived = Counter(mail.recipient for mail in (*bulk.arrived, *spare.arrived))
    uncertain = states.get("uncertain", 0)
    assert states.get("accepted", 0) + uncertain == 900
    assert uncertain <= 3  # no more than there were connections
    assert max(arrived.values()) == 1
    assert len(arrived) >= states["accepted"]
    assert by_relay(database)["bulk"] > 0
    assert by_relay(database)["spare"] > 0
    assert by_relay(database).total() == states["accepted"]
    assert_promises_kept(database)


def test_when_no_relay_is_there_the_first_ones_trouble_is_told_and_nothing_is_lost(database):
    floor = ShopFloor(database)
    add_customers(database, 5)
    launch = floor.launch()
    first = free_port()
    with connected(bulk=first, spare=free_port()) as relays, pytest.raises(Unreachable, match=str(first)):
        floor.drain(launch.id, office_of(floor, relays))

    assert floor.states(launch.id) == {"pending": 5}


class Dead(FakeTransport):
    """Cannot be reached while `is_dead`; takes a batch first, as a relay that dies at once would."""

    is_dead = True
    tries = 0

    def send(self, batches, ledger, go_on):
        self.tries += 1
        if self.is_dead:
            next(iter(batches), None)
            raise self.trouble
        super().send(batches, ledger, go_on)

    trouble: Exception = Unreachable("nobody listens there")


def test_the_first_relay_is_left_alone_for_a_while_and_then_has_the_mail_again(database):
    floor = ShopFloor(database)
    add_customers(database, 30)
    now, bulk, spare = [0.0], Dead(), FakeTransport()
    office = office_of(floor, {"bulk": bulk, "spare": spare}, lambda: now[0])
    launch = floor.launch()
    floor.drain(launch.id, office)
    assert (len(bulk.mailbox), len(spare.mailbox), bulk.tries) == (0, 30, 1)

    add_customers(database, 20)
    floor.drain(floor.launch(new_only=True).id, office)
    assert (len(spare.mailbox), bulk.tries) == (50, 1)

    bulk.is_dead, now[0] = False, 11.0
    add_customers(database, 10)
    floor.drain(floor.launch(new_only=True).id, office)
    assert (len(bulk.mailbox), len(spare.mailbox)) == (10, 50)


def test_a_long_turn_goes_back_to_the_first_relay_when_its_rest_is_over(database):
    floor = ShopFloor(database)
    add_customers(database, 600)
    now, bulk, spare = [0.0], Dead(), FakeTransport()

    def come_back(_mail) -> None:
        if len(spare.mailbox) == 150:
            bulk.is_dead, now[0] = False, 11.0

    spare.before_dots = come_back
    launch = floor.launch()
    floor.drain(launch.id, office_of(floor, {"bulk": bulk, "spare": spare}, lambda: now[0]))

    assert len(spare.mailbox) == 151
    assert len({mail.ref for mail in (*bulk.mailbox, *spare.mailbox)}) == len(bulk.mailbox) + len(spare.mailbox) == 600
    assert by_relay(database) == {"bulk": 449, "spare": 151}


def test_a_relay_that_wants_other_settings_does_not_stop_the_mail(database):
    floor = ShopFloor(database)
    add_customers(database, 10)
    bulk, spare = Dead(), FakeTransport()
    bulk.trouble = SettingsError(["REGULARS_MAIL_URL_BULK: the password is wrong"])
    launch = floor.launch()
    floor.drain(launch.id, office_of(floor, {"bulk": bulk, "spare": spare}))

    assert floor.states(launch.id) == {"accepted": 10}


def test_of_an_uncertain_mail_only_the_relay_that_it_was_handed_to_can_say_that_it_never_came():
    one = FakeTransport(known={"a": True, "b": False, "c": False}, address="smtp://one.example:25")
    two = FakeTransport(known={"a": False, "b": False, "c": False}, address="smtp://two.example:25")
    mails = [Sought("a", "<a>", two.address), Sought("b", "<b>", two.address), Sought("c", "<c>", "smtp://three.example:25")]

    assert Failover({"one": one, "two": two}, Rests()).arrived(mails) == {"a": True, "b": False}
    assert Failover({"one": one}, Rests()).arrived(mails) == {"a": True}


def test_the_mark_notes_which_relay_a_mail_was_handed_to(database):
    floor = ShopFloor(database)
    add_customers(database, 3)
    bulk, spare = Dead(), FakeTransport(address="smtp://spare.example:25")
    launch = floor.launch()
    floor.drain(launch.id, office_of(floor, {"bulk": bulk, "spare": spare}))

    with database.read() as connection:
        assert set(connection.scalars(select(messages.c.handed_to))) == {"smtp://spare.example:25"}


class Grumpy:
    """Takes all mail but that to one provider, of which it says that it comes too fast."""

    def __init__(self) -> None:
        self.arrived, self.asked = Counter(), Counter()

    async def handle_RCPT(self, server, session, envelope, address, options):
        domain = address.rpartition("@")[2]
        self.asked[domain] += 1
        if domain == "slow.example":
            return "421 4.7.0 Too many messages from your address, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        self.arrived[envelope.rcpt_tos[0].rpartition("@")[2]] += 1
        return "250 2.0.0 Ok"


def test_a_provider_that_says_421_is_spared_while_all_others_get_their_mail(database):
    shop = pacing(database, "relays: {bulk: {}}\n", patience=0.0)
    for _ in range(6):
        of_domain(database, 100, "slow.example")
        of_domain(database, 50, "quick.example")
    launch = shop.floor.launch()
    desk = Grumpy()
    controller = Controller(desk, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with connected(bulk=controller.port) as relays:
            post = Failover(relays, Rests())
            office = replace(shop.office(), ways=lambda *_: Way(post, lambda: post.carrier))
            drain(launch.id, office, lambda: True)
    finally:
        controller.stop()

    assert desk.arrived == {"quick.example": 300}
    assert shop.floor.states(launch.id) == {"accepted": 300, "pending": 600}
    assert desk.asked["slow.example"] < 450  # what had been taken when the first complaint came, and no more
    [slow] = office.pace.slowdowns.lasting(shop.floor.clock.now())
    assert (slow.relay, slow.domain, slow.step) == ("bulk", "slow.example", 0)
    with database.read() as connection:
        fences = Counter(connection.scalars(select(messages.c.fence).where(messages.c.state == "pending")))
    assert fences == {1: 600}  # each was put off once
    assert_promises_kept(database)
