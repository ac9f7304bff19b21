"""Everything that is known about one message: what was tried, what was answered, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.content.tokens import MessageRef
from regulars.delivery.life import IN_WORDS, State
from regulars.delivery.outcomes import Phase
from regulars.delivery.sent import SentMail
from regulars.delivery.settlement import WOULD_DIFFER
from regulars.loyalty.coupons import BoundCode


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of the attempts, which are only ever added to. `outcome`: the state that the message went to."""

    fence: int
    actor: str  # a worker, or the person or sweep that decided
    relay: str | None
    phase: Phase
    outcome: State
    code: int | None
    enhanced: str | None
    reply: str | None
    started_at: datetime
    ended_at: datetime

    @property
    def answer(self) -> str:
        """What was said, with its numbers once: most relays begin their words with the enhanced code."""
        reply = self.reply or ""
        enhanced = None if self.enhanced and reply.startswith(self.enhanced) else self.enhanced
        return " ".join(str(part) for part in (self.code, enhanced, reply) if part)

    def as_json(self) -> dict[str, Any]:
        return {
            "fence": self.fence, "actor": self.actor, "relay": self.relay, "phase": self.phase.value, "outcome": self.outcome.value,
            "code": self.code, "enhanced": self.enhanced, "reply": self.reply,
            "started_at": self.started_at.isoformat(), "ended_at": self.ended_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Dossier:
    """`bundle`: of the edition it was, or will be, composed from. Times are None for what has not happened.

    `worker`, `lease_until`: while somebody works on it. `due_at` of an open message.
    """

    ref: MessageRef
    campaign: str
    launch_key: str
    edition: int
    bundle: str
    customer_id: int
    email: str
    language: str | None
    state: State
    reason: str | None
    dup_possible: bool
    evidence: str | None
    worker: str | None
    lease_until: datetime | None
    due_at: datetime
    expires_at: datetime | None
    composed_at: datetime | None
    handed_off_at: datetime | None
    accepted_at: datetime | None
    ended_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    unsubscribed_at: datetime | None
    content_hash: str | None
    handed_to: str | None = None
    attempts: Sequence[Attempt] = ()
    code: BoundCode | None = None

    @property
    def mail(self) -> SentMail | None:
        """What a preview composes again; None before it was ever composed."""
        if self.composed_at is None:
            return None
        return SentMail(self.ref, self.customer_id, self.email, self.composed_at, self.content_hash, self.bundle, self.code)

    def as_json(self) -> dict[str, Any]:
        return {
            "message": str(self.ref), "launch": self.ref.launch, "number": self.ref.number, "campaign": self.campaign,
            "edition": self.edition, "bundle": self.bundle, "customer": self.customer_id, "email": self.email, "language": self.language,
            "state": self.state.value, "meaning": IN_WORDS[self.state], "reason": self.reason, "dup_possible": self.dup_possible,
            "evidence": self.evidence, "code": self.code.code if self.code else None, "handed_to": self.handed_to, "worker": self.worker,
            **{name: _iso(getattr(self, name)) for name in TIMES},
            "attempts": [attempt.as_json() for attempt in self.attempts],
        }


TIMES = (
    "lease_until", "due_at", "expires_at", "composed_at", "handed_off_at", "accepted_at", "ended_at", "opened_at", "clicked_at",
    "unsubscribed_at",
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message that waits for a person's word, and what is known of it.

    `since` it is so. `tried`: the last attempt at a relay. `asked`: what was found out, or decided, after it.
    """

    ref: MessageRef
    email: str
    state: State
    reason: str
    since: datetime
    dup_possible: bool = False
    tried: Attempt | None = None
    asked: str | None = None
    customer_id: int = 0

    @property
    def would_differ(self) -> bool:
        """Its first copy cannot be made again: what it was made of has changed."""
        return self.state is State.HELD and self.reason == WOULD_DIFFER

    def as_json(self) -> dict[str, Any]:
        return {
            "message": str(self.ref), "number": self.ref.number, "email": self.email, "state": self.state.value, "reason": self.reason,
            "since": self.since.isoformat(), "dup_possible": self.dup_possible,
            "attempt": self.tried.as_json() if self.tried else None, "asked": self.asked,
        }


def doubt(dossier: Dossier) -> Doubt:
    """By its last attempt at a relay, and the last word that was spoken over it without one."""
    tried = next((one for one in reversed(dossier.attempts) if one.phase is not Phase.OPERATOR), None)
    word = next((one for one in reversed(dossier.attempts) if one.phase is Phase.OPERATOR), None)
    known = [moment for moment in (dossier.ended_at, word and word.ended_at, tried and tried.ended_at, dossier.handed_off_at) if moment]
    return Doubt(
        dossier.ref, dossier.email, dossier.state, dossier.reason or "", max(known, default=dossier.due_at), dossier.dup_possible,
        tried, word.reply if word else None, dossier.customer_id,
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
