"""One message with all that is known about it, on both databases: after a lost line, a crash, an erasure."""

import pytest
from sqlalchemy import insert, update

from regulars.adapters.database.dossiers import DossiersInDatabase
from regulars.adapters.database.schema import customers, identities
from regulars.adapters.database.sent_mails import SentMailsInDatabase
from regulars.content.tokens import MessageRef
from regulars.delivery.dossier import doubt
from regulars.delivery.life import State
from regulars.delivery.message_id import message_id
from regulars.delivery.outcomes import Outcome
from regulars.errors import UsageError
from regulars.operations.show_message import (
    NEVER_HANDED_OVER,
    NOT_YET,
    OTHER,
    SAME,
    message_named,
    show_message,
)
from tests.integration.launching import NOW, ShopFloor, add_customers


@pytest.fixture
def floor(database):
    return ShopFloor(database)


def add_known(database, number: int) -> list[int]:
    ids = add_customers(database, number)
    with database.write() as connection:
        connection.execute(insert(identities).values(
            [{"kind": "email", "value": f"c{n}@example.com", "customer_id": n, "since": NOW} for n in ids]
        ))
    return ids


def named(floor, text, customer=None):
    return message_named(
        text, customer, DossiersInDatabase(floor.database), floor.launches, floor.messages, SentMailsInDatabase(floor.database)
    )


def shown(floor, text, customer=None):
    return show_message(named(floor, text, customer), floor.bundles, floor.desk.recipients, keys=floor.keys, base_url=floor.desk.base_url)


def test_a_message_has_three_names(floor):
    [known] = add_known(floor.database, 1)
    launch = floor.launch()
    ref = MessageRef(launch.id, 1)
    header = message_id(ref, launch.key, "kahve.example")

    found = [named(floor, str(ref)), named(floor, header), named(floor, f" {header}\n"), named(floor, "hello", f"C{known}@example.com")]
    assert {(one.ref, one.email) for one in found} == {(ref, f"c{known}@example.com")}


@pytest.mark.parametrize(("text", "customer", "said"), [
    ("7-1", None, "there is no message 7-1"),
    ("win-back", None, "names no message"),
    ("<0000000001.otherkey0000@kahve.example>", None, "no launch of this database sent"),
    ("hello", "nobody@example.com", "made no message for nobody@example.com"),
    ("hello", "nobody", "nobody is not an address"),
])
def test_what_names_no_message_is_said(floor, text, customer, said):
    add_known(floor.database, 1)
    floor.launch()
    with pytest.raises(UsageError, match=said):
        named(floor, text, customer)


def test_a_message_tells_every_attempt_and_shows_the_mail_that_left(floor):
    add_known(floor.database, 1)
    launch = floor.launch()
    floor.transport.says = {1: Outcome.DEFERRED}
    floor.drain(launch.id)
    floor.transport.says = {}
    floor.wait(hours=24)
    floor.drain(launch.id)
    told = shown(floor, f"{launch.id}-1")
    dossier = told.dossier

    assert [(one.fence, one.actor, one.phase, one.outcome, one.code) for one in dossier.attempts] == [
        (1, "worker-1", "dot", "pending", 451), (2, "worker-1", "dot", "accepted", 250),
    ]
    assert (dossier.state, dossier.evidence, dossier.composed_at, dossier.edition) == (State.ACCEPTED, "reply", floor.clock.at, 1)
    assert (told.verdict, told.differs, told.mail.mail.content) == (SAME, False, floor.transport.mailbox[0].content)


def test_a_mail_whose_customer_changed_is_shown_and_not_passed_off_as_the_one_that_left(floor):
    [known] = add_known(floor.database, 1)
    launch = floor.launch()
    floor.drain(launch.id)
    with floor.database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == known).values(first_name="Augusta"))
    told = shown(floor, f"{launch.id}-1")

    assert (told.verdict, told.differs) == (OTHER, True)
    assert "Augusta" in told.mail.email.text


def test_of_an_erased_customer_only_the_facts_remain(floor):
    [known] = add_known(floor.database, 1)
    launch = floor.launch()
    floor.drain(launch.id)
    with floor.database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == known).values(erased_at=NOW, email=None, first_name=None))
    told = shown(floor, f"{launch.id}-1")

    assert (told.mail, told.differs) == (None, True)
    assert "no customer any more" in told.verdict
    assert told.dossier.state is State.ACCEPTED


def test_before_it_is_composed_and_before_it_is_handed_over_a_message_says_so(floor):
    add_known(floor.database, 1)
    launch = floor.launch()
    before = shown(floor, f"{launch.id}-1")
    claimed = floor.messages.claim(launch.id, 1, "worker-1", 60, NOW)
    held = shown(floor, f"{launch.id}-1")
    floor.give_up(claimed, State.CLAIMED)

    assert (before.verdict, before.mail, before.differs) == (NOT_YET, None, False)
    assert (held.verdict, held.dossier.worker, held.differs) == (NEVER_HANDED_OVER, "worker-1", False)


def test_a_held_message_names_the_attempt_that_left_the_doubt(floor):
    add_known(floor.database, 2)
    launch = floor.launch()
    floor.transport.says = {2: Outcome.LOST_AFTER_DOT}
    floor.drain(launch.id)
    floor.work()
    [dossier] = DossiersInDatabase(floor.database).in_states(launch.id, [State.HELD])
    doubted = doubt(dossier)

    assert (str(doubted.ref), doubted.state, doubted.tried.actor, doubted.tried.phase) == (f"{launch.id}-2", State.HELD, "worker-1", "dot")
    assert doubted.since == floor.clock.at
    assert doubted.asked
