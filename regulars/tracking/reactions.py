"""What a hit means on a customer's timeline: opened, clicked, unsubscribed; each counted once a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.content.tokens import MessageRef
from regulars.tracking.hits import Hit, HitKind, SentMessage
from regulars.tracking.verdicts import Verdict

OPENED, CLICKED, UNSUBSCRIBED = "email.opened", "email.clicked", "email.unsubscribed"
_MEANING = {HitKind.OPEN: OPENED, HitKind.VIEW: OPENED, HitKind.CLICK: CLICKED}


@dataclass(frozen=True, slots=True)
class Reaction:
    """An event to be. `hit`: which of the recorded hits it comes from; `once`: a second one of that name is the same.

    Fetching the same link again the same day is no second reaction; coming back to the mail on another day is one.
    """

    kind: str
    at: datetime
    message: SentMessage
    verdict: str
    once: str
    hit: int
    link: int = 0
    source: str = ""


def reactions(
    hits: Sequence[Hit], verdicts: Sequence[Verdict], messages: Mapping[MessageRef, SentMessage]
) -> list[Reaction]:
    """In the order of the hits, each name once. Hits of messages that are not there any more mean nothing."""
    found: dict[str, Reaction] = {}
    for number, (hit, verdict) in enumerate(zip(hits, verdicts, strict=True)):
        message = messages.get(hit.ref) if hit.ref is not None else None
        if message is not None and (reaction := _reaction(number, hit, verdict, message)):
            found.setdefault(reaction.once, reaction)
    return list(found.values())


def _reaction(number: int, hit: Hit, verdict: Verdict, message: SentMessage) -> Reaction | None:
    if hit.leaves:
        return _farewell(number, hit, verdict, message)
    kind = _MEANING.get(hit.kind)
    if kind is None:
        return None
    once = f"{kind}/{message.ref}/{hit.link}/{verdict.answer}/{hit.at:%Y-%m-%d}"
    return Reaction(kind, hit.at, message, verdict.answer, once, number, hit.link)


def _farewell(number: int, hit: Hit, verdict: Verdict, message: SentMessage) -> Reaction | None:
    """Once for each time the customer had agreed: leaving twice is fine, and so is leaving after coming back."""
    if message.marketing == "withdrawn":
        return None
    agreed = f"{message.marketing_at:%Y-%m-%dT%H:%M:%S.%f}" if message.marketing_at else "never asked"
    once = f"{UNSUBSCRIBED}/{message.customer_id}/{agreed}"
    return Reaction(UNSUBSCRIBED, hit.at, message, verdict.answer, once, number, source=hit.source)
