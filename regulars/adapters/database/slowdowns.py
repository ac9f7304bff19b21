"""Slow-downs, shared by all workers: which domain or lane of which relay is left alone until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import slowdowns
from regulars.adapters.database.upsert import upsert
from regulars.delivery.slowdowns import SlowDown, slower


class SlowDownsInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def slow_down(self, relay: str, domain: str, reason: str, now: datetime) -> SlowDown:
        """What holds from now on; while one lasts nothing changes."""
        mine = (slowdowns.c.relay == relay, slowdowns.c.domain == domain)
        with self._database.write() as connection:
            row = connection.execute(select(slowdowns).where(*mine).with_for_update()).first()
            before = SlowDown(**row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name for it
            made = slower(before, relay, domain, reason, now)
            if made is not before:
                fresh = asdict(made)
                stored = upsert(connection, slowdowns).values(fresh)
                connection.execute(stored.on_conflict_do_update(index_elements=["relay", "domain"], set_=fresh))
        return made

    def lasting(self, now: datetime) -> Sequence[SlowDown]:
        """Those that are not over."""
        query = select(slowdowns).where(slowdowns.c.until > now).order_by(slowdowns.c.relay, slowdowns.c.domain)
        with self._database.read() as connection:
            return [SlowDown(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001

    def held(self, relay: str, now: datetime) -> Mapping[str, datetime]:
        """Domain or lane to when it is over."""
        return {one.domain: one.until for one in self.lasting(now) if one.relay == relay}
