"""How much of a day's limit is used, exact over all workers: a row that every claim takes from, made from the messages."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, and_, exists, func, or_, select, update

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import attempts, buckets, launches, messages
from regulars.adapters.database.upsert import upsert
from regulars.delivery.life import State


class QuotasInDatabase:
    """`since`: the midnight with which `day` begins in the shop's zone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, relay: str, day: date, since: datetime, cap: int, wanted: int) -> int:
        """As many of `wanted` as the day's `cap` leaves; they are used from now on, unless they are given back."""
        name = _name(relay, day)
        with self._database.write() as connection:
            used = _used(connection, name)
            if used is None:
                fresh = {"name": name, "tokens": float(_handed_over(connection, relay, since)), "at": since}
                connection.execute(upsert(connection, buckets).values(fresh).on_conflict_do_nothing())
                used = _used(connection, name)
                assert used is not None
            granted = max(0, min(wanted, cap - used))
            if granted:
                connection.execute(update(buckets).where(buckets.c.name == name).values(tokens=used + granted))
        return granted

    def used(self, relay: str, day: date) -> int:
        """How many of the day's limit are used up to now."""
        with self._database.read() as connection:
            return round(connection.scalar(select(buckets.c.tokens).where(buckets.c.name == _name(relay, day))) or 0)

    def give_back(self, relay: str, day: date, count: int) -> None:
        """What was taken and did not leave."""
        with self._database.write() as connection:
            connection.execute(
                update(buckets).where(buckets.c.name == _name(relay, day)).values(tokens=buckets.c.tokens - count)
            )


def _name(relay: str, day: date) -> str:
    return f"warm-up:{relay}:{day.isoformat()}"


def _used(connection: Connection, name: str) -> int | None:
    tokens = connection.scalar(select(buckets.c.tokens).where(buckets.c.name == name).with_for_update())
    return None if tokens is None else round(tokens)


def _handed_over(connection: Connection, relay: str, since: datetime) -> int:
    """Messages of today's launches that were handed over today, by no other relay, or are in a worker's hands now."""
    live = select(launches.c.id).where(or_(launches.c.finished_at.is_(None), launches.c.finished_at >= since))
    by_another = exists().where(
        attempts.c.launch_id == messages.c.launch_id, attempts.c.number == messages.c.number,
        attempts.c.relay != relay, attempts.c.phase != "operator",
    )
    handed = and_(messages.c.handoff_at >= since, ~by_another)
    query = select(func.count()).select_from(messages).where(
        messages.c.launch_id.in_(live), or_(handed, messages.c.state == State.CLAIMED.value)
    )
    return int(connection.scalar(query) or 0)
