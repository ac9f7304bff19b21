"""The ledger of a turn is written by two threads and may be interrupted anywhere; no message may fall between."""

from collections import Counter
from datetime import UTC, datetime
from threading import Event, Thread
from types import SimpleNamespace

import pytest

from regulars.content.tokens import MessageRef
from regulars.delivery.life import State
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.settlement import Claimed, Handoff
from regulars.operations.ledger import TurnLedger
from regulars.operations.office import PostOffice, Turn

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
A, B = MessageRef(1, 1), MessageRef(1, 2)


class Store:
    """Messages in memory. `before_commit`: called in every transaction before it takes hold, `after_commit` then."""

    def __init__(self):
        self.states = dict.fromkeys((A, B), State.CLAIMED)
        self.refuses = set()
        self.committed = []
        self.before_commit = self.after_commit = lambda: None

    def turn(self, settlements, handoffs, **_):
        self.before_commit()
        for one in settlements:
            if self.states[one.ref] is one.before:
                self.states[one.ref] = one.state
                self.committed.append(one)
        marked = {handoff.ref for handoff in handoffs} - self.refuses
        self.states |= dict.fromkeys(marked, State.HANDOFF)
        self.after_commit()
        return marked


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def book(store):
    room = SimpleNamespace(campaign=SimpleNamespace(topic=None), shop=SimpleNamespace(consent=None))
    office = PostOffice(
        clock=SimpleNamespace(now=lambda: NOW), launches=None, messages=store, bundles=SimpleNamespace(open=lambda _: room),
        recipients=None, transport=None, keys=None, base_url="", owner="tests", jitter=lambda: 0.0, composer=None,
    )
    ledger = TurnLedger(SimpleNamespace(id=1, bundle="", kind=None), office, Turn(), SimpleNamespace(address="smtp://relay.example:25"))
    ledger.open([claimed(A), claimed(B)])
    for ref in (A, B):
        ledger.expect(Handoff(ref, 1, "0" * 64, "en"))
    return ledger


def claimed(ref):
    return Claimed(ref, 1, ref.number, "c@example.com", 0, NOW)


def accepted(ref):
    return Result(ref, Outcome.ACCEPTED, Phase.DOT, 250, evidence="reply")


def interrupted():
    raise KeyboardInterrupt


def test_a_refused_handoff_goes_back_with_the_next_commit_but_only_once(book, store):
    store.refuses = {B}
    book.turn([], [A, B])
    book.turn([accepted(A)], [])
    went_back = dict(store.states)
    store.states[B] = State.CLAIMED  # by the same worker once more
    book.open([claimed(B)])
    book.expect(Handoff(B, 1, "0" * 64, "en"))
    book.turn([], [B])
    book.commit()

    assert went_back == {A: State.ACCEPTED, B: State.PENDING}
    assert store.states[B] is State.CLAIMED
    book.give_back()
    assert store.states[B] is State.PENDING


def test_an_interrupt_before_a_commit_loses_no_reply(book, store):
    book.turn([], [A])
    store.before_commit = interrupted
    with pytest.raises(KeyboardInterrupt):
        book.turn([accepted(A)], [])
    store.before_commit = lambda: None
    book.give_back()

    assert store.states == {A: State.ACCEPTED, B: State.PENDING}


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_a_mark_that_nobody_heard_of_wrote_no_dot_so_its_mail_goes_back(book, store, moment):
    setattr(store, moment, interrupted)
    with pytest.raises(KeyboardInterrupt):
        book.turn([], [A])
    setattr(store, moment, lambda: None)
    book.give_back()

    assert store.states == {A: State.PENDING, B: State.PENDING}


def test_of_a_marked_mail_without_a_reply_only_the_relay_knows(book, store):
    book.turn([], [A])
    book.give_back()

    assert store.states == {A: State.UNCERTAIN, B: State.PENDING}


def test_a_batch_that_was_claimed_while_the_turn_ended_goes_back_at_once(book, store):
    book.give_back()
    late = MessageRef(1, 3)
    store.states[late] = State.CLAIMED

    assert not book.open([claimed(late)])
    assert store.states[late] is State.PENDING


def test_two_threads_commit_each_end_once(book, store):
    waiting, go = Event(), Event()

    def wait_once():
        store.before_commit = lambda: None
        waiting.set()
        assert go.wait(10)

    book.turn([], [A])
    store.before_commit = wait_once
    relay = Thread(target=book.turn, args=([accepted(A)], []))
    relay.start()
    assert waiting.wait(10)
    book.cannot_compose(claimed(B), "no")
    book.commit()  # while the other still waits for the disk
    go.set()
    relay.join(10)

    assert Counter(one.ref for one in store.committed) == {A: 1, B: 1}
    assert book.so_far() == Turn(Counter({State.ACCEPTED: 1, State.SKIPPED: 1}), uncomposed=1, handed_over=1)


def test_it_remembers_only_what_is_in_flight(book, store):
    """However many mails a launch has, the worker's memory does not grow with them."""
    book.turn([], [A, B])
    book.turn([accepted(A), accepted(B)], [])
    before = sum(len(kept) for kept in vars(book).values() if isinstance(kept, dict | set))
    for number in range(3, 1003):
        ref = MessageRef(1, number)
        store.states[ref] = State.CLAIMED
        book.open([claimed(ref)])
        book.expect(Handoff(ref, 1, "0" * 64, "en"))
        book.turn([], [ref])
        book.turn([accepted(ref)], [])

    assert sum(len(kept) for kept in vars(book).values() if isinstance(kept, dict | set)) == before == 0
