"""A database that went back in time: what may have left since, and what nobody can know any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.delivery.life import LaunchState
from regulars.delivery.permission import Generation

NOT_YET = timedelta(minutes=5)  # a mail that is due later than this cannot have left, even by a clock that is a little wrong


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A launch that was live in the backup. `doubtful`: mails that perhaps left since; `later`: those not due yet, which cannot have."""

    launch: int
    campaign: str
    state: LaunchState
    doubtful: int
    later: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """`since`: the moment of the backup; `until`: how far the database had come, as far as is known, or None when nobody knows."""

    since: Generation
    until: Generation | None
    launches: Sequence[AtRisk]
    newest_launch: int

    @property
    def doubtful(self) -> int:
        return sum(launch.doubtful for launch in self.launches)

    @property
    def lost_launches(self) -> range:
        """Ids of launches that were made after the backup and are in no table of this database."""
        return range(self.newest_launch + 1, (self.until.launch if self.until else 0) + 1)

    @property
    def missing(self) -> timedelta | None:
        return self.until.at - self.since.at if self.until else None

    def next_generation(self, now: datetime) -> Generation:
        """Above all that any machine remembers."""
        known = max(self.since.number, self.until.number if self.until else 0)
        return Generation(known + 1, now, max(self.newest_launch, self.until.launch if self.until else 0))
