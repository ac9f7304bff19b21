"""A launch in two parts: a random few first, and the rest after a pause, when the first have done no harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from regulars.definition.spans import plus
from regulars.definition.workspace import RollOut

# Of the first part, in per cent: more than this stops a launch. One mail of ten or more is forgiven.
LIMITS: Mapping[str, int] = MappingProxyType({
    "rejected": 5,      # refused for good: a bad list, or a relay that does not want this mail
    "in_doubt": 2,      # held or uncertain: a line that keeps breaking
    "uncomposed": 5,    # left out because the template does not fit them
    "unsubscribed": 1,  # who leaves at once says that the mail was not wanted
})
MOST_PUT_OFF = 10       # per cent that the relay has put off for later, with which a part still counts as having left
FORGIVING_FROM = 10     # mails
_WORDS = {"rejected": "rejected", "in_doubt": "of unknown fate", "uncomposed": "impossible to compose", "unsubscribed": "answered by leaving"}


class Stage(StrEnum):
    FIRST = "first part"   # it is leaving
    PAUSE = "pause"        # it has left, and the rest waits
    REST = "rest"          # everything may leave


@dataclass(frozen=True, slots=True)
class FirstPart:
    """What became of the mails of the first part. `untried`: no attempt yet, or in a worker's hands. `put_off`: due again later.
    `held_back`: by contact limits, and waiting for their chance."""

    mails: int
    untried: int = 0
    put_off: int = 0
    held_back: int = 0
    rejected: int = 0
    in_doubt: int = 0
    uncomposed: int = 0
    unsubscribed: int = 0


@dataclass(frozen=True, slots=True)
class RollOutState:
    """Of one launch. `goes_on_at`: while it pauses. `rest_since`: when the rest was let go."""

    first: int
    goes_on_at: datetime | None = None
    rest_since: datetime | None = None

    @property
    def stage(self) -> Stage:
        if self.rest_since is not None:
            return Stage.REST
        return Stage.FIRST if self.goes_on_at is None else Stage.PAUSE


def size_of_first(roll_out: RollOut, mails: int) -> int:
    """At least one, and at most all of them."""
    wanted = roll_out.mails if roll_out.share is None else round(mails * roll_out.share / 100)
    return max(1, min(wanted or 0, mails))


def has_left(part: FirstPart) -> bool:
    """Every mail has been offered; but a relay that puts most of them off has not taken them, and a part that is held back for
    the night has shown nothing. The few who have had enough mail this week keep nobody waiting."""
    return not part.untried and part.put_off * 100 <= MOST_PUT_OFF * part.mails and part.held_back * 2 <= part.mails


def harm(part: FirstPart) -> str | None:
    """Why the rest should not leave by itself, with the figures; None when nothing speaks against it."""
    for name, limit in LIMITS.items():
        count = getattr(part, name)
        if count * 100 > limit * part.mails and (count > 1 or part.mails < FORGIVING_FROM):
            share = f"{count * 100 / part.mails:.1f}".removesuffix(".0")
            return f"{count:,} of the first {part.mails:,} mails {_WORDS[name]}: {share}%, and more than {limit}% stops a roll-out"
    return None


def next_start(roll_out: RollOut | None, now: datetime, zone: str) -> datetime:
    """When the rest leaves of a first part that has left at this moment."""
    return plus(now, roll_out.pause, zone) if roll_out else now
