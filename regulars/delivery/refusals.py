"""When refusals are so many that they are rather about us than about each customer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

WINDOW = 100   # the last answers of a launch that count for the share
FEWEST = 10
SHARE = 0.1
ENOUGH = 1000  # as many refusals as this are always worth a look, whatever somebody let pass before


@dataclass(frozen=True, slots=True)
class Refusals:
    """Of one launch. `lately` of the last `answers` (at most WINDOW) were refused; `since` and `before` count all refusals
    since the launch began or was resumed, and before that."""

    lately: int
    answers: int
    since: int
    before: int

    @property
    def are_a_mass(self) -> bool:
        """Who resumes a launch has seen the refusals and goes on: the next pause takes as many again."""
        needed = min(max(FEWEST, self.before), ENOUGH)
        return self.since >= needed and self.lately > self.answers * SHARE


@dataclass(frozen=True, slots=True)
class Impression:
    """What one process saw of a launch lately: only when it looks bad are all of the launch's answers worth counting."""

    refused: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def add(self, refused: Iterable[bool]) -> None:
        self.refused.extend(refused)

    @property
    def is_bad(self) -> bool:
        lately = list(self.refused)  # at once: another thread may be adding
        return sum(lately) > len(lately) * SHARE


def why_paused(refusals: Refusals, last: str, launch_id: int) -> str:
    """The launch's state_reason; `last`: the latest refusal with its meaning."""
    return (
        f"{refusals.lately} of the last {refusals.answers} answers were refusals, the latest: {last}; nobody was suppressed for them; "
        f"see why, then: regulars resume {launch_id}, and regulars retry {launch_id} --only rejected"
    )
