"""Never write to this address: who, why, and who said so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.audience import cells
from regulars.audience.addresses import Address, read_address
from regulars.audience.cells import BadCell
from regulars.audience.record import Record

REQUIRED = ("email",)
FIELDS = (*REQUIRED, "reason", "note")
REASONS = ("manual", "bounce", "complaint", "unsubscribed", "imported", "sunset")
# These only end what wants to sell: whoever left still gets the receipt of what they buy.
OF_MARKETING = ("unsubscribed", "sunset")


@dataclass(frozen=True, slots=True)
class Suppression:
    address: Address
    reason: str = "manual"
    source: str = "command line"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list as it may be shown: `masked` as in a***@example.com."""

    masked: str
    reason: str
    source: str
    note: str | None
    added_at: datetime


def read_suppression(record: Record) -> Suppression:
    """Raises BadCell with the column and the reason."""
    try:
        address = read_address(record.required("email"))
    except BadCell:
        raise
    except ValueError as error:
        raise BadCell(f"email: {error}") from error
    return Suppression(address, record.read("reason", read_reason) or "imported", "import", record.text("note"))


def read_reason(cell: str) -> str:
    """One of REASONS; raises BadCell."""
    word = (cells.text(cell) or "").casefold()
    if word not in REASONS:
        raise BadCell(f'"{cell.strip()[:40]}" is none of {", ".join(REASONS)}')
    return word
