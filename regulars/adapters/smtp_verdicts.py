"""A relay's answer about a mail, as the result that the ledger is told."""

from __future__ import annotations

import re

from regulars.adapters.smtp_replies import Reply
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.outgoing import Outgoing

CLOSING = 421
LONGEST_WORDS = 500
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")


def is_about_the_connection(reply: Reply) -> bool:
    """Not about the mail at hand: the relay is leaving, or has lost the thread."""
    return reply.code == CLOSING or not 400 <= reply.code < 600


def refusal(mail: Outgoing, phase: Phase, reply: Reply) -> Result:
    """Of a 4xx or 5xx."""
    return _result(mail, Outcome.REJECTED if reply.code >= 500 else Outcome.DEFERRED, phase, reply)


def verdict(mail: Outgoing, reply: Reply) -> Result:
    """Of the answer to the final dot; one that makes no sense leaves it open."""
    if 200 <= reply.code < 300:
        return _result(mail, Outcome.ACCEPTED, Phase.DOT, reply, evidence="reply")
    if 400 <= reply.code < 600:
        return refusal(mail, Phase.DOT, reply)
    return _result(mail, Outcome.LOST_AFTER_DOT, Phase.DOT, reply)


def lost_before_the_dot(mail: Outgoing, phase: Phase, why: str, code: int | None = None) -> Result:
    return Result(mail.ref, Outcome.LOST_BEFORE_DOT, phase, code, reply=_words(why))


def lost_after_the_dot(mail: Outgoing, why: str) -> Result:
    return Result(mail.ref, Outcome.LOST_AFTER_DOT, Phase.DOT, reply=_words(why))


def _result(mail: Outgoing, outcome: Outcome, phase: Phase, reply: Reply, evidence: str | None = None) -> Result:
    enhanced = _ENHANCED.match(reply.text)
    return Result(mail.ref, outcome, phase, reply.code, enhanced[0] if enhanced else None, _words(reply.text), evidence)


def _words(text: str) -> str:
    return text.replace("\0", "")[:LONGEST_WORDS]
