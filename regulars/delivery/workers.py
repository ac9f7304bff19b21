"""A process that sends, as it was last seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Worker:
    """`owner`: host:pid, as in leases. `kind`: worker | beat | up. `age`: since it was seen, by the database's clock.

    `skew`: seconds that its own clock was ahead of the database's then. `trouble`: what kept it from sending.
    """

    owner: str
    kind: str
    age: timedelta
    skew: float
    version: str
    trouble: str | None = None
