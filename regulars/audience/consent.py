"""May we write to them? Answers in files' words, and which of two answers is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from regulars.audience.cells import BadCell
from regulars.audience.record import Record

# What shops' exports call an answer to "may we write to you?".
CONSENT_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("yes", "y", "true", "1", "granted", "subscribed", "opted in", "opt in", "evet"), "granted"),
    **dict.fromkeys(("no", "n", "false", "0", "withdrawn", "unsubscribed", "opted out", "opt out", "hayır"), "withdrawn"),
    **dict.fromkeys(("pending", "unconfirmed", "not confirmed"), "pending"),
}


@dataclass(frozen=True, slots=True)
class Consent:
    """`state`: granted | withdrawn | pending. `at` None: the file does not say when."""

    state: str
    at: datetime | None = None
    source: str = "import"


def read_consent(record: Record) -> Consent | None:
    """None when the row says nothing. Raises BadCell."""
    state = record.read("consent", _consent_word)
    at = record.past("consent_at")
    return Consent(state, at, record.text("consent_source") or "import") if state else None


def latest(one: Consent | None, other: Consent | None) -> Consent | None:
    """The later of two answers; undated ones stand in the file's order, and a no is not outvoted by an undated yes."""
    if one is None or other is None:
        return other or one
    return other if overrides(other, one.state, one.at) else one


def overrides(new: Consent, state: str | None, at: datetime | None) -> bool:
    """Does an answer change what is known? Never from a no to a yes that is not provably later."""
    if state is None:
        return True
    if new.state == state:
        return False
    if new.at is None or at is None:
        return new.state == "withdrawn" or state == "pending"
    return new.at > at or (new.at == at and new.state == "withdrawn")


def _consent_word(cell: str) -> str:
    word = " ".join(cell.casefold().replace("_", " ").replace("-", " ").split())
    if word not in CONSENT_WORDS:
        raise BadCell(f'"{cell.strip()[:40]}" is no answer; write yes, no or pending')
    return CONSENT_WORDS[word]
