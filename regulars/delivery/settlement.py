"""What becomes of a claimed message when its attempt ends: one decision, written as one compare-and-set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from regulars.content.tokens import MessageRef
from regulars.definition.workspace import OnUncertain
from regulars.delivery.backoff import MOST_ATTEMPTS, wait_after, wait_after_a_lost_line
from regulars.delivery.evidence import Evidence
from regulars.delivery.life import State, after, resolved
from regulars.delivery.outcomes import Outcome, Phase, Result

# Seconds that a lease must still have for a mark, and must be over for a judgement: no two workers meet at its end.
LEASE_MARGIN = 2


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in the hands of one worker. `content_hash` is known while an earlier copy may exist.

    `edition`: of the launch's bundles, the one it is composed from.
    """

    ref: MessageRef
    fence: int
    customer_id: int
    email: str
    attempts: int
    composed_at: datetime
    content_hash: str | None = None
    edition: int = 1


@dataclass(frozen=True, slots=True)
class Handoff:
    """The mark before the final dot: `content_hash` is the SHA-256 of the bytes, in hex."""

    ref: MessageRef
    fence: int
    content_hash: str
    language: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A message that perhaps arrived, and whose sender must have given up. `sent_again`: already once, by the campaign's word."""

    ref: MessageRef
    fence: int
    handoff_at: datetime
    sent_again: bool
    edition: int = 1


@dataclass(frozen=True, slots=True)
class Settlement:
    """From `before` to `state`, if the message still has this fence.

    `attempt`: None when nobody spoke to a relay. `next_attempt_at`: None leaves it as it is. `copy_may_exist`: the next copy is marked and must be equal to the first.
    """

    ref: MessageRef
    fence: int
    before: State
    state: State
    reason: str | None = None
    next_attempt_at: datetime | None = None
    attempt: Result | None = None
    started_at: datetime | None = None
    copy_may_exist: bool = False


def settled(claimed: Claimed, before: State, result: Result, now: datetime, jitter: float) -> Settlement:
    """`jitter` in [0, 1) spreads the next attempts of a launch."""
    ends = Settlement(claimed.ref, claimed.fence, before, after(before, result.outcome), attempt=result, started_at=claimed.composed_at)
    if result.outcome is Outcome.REJECTED:
        return replace(ends, reason=_words(result, "the relay refused it"))
    if result.outcome is Outcome.DEFERRED and claimed.attempts + 1 >= MOST_ATTEMPTS:
        return replace(ends, state=State.REJECTED, reason=f"given up after {MOST_ATTEMPTS} attempts: {_words(result, 'later')}")
    if result.outcome is Outcome.DEFERRED:
        return replace(ends, next_attempt_at=now + wait_after(claimed.attempts + 1, jitter))
    if result.outcome is Outcome.LOST_BEFORE_DOT:
        return replace(ends, next_attempt_at=now + wait_after_a_lost_line(jitter))
    return ends


def skipped(claimed: Claimed, reason: str) -> Settlement:
    return Settlement(claimed.ref, claimed.fence, State.CLAIMED, State.SKIPPED, reason)


def held(claimed: Claimed, reason: str) -> Settlement:
    return Settlement(claimed.ref, claimed.fence, State.CLAIMED, State.HELD, reason)


def given_back(claimed: Claimed) -> Settlement:
    """The worker stops, or was refused the handoff: as if it had never been claimed, and due as it was."""
    return Settlement(claimed.ref, claimed.fence, State.CLAIMED, State.PENDING)


def lapsed(ref: MessageRef, fence: int, before: State, now: datetime) -> Settlement:
    """Its worker is gone: a claimed message goes back, of a handed off one only the relay knows."""
    if before is State.CLAIMED:
        return Settlement(ref, fence, before, State.PENDING)
    lost = Result(ref, Outcome.LOST_AFTER_DOT, Phase.DOT, reply="the worker was lost")
    return Settlement(ref, fence, before, State.UNCERTAIN, attempt=lost, started_at=now)


def resolution(uncertain: Uncertain, evidence: Evidence | None, on_uncertain: OnUncertain, now: datetime) -> Settlement:
    """By evidence, else by the campaign's word; a third copy is nobody's wish: a broken relay would get one a sweep."""
    word = OnUncertain.HOLD if uncertain.sent_again else on_uncertain
    state = resolved(evidence.arrived if evidence else None, word)
    seen = Result(
        uncertain.ref, Outcome.ACCEPTED, Phase.OPERATOR, reply=evidence.in_words if evidence else f"on_uncertain: {word}",
        evidence=evidence.kind.value if evidence else None,
    )
    return Settlement(
        uncertain.ref, uncertain.fence, State.UNCERTAIN, state,
        reason="perhaps it arrived; decide with regulars retry" if state is State.HELD else None,
        attempt=seen, started_at=now, copy_may_exist=evidence is None and state is State.PENDING,
    )


def _words(result: Result, otherwise: str) -> str:
    reply = result.reply or ""
    enhanced = None if result.enhanced and reply.startswith(result.enhanced) else result.enhanced
    return " ".join(str(part) for part in (result.code, enhanced, reply) if part)[:500] or otherwise
