"""Token buckets in the database: for shops that work without Redis, however many processes they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import buckets
from regulars.adapters.database.types import EPOCH, database_now
from regulars.adapters.database.upsert import upsert
from regulars.delivery.pace import Ask, Grant, Level, taken


class BucketsInDatabase:
    """`clock`: seconds, for tests; without it the database's own, which all machines share."""

    def __init__(self, database: Database, clock: Callable[[], float] | None = None) -> None:
        self._database = database
        self._clock = clock

    def take(self, asks: Sequence[Ask]) -> Sequence[Grant]:
        """All of them in one transaction."""
        with self._database.write() as connection:
            levels = _locked(connection, asks)
            now = self._clock() if self._clock else _now(connection)
            grants = []
            for ask in asks:
                grant, levels[ask.name] = taken(ask, levels[ask.name], now)
                grants.append(grant)
            _keep(connection, levels)
        return grants


def _locked(connection: Connection, asks: Sequence[Ask]) -> dict[str, Level | None]:
    """In the order of their names: two who want the same buckets must not wait for each other in a circle."""
    names = sorted({ask.name for ask in asks})
    fresh = [{"name": name, "tokens": 0.0, "at": EPOCH} for name in names]
    connection.execute(upsert(connection, buckets).on_conflict_do_nothing(), fresh)
    rows = connection.execute(select(buckets).where(buckets.c.name.in_(names)).order_by(buckets.c.name).with_for_update()).all()
    return {row.name: None if row.at == EPOCH else Level(row.tokens, (row.at - EPOCH).total_seconds()) for row in rows}


def _keep(connection: Connection, levels: dict[str, Level | None]) -> None:
    rows = [
        {"name": name, "tokens": level.tokens, "at": EPOCH + timedelta(seconds=level.at)} for name, level in levels.items() if level
    ]
    stored = upsert(connection, buckets)
    fresh = {"tokens": stored.excluded.tokens, "at": stored.excluded.at}
    connection.execute(stored.on_conflict_do_update(index_elements=["name"], set_=fresh), rows)


def _now(connection: Connection) -> float:
    now: datetime = connection.execute(select(database_now())).scalar_one()
    return (now - EPOCH).total_seconds()
