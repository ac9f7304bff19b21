"""What waits and what left lately, from ends of indexes: cheap for launches of any size."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import PENDING, attempts, messages
from regulars.delivery.life import State

MOST_ATTEMPTS = 20_000  # that are looked at, newest first
SHORTEST = timedelta(seconds=1)


class FlowsInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, launch_id: int) -> Mapping[str, int]:
        """Lane to how many of the launch still wait for their turn."""
        query = select(messages.c.lane, func.count()).where(messages.c.launch_id == launch_id, PENDING).group_by(messages.c.lane)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query.order_by(func.count().desc(), messages.c.lane))}

    def taken_since(self, launch_id: int, since: datetime, now: datetime) -> tuple[int, timedelta]:
        """How many of the launch a relay took, and in which time: since then, or since the oldest attempt that is looked at."""
        newest = (
            select(attempts.c.launch_id, attempts.c.outcome, attempts.c.ended_at, attempts.c.phase)
            .order_by(attempts.c.id.desc()).limit(MOST_ATTEMPTS)
        ).subquery("newest")
        taken = func.sum(
            ((newest.c.launch_id == launch_id) & (newest.c.outcome == State.ACCEPTED.value) & (newest.c.phase != "operator")).cast(messages.c.attempts.type)
        )
        query = select(taken, func.min(newest.c.ended_at)).where(newest.c.ended_at >= since)
        with self._database.read() as connection:
            count, oldest = connection.execute(query).one()
        return int(count or 0), max(now - (oldest or since), SHORTEST)
