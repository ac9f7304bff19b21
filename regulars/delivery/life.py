"""The life of a message and of a launch: what each state means, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from regulars.definition.workspace import OnUncertain
from regulars.delivery.outcomes import Outcome


class State(StrEnum):
    """Of a message: one mail to one customer."""

    PENDING = "pending"      # waits for its time or its turn
    CLAIMED = "claimed"      # a worker is composing it
    HANDOFF = "handoff"      # its last byte may be leaving at this moment
    ACCEPTED = "accepted"    # the relay took it; from here on it is the relay's
    REJECTED = "rejected"    # the relay refused it for good
    SKIPPED = "skipped"      # not sent, for a reason found at the last moment
    UNCERTAIN = "uncertain"  # the line broke after the last byte; perhaps it arrived
    HELD = "held"            # uncertain, and you decide: retry (perhaps twice in the inbox) or leave it
    CANCELLED = "cancelled"  # the launch was cancelled before its turn came
    EXPIRED = "expired"      # its turn came too late to be worth sending


# For who looks at one message and never read this page.
IN_WORDS: Mapping[State, str] = MappingProxyType({
    State.PENDING: "it waits for its time or its turn",
    State.CLAIMED: "a worker is composing it; nothing of it has left",
    State.HANDOFF: "its last byte may be leaving at this moment",
    State.ACCEPTED: "the relay took it",
    State.REJECTED: "the relay refused it for good; nothing arrived",
    State.SKIPPED: "it was not sent, for a reason found at the last moment",
    State.UNCERTAIN: "the line broke after the last byte; whether it arrived is asked when the relay can no longer be at it",
    State.HELD: "perhaps it arrived, and nobody can say; you decide",
    State.CANCELLED: "the launch was cancelled before its turn came",
    State.EXPIRED: "its turn came too late to be worth sending",
})


class LaunchState(StrEnum):
    PREPARING = "preparing"  # its audience is being written down
    SENDING = "sending"      # mails leave, or wait for their time
    PAUSED = "paused"        # nothing leaves until you resume
    FINISHED = "finished"    # every mail has its end
    CANCELLED = "cancelled"  # you ended it; what was unsent stays unsent


TERMINAL = frozenset({State.ACCEPTED, State.REJECTED, State.SKIPPED, State.CANCELLED, State.EXPIRED})

# Held mails wait for a person, so they do not keep a launch from finishing.
OPEN = frozenset({State.PENDING, State.CLAIMED, State.HANDOFF, State.UNCERTAIN})

# A copy may be in the inbox: whoever is in one of these states counts as written to.
PERHAPS_RECEIVED = frozenset({State.ACCEPTED, State.HANDOFF, State.UNCERTAIN, State.HELD})

LIVE = frozenset({LaunchState.PREPARING, LaunchState.SENDING, LaunchState.PAUSED})

TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType({
    State.PENDING: frozenset({State.CLAIMED, State.SKIPPED, State.CANCELLED, State.EXPIRED}),
    State.CLAIMED: frozenset({
        State.HANDOFF, State.PENDING, State.REJECTED, State.SKIPPED, State.CANCELLED, State.EXPIRED,
        State.HELD,  # a second copy would not be the first one's equal
    }),
    State.HANDOFF: frozenset({State.ACCEPTED, State.PENDING, State.REJECTED, State.UNCERTAIN}),
    State.UNCERTAIN: frozenset({State.ACCEPTED, State.PENDING, State.HELD}),
    State.HELD: frozenset(),
    State.ACCEPTED: frozenset(),
    State.REJECTED: frozenset(),
    State.SKIPPED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
})

# Only a person may do these, and an attempts row says who and why.
BY_OPERATOR: Mapping[State, frozenset[State]] = MappingProxyType({
    State.HELD: frozenset({State.PENDING, State.ACCEPTED}),
    State.REJECTED: frozenset({State.PENDING}),
    # of a restored backup: it may have left after the backup was made
    State.PENDING: frozenset({State.UNCERTAIN}),
    State.CLAIMED: frozenset({State.UNCERTAIN}),
    State.HANDOFF: frozenset({State.UNCERTAIN}),
})

LAUNCH_TRANSITIONS: Mapping[LaunchState, frozenset[LaunchState]] = MappingProxyType({
    LaunchState.PREPARING: frozenset({LaunchState.SENDING, LaunchState.CANCELLED}),
    LaunchState.SENDING: frozenset({LaunchState.PAUSED, LaunchState.CANCELLED, LaunchState.FINISHED}),
    LaunchState.PAUSED: frozenset({LaunchState.SENDING, LaunchState.CANCELLED}),
    LaunchState.FINISHED: frozenset({LaunchState.SENDING}),  # an operator retried a mail of it
    LaunchState.CANCELLED: frozenset(),
})

_MEANING: Mapping[tuple[State, Outcome], State] = MappingProxyType({
    (State.CLAIMED, Outcome.REJECTED): State.REJECTED,
    (State.CLAIMED, Outcome.DEFERRED): State.PENDING,
    (State.CLAIMED, Outcome.LOST_BEFORE_DOT): State.PENDING,
    (State.HANDOFF, Outcome.ACCEPTED): State.ACCEPTED,
    (State.HANDOFF, Outcome.REJECTED): State.REJECTED,
    (State.HANDOFF, Outcome.DEFERRED): State.PENDING,
    (State.HANDOFF, Outcome.LOST_BEFORE_DOT): State.PENDING,  # marked, but its dot was never written
    (State.HANDOFF, Outcome.LOST_AFTER_DOT): State.UNCERTAIN,
})


def may_follow(state: State, following: State, *, by_operator: bool = False) -> bool:
    table = BY_OPERATOR if by_operator else TRANSITIONS
    return following in table.get(state, frozenset())


def after(state: State, outcome: Outcome) -> State:
    """What a message becomes; a delivery without a mark before it is a broken transport and raises ValueError."""
    try:
        return _MEANING[state, outcome]
    except KeyError:
        msg = f"a message that is {state} cannot be {outcome}"
        raise ValueError(msg) from None


def outcome_may_follow(state: State, outcome: Outcome) -> bool:
    return (state, outcome) in _MEANING


def resolved(evidence: bool | None, on_uncertain: OnUncertain) -> State:
    """Where an uncertain message goes: evidence first (True: it arrived), then the campaign's word."""
    if evidence is not None:
        return State.ACCEPTED if evidence else State.PENDING
    return State.HELD if on_uncertain is OnUncertain.HOLD else State.PENDING
