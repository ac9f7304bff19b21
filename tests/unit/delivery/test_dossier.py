"""What is said of one message, and which texts name one."""

from datetime import UTC, datetime, timedelta

import pytest

from regulars.content.tokens import MessageRef
from regulars.delivery.dossier import Attempt, Dossier, doubt
from regulars.delivery.life import IN_WORDS, State
from regulars.delivery.message_id import reference
from regulars.delivery.outcomes import Phase

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def attempt(phase: Phase, outcome: State, minutes: int, **said) -> Attempt:
    at = NOW + timedelta(minutes=minutes)
    known = {"relay": None, "code": None, "enhanced": None, "reply": None} | said
    return Attempt(fence=1, actor="host:1", phase=phase, outcome=outcome, started_at=at, ended_at=at, **known)


def dossier(state: State, *attempts: Attempt, **known) -> Dossier:
    nothing = dict.fromkeys(Dossier.__dataclass_fields__)
    return Dossier(**{**nothing, "ref": MessageRef(12, 345), "state": state, "due_at": NOW, "attempts": attempts, **known})


@pytest.mark.parametrize(("text", "ref"), [
    ("12-345", MessageRef(12, 345)), (" 1-1\n", MessageRef(1, 1)),
    ("12", None), ("12-0", None), ("win-back", None), ("١-١", None), ("1-2-3", None), ("99999999999-1", None),
])
def test_what_names_a_message(text, ref):
    assert reference(text) == ref


def test_every_state_has_its_words():
    assert IN_WORDS.keys() == set(State)


@pytest.mark.parametrize(("said", "answer"), [
    ({"code": 450, "enhanced": "4.2.1", "reply": "4.2.1 mailbox busy"}, "450 4.2.1 mailbox busy"),
    ({"code": 550, "enhanced": "5.1.1", "reply": "no such user"}, "550 5.1.1 no such user"),
    ({"reply": "the worker was lost"}, "the worker was lost"), ({}, ""),
])
def test_an_answer_says_its_numbers_once(said, answer):
    assert attempt(Phase.RCPT, State.PENDING, 0, **said).answer == answer


def test_a_doubt_rests_on_the_last_try_and_the_last_word():
    tries = [
        attempt(Phase.RCPT, State.PENDING, 1, relay="bulk"), attempt(Phase.DOT, State.UNCERTAIN, 31, relay="spare"),
        attempt(Phase.OPERATOR, State.HELD, 40, reply="on_uncertain: hold"),
    ]
    doubted = doubt(dossier(State.HELD, *tries, handed_off_at=NOW + timedelta(minutes=30)))

    assert (doubted.tried, doubted.asked, doubted.since) == (tries[1], "on_uncertain: hold", tries[2].ended_at)


def test_a_message_that_was_held_before_anybody_spoke_to_a_relay_is_a_doubt_too():
    doubted = doubt(dossier(State.HELD, reason="a second copy would differ"))

    assert (doubted.tried, doubted.asked, doubted.since, doubted.reason) == (None, None, NOW, "a second copy would differ")
