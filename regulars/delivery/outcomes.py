"""What a transport reports about a mail: how far it came, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from regulars.content.tokens import MessageRef


class Phase(StrEnum):
    """How far an attempt came. Before the final dot nothing can have been delivered."""

    CONNECT = "connect"    # connection, TLS, EHLO, AUTH
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"          # the content is on its way, its final dot is not
    DOT = "dot"            # the final dot was written, or for a spool: the file's name was
    OPERATOR = "operator"  # nobody spoke to a relay: a person or the sweep decided


class Outcome(StrEnum):
    ACCEPTED = "accepted"          # the relay took it (250 after the dot)
    REJECTED = "rejected"          # the relay will never take it (5xx)
    DEFERRED = "deferred"          # the relay says later (4xx)
    LOST_BEFORE_DOT = "lost_before_dot"  # the connection broke while nothing could be delivered yet
    LOST_AFTER_DOT = "lost_after_dot"    # the connection broke, and only the relay knows


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one attempt. `code` 250, 451, 550 …; `enhanced` "5.1.1"; `reply` the relay's words, at most 500 letters."""

    ref: MessageRef
    outcome: Outcome
    phase: Phase
    code: int | None = None
    enhanced: str | None = None
    reply: str | None = None
    evidence: str | None = None  # of ACCEPTED: reply | file
    relay: str | None = None     # its name in regulars.yaml, where there are several
