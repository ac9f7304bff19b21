"""REGULARS_ONLY_TO: plan and launch leave everybody else out, and the send path does so once more."""

from dataclasses import replace

from sqlalchemy import update

from regulars.adapters.database.schema import customers, messages
from regulars.audience.eligibility import Question, Reason
from regulars.audience.only_to import read_only_to
from regulars.operations.plan import plan
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import ShopFloor, add_customers

PATTERNS = ["*@shop.example", "*_a@*.example", "ada@posta.example,*@shop.example", "*%@posta.example", "*", "a.a@posta.example"]
ADDRESSES = [
    "ada@shop.example", "ada@mail.shop.example", "ada@posta.example", "b_a@posta.example", "bxa@posta.example",
    "50%@posta.example", "a.a@posta.example", "aba@posta.example", "shop.example@posta.example",
]


def add(database, *addresses):
    ids = add_customers(database, len(addresses))
    with database.write() as connection:
        for number, address in zip(ids, addresses, strict=True):
            connection.execute(update(customers).where(customers.c.id == number).values(email=address, email_key=address))
    return ids


def question(floor, only_to):
    return Question(floor.workspace.campaigns["hello"], floor.workspace, floor.clock.now(), only_to=only_to)


def test_the_database_reads_the_patterns_as_the_send_path_does(database):
    floor = ShopFloor(database)
    add(database, *ADDRESSES)
    for text in PATTERNS:
        only_to = read_only_to(text)
        funnel = plan(question(floor, only_to), floor.desk).funnel
        assert funnel.final == sum(only_to.allows(address) for address in ADDRESSES), text
        assert funnel.excluded.get(Reason.NOT_IN_ONLY_TO, 0) == len(ADDRESSES) - funnel.final


def test_a_launch_that_was_made_without_it_sends_to_nobody_else_either(database):
    floor = ShopFloor(database)
    add(database, *ADDRESSES)
    launch = floor.launch()
    floor.drain(launch.id, replace(floor.office(), only_to=read_only_to("*@shop.example")))

    assert [mail.envelope_to for mail in floor.transport.mailbox] == ["ada@shop.example"]
    assert floor.states(launch.id) == {"accepted": 1, "skipped": len(ADDRESSES) - 1}
    assert floor.launches.tally(launch.id).reasons == {"skipped: not in REGULARS_ONLY_TO": len(ADDRESSES) - 1}
    with database.write() as connection:  # nothing of them was even composed
        assert not connection.execute(update(messages).where(messages.c.state == "skipped", messages.c.handoff_at.is_not(None)).values(reason="x")).rowcount
    assert_promises_kept(database)
