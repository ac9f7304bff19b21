"""Each promise is really watched: break it by hand, and it is named."""

import pytest
from sqlalchemy import delete, insert, update

from regulars.adapters.database.coupon_invariants import COUPON_INVARIANTS
from regulars.adapters.database.invariants import INVARIANTS, violations
from regulars.adapters.database.referral_invariants import REFERRAL_INVARIANTS
from regulars.adapters.database.schema import attempts, audience, journey_steps, journeys, launches, messages
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


JOURNEY = {
    "campaign": "welcome", "edition": 1, "customer_id": 1, "occurrence": 1, "entry": "first", "entered_at": NOW, "trigger": {},
    "state": "ended", "reason": "finished", "ended_at": NOW,
}
STEP = {"journey_id": 1, "fence": 1, "place": 1, "step": "hello", "kind": "send", "outcome": "done", "at": NOW, "launch_id": 1, "number": 1}
MADE_BY_IT = update(messages).where(FIRST).values(journey_id=1)
BROKEN_JOURNEYS = {
    "a journey under way knows what it waits for": [insert(journeys).values(JOURNEY | {"state": "waiting", "ended_at": None, "reason": None})],
    "an ended journey says when and why": [insert(journeys).values(JOURNEY | {"reason": None})],
    "a journey's message was made by a step of it": [insert(journeys).values(JOURNEY), MADE_BY_IT],
    "a step that made a message has one": [insert(journeys).values(JOURNEY), insert(journey_steps).values(STEP)],
    "a step of a journey makes one message": [
        insert(journeys).values(JOURNEY), MADE_BY_IT, insert(journey_steps).values(STEP), insert(journey_steps).values(STEP | {"fence": 2, "number": 2}),
    ],
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
@pytest.mark.parametrize("promise", [*BROKEN, *BROKEN_JOURNEYS])
def test_a_broken_promise_is_named(sent, promise):
    with sent.write() as connection:
        for act in [BROKEN[promise]] if promise in BROKEN else BROKEN_JOURNEYS[promise]:
            connection.execute(act)
    with sent.read() as connection:
        found = violations(connection)

    assert any(sentence.startswith(promise) for sentence in found)


def test_every_promise_can_be_broken():
    """But for the one that the database itself keeps by a unique index; those of referrals are broken in test_referral_programme, those of codes in test_coupon_promises."""
    assert set(INVARIANTS) - set(BROKEN) - set(BROKEN_JOURNEYS) - set(REFERRAL_INVARIANTS) - set(COUPON_INVARIANTS) == {"a campaign has one live launch"}
