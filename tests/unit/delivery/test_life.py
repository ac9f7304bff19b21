"""The life of a message: what each outcome means, and that nothing illegal is ever decided."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.content.tokens import MessageRef
from regulars.definition.workspace import OnUncertain
from regulars.delivery.evidence import Evidence, Kind
from regulars.delivery.life import (
    BY_OPERATOR,
    OPEN,
    TERMINAL,
    TRANSITIONS,
    State,
    after,
    may_follow,
    outcome_may_follow,
    resolved,
)
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.settlement import Claimed, Uncertain, lapsed, resolution, settled

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
REF = MessageRef(7, 1)


@pytest.mark.parametrize(("state", "outcome", "becomes"), [
    (State.CLAIMED, Outcome.REJECTED, State.REJECTED),          # 5xx at MAIL, RCPT or DATA
    (State.CLAIMED, Outcome.DEFERRED, State.PENDING),
    (State.CLAIMED, Outcome.LOST_BEFORE_DOT, State.PENDING),
    (State.HANDOFF, Outcome.ACCEPTED, State.ACCEPTED),
    (State.HANDOFF, Outcome.REJECTED, State.REJECTED),
    (State.HANDOFF, Outcome.DEFERRED, State.PENDING),
    (State.HANDOFF, Outcome.LOST_BEFORE_DOT, State.PENDING),
    (State.HANDOFF, Outcome.LOST_AFTER_DOT, State.UNCERTAIN),
])
def test_an_outcome_has_one_meaning(state, outcome, becomes):
    assert after(state, outcome) is becomes


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.LOST_AFTER_DOT])
def test_nothing_arrives_without_a_mark_before_it(outcome):
    with pytest.raises(ValueError, match="claimed"):
        after(State.CLAIMED, outcome)


@given(st.sampled_from(State), st.sampled_from(Outcome))
def test_no_outcome_leads_where_the_table_does_not(state, outcome):
    if outcome_may_follow(state, outcome):
        assert may_follow(state, after(state, outcome))


@given(st.sampled_from(State), st.sampled_from(State))
def test_an_end_is_left_by_a_person_only(state, following):
    if state in TERMINAL:
        assert not may_follow(state, following)
    if may_follow(state, following, by_operator=True):
        assert state in {State.HELD, State.REJECTED} or following is State.UNCERTAIN  # of a restored backup


def test_every_state_is_open_or_ended_or_held():
    assert {*OPEN, *TERMINAL, State.HELD} == set(State) == set(TRANSITIONS)
    assert set(BY_OPERATOR) & {*TERMINAL, State.HELD} == {State.HELD, State.REJECTED}


@given(
    st.sampled_from([State.CLAIMED, State.HANDOFF]), st.sampled_from(Outcome), st.integers(0, 50),
    st.floats(0, 1, exclude_max=True),
)
def test_a_settlement_is_always_a_legal_step(state, outcome, attempts, jitter):
    if not outcome_may_follow(state, outcome):
        return
    claimed = Claimed(REF, 3, 1, "a@example.com", attempts, NOW)
    settlement = settled(claimed, state, Result(REF, outcome, Phase.DOT, 450), NOW, jitter)

    assert may_follow(settlement.before, settlement.state)
    assert (settlement.state is State.PENDING) == (settlement.next_attempt_at is not None)
    assert settlement.state is not State.REJECTED or settlement.reason
    assert settlement.next_attempt_at is None or settlement.next_attempt_at > NOW


@given(st.sampled_from([State.CLAIMED, State.HANDOFF]))
def test_a_lost_worker_leaves_a_legal_step(state):
    assert may_follow(state, lapsed(REF, 1, state, NOW).state)


@pytest.mark.parametrize(("arrived", "word", "becomes", "flagged"), [
    (True, OnUncertain.RESEND, State.ACCEPTED, False),
    (False, OnUncertain.HOLD, State.PENDING, False),
    (None, OnUncertain.HOLD, State.HELD, False),
    (None, OnUncertain.RESEND, State.PENDING, True),
])
def test_evidence_comes_before_the_campaigns_word(arrived, word, becomes, flagged):
    evidence = None if arrived is None else Evidence(arrived, Kind.FILE)
    settlement = resolution(Uncertain(REF, 1, NOW, sent_again=False), evidence, word, NOW)

    assert settlement.state is becomes is resolved(arrived, word)
    assert settlement.copy_may_exist is flagged
