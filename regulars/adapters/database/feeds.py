"""Feeds between two pulls, claimed with leases: operations.ports.Feeds on the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import case, literal, null, or_, select, update

from regulars.adapters.database import order_tellings
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import feeds
from regulars.adapters.database.types import database_in, database_now
from regulars.adapters.database.upsert import upsert
from regulars.loyalty.feed import FeedState
from regulars.loyalty.purchases import Row

_KNOWN = tuple(field.name for field in fields(FeedState))
_OF_ADDRESS = ("pulled_at", "changed_at", "etag", "last_modified", "content_hash", "failing_since")  # another address begins anew


class FeedsInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Sequence[FeedState]:
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(select(feeds).order_by(feeds.c.name))]

    def claim(self, name: str, url: str, seconds: int, now: datetime, *, early: bool = False) -> FeedState | None:
        moved = feeds.c.url != url
        is_due = or_(feeds.c.next_at <= now, moved, literal(early))
        is_free = or_(feeds.c.lease_until.is_(None), feeds.c.lease_until < database_now())
        anew = {column: case((moved, null()), else_=feeds.c[column]) for column in _OF_ADDRESS}
        taken = update(feeds).where(feeds.c.name == name, is_due, is_free).values(
            fence=feeds.c.fence + 1, lease_until=database_in(seconds), url=url, **anew)
        with self._database.write() as connection:
            connection.execute(upsert(connection, feeds).values(name=name, url=url, next_at=now).on_conflict_do_nothing())
            row = connection.execute(taken.returning(*feeds.c)).first()
            return _state(row) if row else None

    def renew(self, state: FeedState, seconds: int) -> bool:
        return self._put(state, lease_until=database_in(seconds))

    def release(self, state: FeedState) -> None:
        self._put(state, lease_until=None)

    def settle(self, state: FeedState) -> None:
        told = {name: getattr(state, name) for name in _KNOWN if name not in {"name", "url", "fence"}}
        self._put(state, lease_until=None, **told)

    def last_told(self, order_ids: Collection[str]) -> Mapping[str, tuple[Row, ...]]:
        with self._database.read() as connection:
            return order_tellings.last_rows(connection, order_ids)

    def _put(self, state: FeedState, **values: Any) -> bool:
        """Unless somebody else has claimed it since."""
        statement = update(feeds).where(feeds.c.name == state.name, feeds.c.fence == state.fence)
        with self._database.write() as connection:
            return connection.execute(statement.values(**values)).rowcount > 0


def _state(row: Any) -> FeedState:
    return FeedState(**{name: getattr(row, name) for name in _KNOWN})
