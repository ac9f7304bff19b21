"""What another system recorded of its own mails: a row of its file becomes an event on the customer's timeline."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from regulars.audience import cells
from regulars.audience.addresses import Address, read_address
from regulars.audience.cells import BadCell
from regulars.audience.reactions import CLICKED, OPENED, RECEIVED, REPLIED
from regulars.audience.record import Record
from regulars.diagnostics import nearest
from regulars.tracking.reactions import UNSUBSCRIBED

REQUIRED = ("email", "event", "at")
FIELDS = (*REQUIRED, "campaign", "link", "verdict")
MOMENTS = ("at",)
SOURCE = "import"

_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("sent", "send", "received", "received email", "delivered", "delivery"), RECEIVED),
    **dict.fromkeys(("open", "opened", "opened email"), OPENED),
    **dict.fromkeys(("click", "clicked", "clicked email"), CLICKED),
    **dict.fromkeys(("reply", "replied"), REPLIED),
    **dict.fromkeys(("unsubscribe", "unsubscribed", "unsub", "unsubscribed from email marketing"), UNSUBSCRIBED),
}
_REFUSALS = {"bounce", "bounced", "hard bounce", "complaint", "complained", "spam", "marked email as spam"}
_VERDICTS = ("human", "machine", "unknown")
# Nobody knows any more whether a mail program or a person fetched a picture; who clicked was a person until a file says otherwise.
_UNSAID = {OPENED: "unknown"}


class PastEvent(NamedTuple):
    """`kind` as in the events table. `verdict`: human | machine | unknown, None of what nobody did."""

    address: Address
    kind: str
    at: datetime
    campaign: str | None = None
    link: str | None = None
    verdict: str | None = None

    @property
    def once(self) -> str:
        """The same told again is the same event."""
        told = (self.address.key, self.kind, self.at.isoformat(), self.campaign or "", self.link or "", self.verdict or "")
        return hashlib.blake2b("\0".join(told).encode(), digest_size=16).hexdigest()

    @property
    def launch(self) -> int:
        """A number below zero, of no launch here: all mails of one campaign to one customer count as one."""
        return -1 - int.from_bytes(hashlib.blake2b((self.campaign or "").encode(), digest_size=7).digest(), "big")

    def packed(self) -> tuple[Any, ...]:
        return (tuple(self.address), *self[1:])

    @classmethod
    def unpacked(cls, packed: tuple[Any, ...]) -> PastEvent:
        return cls(Address(*packed[0]), *packed[1:])


def read_past_event(record: Record) -> PastEvent:
    """Raises BadCell with the column and the reason."""
    try:
        address = read_address(record.required("email"))
    except BadCell:
        raise
    except ValueError as error:
        raise BadCell(f"email: {error}") from error
    record.required("event")
    kind, at = record.read("event", _kind), record.past("at")
    if kind is None or at is None:
        raise BadCell("at is empty")
    verdict = None if kind == RECEIVED else record.read("verdict", _verdict) or _UNSAID.get(kind, "human")
    return PastEvent(address, kind, at, record.text("campaign"), record.text("link"), verdict)


def _kind(cell: str) -> str:
    word = " ".join(cell.casefold().replace("_", " ").replace("-", " ").split()).removeprefix("email.")
    if word in _KINDS:
        return _KINDS[word]
    if word in _REFUSALS:
        raise BadCell(f'"{cell.strip()[:40]}" says that an address is never to be written to: regulars suppress import reads such files')
    near = nearest(word, _KINDS)
    raise BadCell(f'"{cell.strip()[:40]}" is none of sent, opened, clicked, replied, unsubscribed' + (f'; did you mean "{near}"?' if near else ""))


def _verdict(cell: str) -> str:
    word = (cells.text(cell) or "").casefold()
    if word not in _VERDICTS:
        raise BadCell(f'"{cell.strip()[:40]}" is none of {", ".join(_VERDICTS)}')
    return word
