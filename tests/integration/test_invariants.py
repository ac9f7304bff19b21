"""Each promise is really watched: break it by hand, and it is named."""

import pytest
from sqlalchemy import delete, insert, update

from regulars.adapters.database.coupon_invariants import COUPON_INVARIANTS
from regulars.adapters.database.invariants import INVARIANTS, violations
from regulars.adapters.database.referral_invariants import REFERRAL_INVARIANTS
from regulars.adapters.database.schema import attempts, audience, launches, messages
from tests.integration.launching import NOW, ShopFloor, add_customers

FIRST = messages.c.number == 1
TRIED = {"launch_id": 1, "number": 1, "fence": 1, "actor": "x", "started_at": NOW, "ended_at": NOW}

BROKEN = {
    "who was chosen has a message": delete(messages).where(FIRST),
    "who has a message was chosen": delete(audience),
    "a launch knows how many messages it made": update(launches).values(recipients=7),
    "nothing leaves without a durable handoff before": update(messages).where(FIRST).values(handoff_at=None),
    "an accepted message has its evidence": update(messages).where(FIRST).values(evidence=None),
    "an ended message has its time, an open one has none": update(messages).where(FIRST).values(ended_at=None),
    "a message that was not sent says why": update(messages).where(FIRST).values(state="skipped"),
    "whoever works on a message has a lease, and nobody else": update(messages).where(FIRST).values(lease_until=NOW),
    "a terminal state is left only by an operator's act": insert(attempts).values(TRIED | {"phase": "dot", "outcome": "accepted"}),
    "one claim makes one attempt": insert(attempts).values(TRIED | {"phase": "rcpt", "outcome": "pending"}),
    "a fence only rises": update(messages).where(FIRST).values(fence=0),
    "what is flagged was sent again by somebody's word": update(messages).where(FIRST).values(dup_possible=True),
    "a second copy is flagged": insert(attempts).values(
        TRIED | {"phase": "operator", "outcome": "pending", "reply": "on_uncertain: resend"}
    ),
    "an operator does what operators may": insert(attempts).values(TRIED | {"phase": "operator", "outcome": "skipped"}),
    "a finished launch has nothing open": update(messages).where(FIRST).values(state="pending"),
}


@pytest.fixture
def sent(database):
    floor = ShopFloor(database)
    add_customers(database, 2)
    floor.drain(floor.launch().id)
    return database


def test_a_sent_launch_keeps_every_promise(sent):
    with sent.read() as connection:
        assert violations(connection) == []


@pytest.mark.breaks_promises
@pytest.mark.parametrize("promise", BROKEN)
def test_a_broken_promise_is_named(sent, promise):
    with sent.write() as connection:
        connection.execute(BROKEN[promise])
    with sent.read() as connection:
        found = violations(connection)

    assert any(sentence.startswith(promise) for sentence in found)


def test_every_promise_can_be_broken():
    """But for the one that the database itself keeps by a unique index; those of referrals are broken in test_referral_programme, those of codes in test_coupon_promises."""
    assert set(INVARIANTS) - set(BROKEN) - set(REFERRAL_INVARIANTS) - set(COUPON_INVARIANTS) == {"a campaign has one live launch"}
