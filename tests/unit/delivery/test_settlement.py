"""What becomes of a mail, its customer and its launch by what the relay said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.content.tokens import MessageRef
from regulars.delivery.backoff import AFTER_TOO_MUCH, FIRST, LONGEST, MOST_ATTEMPTS, wait_after
from regulars.delivery.life import State, may_follow
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.refusals import Impression, Refusals
from regulars.delivery.reply_table import Advice
from regulars.delivery.settlement import Claimed, settled

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REF = MessageRef(7, 3)
LATER, NEVER, LOST = Outcome.DEFERRED, Outcome.REJECTED, Outcome.LOST_BEFORE_DOT
MEANT = st.sampled_from([
    (NEVER, Phase.RCPT, 550, "5.1.1", "no such user"), (NEVER, Phase.MAIL, 530, "5.7.0", "sign in"), (NEVER, Phase.DOT, 554, "5.7.1", "spam"),
    (NEVER, Phase.DOT, 550, "5.2.2", "full"), (NEVER, Phase.RCPT, 550, None, None), (LATER, Phase.RCPT, 421, "4.7.0", "too many"),
    (LATER, Phase.DOT, 451, "4.3.0", "later"), (LOST, Phase.BODY, None, None, "gone"), (LOST, Phase.RCPT, 421, None, "closing"),
])


def claimed(attempts=0, email="ayse@posta.example", *, refused_alone=False):
    return Claimed(REF, 5, 1, email, attempts, NOW, refused_alone=refused_alone)


def after(outcome, phase, code=None, enhanced=None, reply=None, *, relay=None, attempts=0, refused_alone=False, email="ayse@posta.example"):
    result = Result(REF, outcome, phase, code, enhanced, reply, relay=relay)
    state = State.HANDOFF if phase is Phase.DOT else State.CLAIMED
    return settled(claimed(attempts, email, refused_alone=refused_alone), state, result, NOW, 0)


def test_nobody_there_ends_the_mail_and_names_the_address_for_the_list():
    found = after(NEVER, Phase.RCPT, 550, "5.1.1", "5.1.1 no such user")

    assert (found.state, found.reason, found.pause) == (State.REJECTED, "there is no such mailbox (550 5.1.1)", None)
    assert (found.suppress.address.key, found.suppress.reason, found.suppress.source) == ("ayse@posta.example", "bounce", "launch 7: 550 5.1.1")


def test_a_full_mailbox_ends_the_mail_alone():
    found = after(NEVER, Phase.DOT, 552, "5.2.2", "5.2.2 over quota")

    assert (found.state, found.suppress, found.pause) == (State.REJECTED, None, None)


def test_something_of_ours_pauses_the_launch_and_says_what_to_do():
    found = after(NEVER, Phase.RCPT, 554, "5.7.1", "5.7.1 Relay access denied", relay="bulk")

    assert (found.state, found.suppress, found.next_attempt_at) == (State.PENDING, None, NOW)
    assert found.pause == (
        "relay bulk: 554 5.7.1 Relay access denied: the relay does not forward for us; sign in (USER:PASSWORD in the URL), "
        "or let the relay accept mail from this machine; then: regulars resume 7"
    )


def test_a_mail_that_a_policy_refuses_again_while_it_takes_others_does_not_pause_the_launch_for_ever():
    found = after(NEVER, Phase.DOT, 550, "5.7.1", "5.7.1 no", refused_alone=True)

    assert (found.state, found.suppress, found.pause) == (State.REJECTED, None, None)


def test_what_is_said_before_a_recipient_is_named_pauses_however_often():
    assert after(NEVER, Phase.MAIL, 530, "5.7.0", "sign in", refused_alone=True).pause


@pytest.mark.parametrize(("said", "wait"), [
    ((LATER, Phase.RCPT, 450, "4.2.0", "Greylisted"), timedelta(minutes=5)),
    ((LATER, Phase.DOT, 451, None, None), timedelta(minutes=5)),
    ((LATER, Phase.MAIL, 421, "4.7.28", "unusual rate"), timedelta(minutes=30)),
    ((LOST, Phase.RCPT, 421, "4.7.0", "too many connections"), timedelta(minutes=30)),
    ((LOST, Phase.BODY), timedelta(minutes=1)),
])
def test_the_first_wait_fits_the_reason(said, wait):
    found = after(*said)

    assert (found.state, found.next_attempt_at) == (State.PENDING, NOW + wait)
    assert found.reason.startswith("put off: ")


def test_too_much_is_told_apart_from_later():
    assert after(LATER, Phase.RCPT, 421, "4.7.0", "too many").advice is Advice.SLOW_DOWN
    assert after(LATER, Phase.RCPT, 451, "4.3.0", "later").advice is Advice.RETRY


def test_a_mail_that_breaks_every_connection_waits_longer_each_time_and_is_given_up():
    waits = [after(LOST, Phase.BODY, attempts=attempts).next_attempt_at for attempts in range(MOST_ATTEMPTS - 1)]
    last = after(LOST, Phase.BODY, attempts=MOST_ATTEMPTS - 1)

    assert waits == sorted(waits)
    assert (last.state, last.reason) == (State.REJECTED, "given up after 30 attempts: the connection broke before the mail was sent")


def test_later_for_four_days_is_enough():
    last = after(LATER, Phase.DOT, 451, None, "busy", attempts=MOST_ATTEMPTS - 1)

    assert (last.state, last.reason) == (State.REJECTED, "given up after 30 attempts: later (451)")


@pytest.mark.parametrize("first", [FIRST, AFTER_TOO_MUCH])
@pytest.mark.parametrize("jitter", [0, 0.999])
def test_the_waits_double_up_to_a_limit_and_last_four_to_six_days(first, jitter):
    waits = [wait_after(attempt, jitter, first) for attempt in range(1, MOST_ATTEMPTS)]

    assert waits[0] >= first
    assert waits[1] == 2 * waits[0]
    assert max(waits) <= LONGEST * 1.25
    assert timedelta(days=4) < sum(waits, timedelta()) < timedelta(days=6)


def test_a_batch_that_was_put_off_together_comes_back_apart():
    assert len({wait_after(1, jitter / 100) for jitter in range(100)}) == 100


@given(MEANT, st.integers(0, 50), st.floats(0, 1, exclude_max=True), st.booleans())
def test_every_answer_is_a_legal_step_with_a_reason(said, attempts, jitter, again):
    result = Result(REF, *said)
    state = State.HANDOFF if said[1] is Phase.DOT else State.CLAIMED
    found = settled(claimed(attempts, refused_alone=again), state, result, NOW, jitter)

    assert may_follow(found.before, found.state)
    assert found.reason
    assert (found.state is State.PENDING) == (found.next_attempt_at is not None)
    assert not (found.pause and found.suppress)


def test_an_address_that_cannot_be_read_is_not_put_on_the_list():
    assert after(NEVER, Phase.RCPT, 550, "5.1.1", "no such user", email="nobody").suppress is None


@pytest.mark.parametrize(("refusals", "a_mass"), [
    (Refusals(9, 9, 9, 0), False),       # too few to judge
    (Refusals(10, 10, 10, 0), True),
    (Refusals(10, 100, 500, 0), False),  # a tenth is a list as lists are
    (Refusals(11, 100, 11, 0), True),
    (Refusals(15, 100, 15, 20), False),  # somebody saw twenty and went on
    (Refusals(15, 100, 20, 20), True),
    (Refusals(15, 100, 1000, 5000), True),
    (Refusals(0, 0, 0, 0), False),
])
def test_a_mass_is_many_and_a_large_share_and_as_many_again_as_were_let_pass(refusals, a_mass):
    assert refusals.are_a_mass is a_mass


@pytest.mark.parametrize(("seen", "bad"), [([True], True), ([False] * 9 + [True], False), ([True] * 30 + [False] * 100, False), ([False] * 100 + [True] * 11, True)])
def test_a_launch_looks_bad_by_its_last_hundred_answers(seen, bad):
    impression = Impression()
    impression.add(seen)

    assert impression.is_bad is bad
