"""Each step of a message is refused to whoever has lost it: by fence, by state, by lease, by launch, by the customer's word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError

from regulars.adapters.database.engine import Database
from regulars.adapters.database.messages import MessagesInDatabase
from regulars.adapters.database.schema import attempts, customers, hits, launches, messages, suppressions
from regulars.adapters.database.types import database_in
from regulars.content.tokens import MessageRef
from regulars.delivery.life import LaunchState, State
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.settlement import LEASE_MARGIN, Handoff, Settlement
from regulars.errors import Unconfirmed
from regulars.operations.cancel import cancel
from tests.integration.launching import NOW, ShopFloor, add_customers

ONE = MessageRef(1, 1)
HASH = "0" * 64


class Bench:
    """One message of one launch, and a worker who holds it."""

    def __init__(self, database):
        self.database = database
        self.floor = ShopFloor(database)
        self.customer, = add_customers(database, 1)
        self.launch = self.floor.launch()
        self.store = MessagesInDatabase(database)

    def claim(self, owner="worker-1"):
        return list(self.store.claim(self.launch.id, 10, owner, 60, NOW))

    def mark(self, fence=1, owner="worker-1"):
        return self.store.turn([], [Handoff(ONE, fence, HASH, "en")], owner=owner, topic="news", seconds=60, now=NOW)

    def settle(self, before, state, fence=1, outcome=Outcome.ACCEPTED):
        phase = Phase.OPERATOR if before is State.UNCERTAIN else Phase.DOT
        change = Settlement(ONE, fence, before, state, "because" if state is State.REJECTED else None, attempt=Result(ONE, outcome, phase, 250))
        self.store.turn([change], [], owner="worker-1", topic="news", seconds=60, now=NOW)

    def hand_off(self):
        self.claim()
        assert self.mark() == {ONE}

    def change(self, table=messages, **values):
        with self.database.write() as connection:
            connection.execute(update(table).values(**values))

    def end(self):
        """The row as the product would leave it, whatever the test did to it."""
        self.change(state="skipped", reason="the test is over", lease_until=None, lease_owner=None, ended_at=NOW, dup_possible=False)

    @property
    def row(self):
        with self.database.read() as connection:
            return connection.execute(select(messages)).one()

    @property
    def tried(self):
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(select(attempts.c.fence, attempts.c.phase, attempts.c.outcome).order_by(attempts.c.id))]


@pytest.fixture
def bench(database):
    return Bench(database)


def test_a_claim_raises_the_fence_and_is_leased(bench):
    [claimed] = bench.claim()

    assert (claimed.fence, bench.row.fence, bench.row.lease_owner, bench.row.state) == (1, 1, "worker-1", "claimed")
    assert bench.row.lease_until is not None


def test_what_is_claimed_is_not_claimed_again(bench):
    bench.claim()

    assert bench.claim("worker-2") == []


def test_what_is_claimed_does_not_stand_in_the_way_of_the_next(database):
    floor = ShopFloor(database)
    add_customers(database, 3)
    launch = floor.launch()
    numbers = [one.ref.number for _ in range(4) for one in floor.messages.claim(launch.id, 1, "worker-1", 60, NOW)]

    assert numbers == [1, 2, 3]


@pytest.mark.parametrize("state", [LaunchState.PAUSED, LaunchState.CANCELLED, LaunchState.PREPARING])
def test_nothing_is_claimed_of_a_launch_that_does_not_send(bench, state):
    bench.change(launches, state=state.value)

    assert bench.claim() == []


def test_what_is_not_due_or_too_late_is_not_claimed(bench):
    bench.change(next_attempt_at=NOW + timedelta(seconds=1))
    early = bench.claim()
    bench.change(next_attempt_at=NOW, expires_at=NOW)

    assert (early, bench.claim()) == ([], [])


def test_a_mark_holds_for_who_has_the_fence(bench):
    bench.claim()

    assert bench.mark(fence=2) == bench.mark(fence=0) == set()
    assert bench.mark(fence=1) == {ONE}
    assert (bench.row.state, bench.row.content_hash, bench.row.handoff_at) == ("handoff", HASH, NOW)


def test_a_mark_holds_for_who_has_the_lease(bench):
    bench.claim()

    assert bench.mark(owner="worker-2") == set()


@pytest.mark.parametrize("seconds", [-1, 0, LEASE_MARGIN - 1])
def test_a_mark_needs_a_lease_that_lasts(bench, seconds):
    bench.claim()
    bench.change(lease_until=database_in(seconds))

    assert bench.mark() == set()


def test_a_mark_extends_the_lease(bench):
    bench.claim()
    bench.change(lease_until=database_in(LEASE_MARGIN + 20))
    before = bench.row.lease_until
    bench.mark()

    assert bench.row.lease_until > before + timedelta(seconds=20)


@pytest.mark.parametrize("state", ["pending", "uncertain"])
def test_only_what_is_claimed_is_marked(bench, state):
    bench.hand_off()
    second = bench.mark()
    bench.change(state=state)

    assert second == bench.mark() == set()
    bench.end()


@pytest.mark.parametrize("state", [LaunchState.PAUSED, LaunchState.CANCELLED])
def test_nothing_is_marked_of_a_launch_that_was_stopped_meanwhile(bench, state):
    bench.claim()
    bench.change(launches, state=state.value)

    assert bench.mark() == set()


def test_nothing_is_marked_for_who_left_meanwhile(bench):
    bench.claim()
    bench.change(customers, marketing="withdrawn")

    assert bench.mark() == set()


def test_nothing_is_marked_for_who_was_suppressed_meanwhile(bench):
    bench.claim()
    with bench.database.write() as connection:
        connection.execute(insert(suppressions).values(
            channel="email", address_hash=f"hash{bench.customer}", reason="complaint", masked="c***", source="test", added_at=NOW
        ))

    assert bench.mark() == set()


def test_an_end_is_written_by_who_has_the_fence_and_only_once(bench):
    bench.hand_off()
    bench.settle(State.HANDOFF, State.REJECTED, fence=2)
    assert (bench.row.state, bench.tried) == ("handoff", [])

    bench.settle(State.HANDOFF, State.ACCEPTED)
    bench.settle(State.HANDOFF, State.REJECTED)

    assert (bench.row.state, bench.row.evidence, bench.row.ended_at) == ("accepted", "reply", NOW)
    assert bench.tried == [(1, "dot", "accepted")]


def test_of_two_guesses_about_the_state_the_true_one_is_written(bench):
    bench.hand_off()
    guesses = [Settlement(ONE, 1, before, State.PENDING, attempt=Result(ONE, Outcome.DEFERRED, Phase.DOT, 451)) for before in (State.CLAIMED, State.HANDOFF)]
    bench.store.turn(guesses, [], owner="worker-1", topic="news", seconds=60, now=NOW)

    assert (bench.row.state, bench.row.attempts, bench.tried) == ("pending", 1, [(1, "dot", "pending")])


def test_the_uncertain_keep_their_lease_and_nobody_judges_them_before_it_is_over(bench):
    bench.hand_off()
    bench.settle(State.HANDOFF, State.UNCERTAIN, outcome=Outcome.LOST_AFTER_DOT)
    early = bench.store.uncertain()
    assert bench.row.lease_until is not None
    bench.change(lease_until=database_in(-LEASE_MARGIN + 1))
    within_the_margin = bench.store.uncertain()
    bench.change(lease_until=database_in(-LEASE_MARGIN - 1))

    assert early == within_the_margin == []
    assert [one.ref for one in bench.store.uncertain()] == [ONE]


@pytest.mark.parametrize(("step", "becomes"), [("claim", "pending"), ("hand_off", "uncertain")])
def test_a_lease_is_taken_back_when_it_is_over_by_the_margin(bench, step, becomes):
    getattr(bench, step)()
    bench.change(lease_until=database_in(-LEASE_MARGIN + 1))
    early = bench.store.recover("sweep", NOW)
    bench.change(lease_until=database_in(-LEASE_MARGIN - 1))
    bench.store.recover("sweep", NOW)

    assert early == []
    assert bench.row.state == becomes


def test_a_judgement_of_a_message_that_went_on_meanwhile_is_void(bench):
    """Two sweeps read the same uncertain mail; one judges, the mail is claimed and handed off again, then the slow one writes."""
    bench.hand_off()
    bench.settle(State.HANDOFF, State.UNCERTAIN, outcome=Outcome.LOST_AFTER_DOT)
    bench.settle(State.UNCERTAIN, State.PENDING)
    bench.claim()
    bench.mark(fence=2)
    bench.settle(State.HANDOFF, State.UNCERTAIN, fence=2, outcome=Outcome.LOST_AFTER_DOT)
    bench.settle(State.UNCERTAIN, State.PENDING, fence=1)

    assert (bench.row.state, bench.row.fence) == ("uncertain", 2)


def test_a_second_copy_that_is_put_off_keeps_its_bytes(bench):
    bench.hand_off()
    bench.settle(State.HANDOFF, State.UNCERTAIN, outcome=Outcome.LOST_AFTER_DOT)
    word = Result(ONE, Outcome.ACCEPTED, Phase.OPERATOR, reply="on_uncertain: resend")
    again = Settlement(ONE, 1, State.UNCERTAIN, State.PENDING, attempt=word, copy_may_exist=True)
    bench.store.turn([again], [], owner="sweep", topic="news", seconds=60, now=NOW)
    bench.claim()
    bench.mark(fence=2)
    bench.settle(State.HANDOFF, State.PENDING, fence=2, outcome=Outcome.DEFERRED)

    assert (bench.row.dup_possible, bench.row.composed_at, bench.row.content_hash) == (True, NOW, HASH)


@pytest.mark.parametrize(("state", "after"), [("pending", "cancelled"), ("claimed", "cancelled"), ("handoff", "handoff"), ("accepted", "accepted")])
def test_cancelling_takes_back_what_has_not_left(bench, state, after):
    if state != "pending":
        bench.claim()
    if state in {"handoff", "accepted"}:
        bench.mark()
    if state == "accepted":
        bench.settle(State.HANDOFF, State.ACCEPTED)
    cancel("hello", bench.floor.launches, by="ada", now=NOW)

    assert bench.row.state == after
    assert state != "claimed" or bench.mark() == set()


def test_a_launch_is_not_finished_while_anything_is_open(bench):
    for step in (lambda: None, bench.claim, bench.mark, lambda: bench.settle(State.HANDOFF, State.UNCERTAIN)):
        step()
        assert bench.floor.launches.move(bench.launch.id, LaunchState.FINISHED, None, NOW) is False
    bench.settle(State.UNCERTAIN, State.ACCEPTED)

    assert bench.floor.launches.move(bench.launch.id, LaunchState.FINISHED, None, NOW) is True


def test_an_operator_opens_the_launch_with_the_mail_so_that_no_sweep_comes_between(bench):
    bench.hand_off()
    bench.settle(State.HANDOFF, State.REJECTED)
    bench.floor.launches.move(bench.launch.id, LaunchState.FINISHED, None, NOW)
    done = bench.store.decide(bench.launch.id, State.REJECTED, State.PENDING, actor="ada", why="fixed", emails=(), now=NOW)

    assert (done, bench.row.state, bench.floor.launches.get(bench.launch.id).state) == (1, "pending", "sending")


@pytest.mark.parametrize("state", [State.HELD, State.ACCEPTED])
def test_an_operators_word_is_about_the_state_that_was_shown(bench, state):
    bench.hand_off()
    bench.settle(State.HANDOFF, State.ACCEPTED)

    assert bench.store.decide(bench.launch.id, State.REJECTED, State.PENDING, actor="ada", why="x", emails=(), now=NOW) == 0
    assert (bench.row.state, bench.tried) == ("accepted", [(1, "dot", "accepted")])


def test_an_open_after_the_handoff_proves_that_it_arrived_and_one_before_does_not(bench):
    bench.hand_off()
    bench.settle(State.HANDOFF, State.UNCERTAIN, outcome=Outcome.LOST_AFTER_DOT)
    bench.change(lease_until=database_in(-60))
    [doubt] = bench.store.uncertain()
    hit = {"kind": "open", "launch_id": 1, "number": 1, "method": "GET", "verdict": "machine", "reasons": [], "rules_version": 1}
    with bench.database.write() as connection:
        connection.execute(insert(hits).values(hit | {"at": NOW - timedelta(seconds=1)}))
    too_early = bench.store.reacted_to([doubt])
    with bench.database.write() as connection:
        connection.execute(insert(hits).values(hit | {"at": NOW + timedelta(seconds=1)}))

    assert (too_early, bench.store.reacted_to([doubt])) == (set(), {ONE})
    bench.floor.sweep()
    assert (bench.row.state, bench.row.evidence) == ("accepted", "event")


@pytest.fixture
def losing(bench, monkeypatch):
    """The database commits, and its answer is lost on the way."""
    def lose(times: int):
        from regulars.adapters.database import engine

        real, left = engine._commit, [None] * times

        def commit(transaction, of_engine):
            real(transaction, of_engine)
            if left:
                left.pop()
                raise Unconfirmed("the line broke")

        monkeypatch.setattr(engine, "_commit", commit)
        monkeypatch.setattr(engine, "PAUSES", (0.0,))
        monkeypatch.setattr(Database, "is_sqlite", False)
    return lose


def test_a_mark_whose_commit_was_not_confirmed_is_asked_for_again_and_holds(bench, losing):
    bench.claim()
    losing(1)

    assert bench.mark() == {ONE}
    assert bench.row.state == "handoff"


def test_a_mark_that_nobody_can_confirm_is_not_answered(bench, losing):
    bench.claim()
    losing(2)

    with pytest.raises(Unconfirmed):
        bench.mark()
    bench.end()


def test_a_result_whose_commit_was_not_confirmed_is_written_once(bench, losing):
    bench.hand_off()
    losing(1)
    bench.settle(State.HANDOFF, State.ACCEPTED)

    assert (bench.row.state, bench.tried) == ("accepted", [(1, "dot", "accepted")])


def test_a_commit_that_fails_is_told_apart_from_one_that_never_began(database, monkeypatch):
    def broken(_transaction):
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    monkeypatch.setattr("sqlalchemy.RootTransaction.commit", broken)
    with pytest.raises(Unconfirmed, match="lost while it committed"), database.write():
        pass
