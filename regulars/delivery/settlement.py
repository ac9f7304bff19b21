"""What becomes of a claimed message when its attempt ends: one decision, written as one compare-and-set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from regulars.audience.addresses import read_address
from regulars.audience.suppression import Suppression
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import OnUncertain
from regulars.delivery.backoff import AFTER_A_LOST_LINE, AFTER_TOO_MUCH, FIRST, MOST_ATTEMPTS, wait_after
from regulars.delivery.evidence import Evidence
from regulars.delivery.life import State, after, resolved
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.replies import read
from regulars.delivery.reply_table import Advice, Row

# Seconds that a lease must still have for a mark, and must be over for a judgement: no two workers meet at its end.
LEASE_MARGIN = 2
WOULD_DIFFER = "a second copy would differ from the first, which perhaps arrived"  # held; an operator's retry sends it all the same


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in the hands of one worker. `content_hash` is known while an earlier copy may exist.

    `edition`: of the launch's bundles, the one it is composed from. `refused_alone`: it paused the launch once, and
    others have been accepted since. `claimed_at`: this time; `composed_at` stays that of an earlier copy.
    """

    ref: MessageRef
    fence: int
    customer_id: int
    email: str
    attempts: int
    composed_at: datetime
    content_hash: str | None = None
    edition: int = 1
    refused_alone: bool = False
    lane: str = ""
    claimed_at: datetime | None = None


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
    handed_to: str | None = None  # the transport's address, noted with the mark


@dataclass(frozen=True, slots=True)
class Settlement:
    """From `before` to `state`, if the message still has this fence.

    `attempt`: None when nobody spoke to a relay; `actor`: who did, where another worker writes it down. `next_attempt_at`: None leaves it as it is. `copy_may_exist`: the next copy is marked and must be equal to the first.
    With it are written: `suppress`, and `pause`: the reason for which the launch waits for a person; such an attempt is not counted.
    """

    ref: MessageRef
    fence: int
    before: State
    state: State
    reason: str | None = None
    next_attempt_at: datetime | None = None
    attempt: Result | None = None
    started_at: datetime | None = None
    actor: str | None = None
    copy_may_exist: bool = False
    advice: Advice | None = None
    lane: str = ""
    suppress: Suppression | None = None
    pause: str | None = None


def settled(claimed: Claimed, before: State, result: Result, now: datetime, jitter: float) -> Settlement:
    """`jitter` in [0, 1) spreads the next attempts of a launch."""
    ends = Settlement(claimed.ref, claimed.fence, before, after(before, result.outcome), attempt=result, started_at=claimed.claimed_at or claimed.composed_at, lane=claimed.lane)
    if result.outcome in {Outcome.ACCEPTED, Outcome.LOST_AFTER_DOT}:
        return ends
    if result.outcome is Outcome.LOST_BEFORE_DOT and result.code is None:
        return _put_off(ends, claimed, "the connection broke before the mail was sent", now, jitter, AFTER_A_LOST_LINE)
    return _answered(ends, claimed, result, now, jitter)


def _answered(ends: Settlement, claimed: Claimed, result: Result, now: datetime, jitter: float) -> Settlement:
    code = result.code or (550 if result.outcome is Outcome.REJECTED else 450)
    row = read(result.phase, code, result.enhanced, result.reply)
    advice, why = row.advice, f"{row.meaning} ({_number(result, code)})"
    if advice is Advice.STOP and claimed.refused_alone and result.phase not in {Phase.CONNECT, Phase.MAIL}:
        advice = Advice.REJECT  # it is about this one recipient after all, and must not pause the launch for ever
    ends = replace(ends, advice=advice)
    if advice is Advice.STOP:
        # due now, behind those that have not been tried: whether they are taken tells whom it was about
        return replace(ends, state=State.PENDING, reason=why, next_attempt_at=now, pause=_what_to_fix(row, result, claimed.ref.launch))
    if advice is Advice.REJECT:
        return replace(ends, state=State.REJECTED, reason=why)
    if advice is Advice.SUPPRESS:
        return replace(ends, state=State.REJECTED, reason=why, suppress=_hard_bounce(claimed, _number(result, code)))
    return _put_off(ends, claimed, why, now, jitter, AFTER_TOO_MUCH if advice is Advice.SLOW_DOWN else FIRST)


def _put_off(ends: Settlement, claimed: Claimed, why: str, now: datetime, jitter: float, first: timedelta) -> Settlement:
    attempts = claimed.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        return replace(ends, state=State.REJECTED, reason=f"given up after {attempts} attempts: {why}")
    return replace(ends, state=State.PENDING, reason=f"put off: {why}", next_attempt_at=now + wait_after(attempts, jitter, first))


def skipped(claimed: Claimed, reason: str) -> Settlement:
    return Settlement(claimed.ref, claimed.fence, State.CLAIMED, State.SKIPPED, reason)


def held(claimed: Claimed, reason: str) -> Settlement:
    return Settlement(claimed.ref, claimed.fence, State.CLAIMED, State.HELD, reason)


def given_back(claimed: Claimed) -> Settlement:
    """The worker stops, or was refused the handoff: as if it had never been claimed, and due as it was."""
    return Settlement(claimed.ref, claimed.fence, State.CLAIMED, State.PENDING)


def lapsed(ref: MessageRef, fence: int, before: State, now: datetime, worker: str | None = None) -> Settlement:
    """Its worker is gone: a claimed message goes back, of a handed off one only the relay knows."""
    if before is State.CLAIMED:
        return Settlement(ref, fence, before, State.PENDING)
    lost = Result(ref, Outcome.LOST_AFTER_DOT, Phase.DOT, reply="the worker was lost")
    return Settlement(ref, fence, before, State.UNCERTAIN, attempt=lost, started_at=now, actor=worker)


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


def _what_to_fix(row: Row, result: Result, launch_id: int) -> str:
    relay = f"relay {result.relay}" if result.relay else "the relay"
    return f"{relay}: {_words(result)}: {row.meaning}; {row.remedy}; then: regulars resume {launch_id}"


def _hard_bounce(claimed: Claimed, number: str) -> Suppression | None:
    try:
        return Suppression(read_address(claimed.email), "bounce", f"launch {claimed.ref.launch}: {number}")
    except ValueError:  # an address that nobody can read is never written to anyway
        return None


def _number(result: Result, code: int) -> str:
    return f"{code} {result.enhanced}" if result.enhanced else str(code)


def _words(result: Result) -> str:
    reply = result.reply or ""
    enhanced = None if result.enhanced and reply.startswith(result.enhanced) else result.enhanced
    return " ".join(str(part) for part in (result.code, enhanced, reply) if part)[:500] or "no"
