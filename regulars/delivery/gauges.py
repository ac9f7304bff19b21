"""How much mail waits, leaves and hangs at this moment, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from regulars.delivery.life import State


@dataclass(frozen=True, slots=True)
class Gauges:
    """Of launches that have not ended. `overdue`: how long the oldest due mail of a sending launch waits; None when none does.

    `open`: pending, claimed, handed off and uncertain ones; `in_hand`: those whose worker's lease has not run out;
    `held`: of all launches; `launches`: by state, the live ones.
    """

    overdue: timedelta | None = None
    open: Mapping[State, int] = field(default_factory=dict)
    in_hand: int = 0
    held: int = 0
    launches: Mapping[str, int] = field(default_factory=dict)
