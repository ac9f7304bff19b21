"""The processes that send, each with one row that it renews while it lives."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from regulars.adapters.clock import SystemClock
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import workers
from regulars.adapters.database.types import database_in, database_now
from regulars.adapters.database.upsert import upsert
from regulars.delivery.workers import Worker

FORGOTTEN_AFTER = 3600  # seconds; until then `doctor` tells that a process is gone


class WorkersInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def seen(self, owner: str, kind: str, version: str, trouble: str | None) -> None:
        """Now, by the database's clock; those that have not been seen for an hour are forgotten."""
        skew = clock_skew(self._database)
        changing = {"seen_at": database_now(), "clock_skew": skew, "version": version, "trouble": trouble}
        with self._database.write() as connection:
            row = upsert(connection, workers).values(owner=owner, kind=kind, started_at=database_now(), **changing)
            connection.execute(row.on_conflict_do_update(index_elements=["owner"], set_={"kind": kind, **changing}))
            connection.execute(delete(workers).where(workers.c.seen_at < database_in(-FORGOTTEN_AFTER)))

    def leave(self, owner: str) -> None:
        with self._database.write() as connection:
            connection.execute(delete(workers).where(workers.c.owner == owner))

    def all(self) -> Sequence[Worker]:
        """The latest seen first."""
        with self._database.read() as connection:
            rows = connection.execute(select(workers, database_now().label("now")).order_by(workers.c.seen_at.desc())).all()
        return [Worker(row.owner, row.kind, row.now - row.seen_at, row.clock_skew, row.version, row.trouble) for row in rows]


def clock_skew(database: Database) -> float:
    """Seconds that this machine's clock is ahead of the database's; what asking takes is shared out evenly."""
    clock = SystemClock()  # the machine's, also where REGULARS_NOW tells the program another time
    with database.read() as connection:
        connection.execute(select(database_now()))  # the first statement may have to connect
        before = clock.now()
        there = connection.execute(select(database_now())).scalar_one()
        after = clock.now()
    return round((before + (after - before) / 2 - there).total_seconds(), 3)
