"""Errands: the calls that a journey's steps ask for, tried until they are answered or nobody needs them any more."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from regulars.delivery.backoff import wait_after

FIRST_WAIT = timedelta(minutes=1)
GIVES_UP = timedelta(days=3)  # after it was asked for
LONGEST_ANSWER = 500          # letters that are kept


class ErrandState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ErrandDue:
    """`kind`: webhook | notify. `target`: an address of the web, or of a mailbox. `attempts`: before this one."""

    id: int
    fence: int
    campaign: str
    edition: int
    step: str
    kind: str
    target: str
    payload: Mapping[str, Any]
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """`words`: what was answered, or why nobody was asked. `for_good`: to ask again is of no use."""

    taken: bool
    words: str
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class ErrandSettled:
    """What becomes of an errand; it counts only for who holds this `fence`."""

    id: int
    fence: int
    state: ErrandState
    attempts: int
    answer: str
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Errands of one step that failed for good. `answer`: of the last one."""

    campaign: str
    step: str
    kind: str
    count: int
    answer: str


def settled(errand: ErrandDue, answer: Answer, now: datetime, jitter: float) -> ErrandSettled:
    """Again after a minute, then twice as long each time."""
    tried = errand.attempts + 1
    again = now + wait_after(tried, jitter, FIRST_WAIT)
    words = answer.words[:LONGEST_ANSWER]
    if answer.taken:
        return ErrandSettled(errand.id, errand.fence, ErrandState.DONE, tried, words, now)
    if answer.for_good or again > errand.created_at + GIVES_UP:
        return ErrandSettled(errand.id, errand.fence, ErrandState.FAILED, tried, words, now)
    return ErrandSettled(errand.id, errand.fence, ErrandState.PENDING, tried, words, again)


def body_of(errand: ErrandDue) -> bytes:
    return json.dumps({"id": errand.id, **errand.payload}, ensure_ascii=False, separators=(",", ":")).encode()


def signed_headers(errand: ErrandDue, body: bytes, secret: bytes, now: datetime) -> Mapping[str, str]:
    """`Regulars-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body", in hex>`. `Regulars-Errand` is the same each time it is tried."""
    moment = str(int(now.timestamp()))
    signature = hmac.new(hook_key(secret).encode(), moment.encode() + b"." + body, "sha256").hexdigest()
    return {
        "Content-Type": "application/json", "User-Agent": "regulars", "Regulars-Errand": str(errand.id),
        "Regulars-Signature": f"t={moment},v1={signature}",
    }


def hook_key(secret: bytes) -> str:
    """What receivers are given to check signatures by: it tells nothing of the secret that signs links."""
    return hmac.new(secret, b"webhook", "sha256").hexdigest()
