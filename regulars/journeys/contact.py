"""What contact limits are decided by: the mail, its customer's history, and the verdict."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from regulars.definition.quantities import Duration


@dataclass(frozen=True, slots=True)
class Contact:
    """A mail that went to the customer, or that is on its way."""

    at: datetime
    topic: str | None = None
    class_: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail whose turn is to come. `due`: when; `first_due`: before anything held it back. `over_limit`: how long it waits
    for its chance, from `first_due` on; None: not at all."""

    due: datetime
    first_due: datetime
    topic: str | None = None
    class_: str | None = None
    over_limit: Duration | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one customer. `rivals`: other marketing mails that may leave for them today. `open`: of `hold_while`,
    what is open. `zone`: where they live; `country`: two letters."""

    zone: ZoneInfo
    country: str | None = None
    contacts: Sequence[Contact] = ()
    rivals: Sequence[Mail] = ()
    open: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Admitted:
    """It goes now, and counts from now."""


@dataclass(frozen=True, slots=True)
class Later:
    """It is asked again at `until`, which is after now."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """It does not go at all."""

    reason: str


Admission = Admitted | Later | Dropped
