"""Rewards whose time has run out: found by an index and a mark of how far it was looked, written off once each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, exists, not_, select

from regulars.adapters.database.registry import write_fact
from regulars.adapters.database.rewards import read_entries, write_entries
from regulars.adapters.database.schema import customers, installation, rewards
from regulars.adapters.database.types import EPOCH, among
from regulars.loyalty.rewards import Entry, EntryKind, running_out

LOOKED = "rewards_looked_at"            # up to this moment everything that ran out was written off
OVERLAP = timedelta(minutes=5)          # far more than clocks and transactions that crossed differ by


def is_running_out(connection: Connection, now: datetime) -> bool:
    return connection.scalar(select(rewards.c.id).where(_over(connection, now)).limit(1)) is not None


def expire_lots(connection: Connection, of: Collection[int] | None, now: datetime, most: int = 1000) -> int:
    """Writes off what is left of rewards whose time is over; returns how many customers had any. `of`: these customers, whose rows
    are locked, whenever it ran out; None: `most` customers with what ran out since it was last looked."""
    if of is None:
        found = list(connection.scalars(select(rewards.c.customer_id).where(_over(connection, now)).distinct().limit(most)))
        free = select(customers.c.id).where(among(customers.c.id, found)).order_by(customers.c.id).with_for_update(skip_locked=True)
        over = list(connection.scalars(free)) if found else []
        if over and len(over) == len(found) < most:
            write_fact(connection, LOOKED, now.isoformat())
    else:
        over = list(connection.scalars(select(rewards.c.customer_id).where(among(rewards.c.customer_id, of), _expires(now)).distinct())) if of else []
    entries: dict[int, list[Entry]] = defaultdict(list)
    for entry in read_entries(connection, among(rewards.c.customer_id, over)) if over else ():
        entries[entry.customer_id].append(entry)
    write_entries(connection, list(chain.from_iterable(running_out(some, now) for some in entries.values())))
    return len(over)


def _over(connection: Connection, now: datetime) -> ColumnElement[bool]:
    looked = connection.scalar(select(installation.c.value).where(installation.c.name == LOOKED))
    since = datetime.fromisoformat(looked) - OVERLAP if looked else EPOCH
    return and_(rewards.c.expires_at > since, _expires(now))


def _expires(now: datetime) -> ColumnElement[bool]:
    """Earned, over, and neither written off nor taken back."""
    other = rewards.alias("other")
    written_off = exists().where(other.c.source == "expiry", other.c.source_id == cast(rewards.c.id, Text))
    return and_(rewards.c.expires_at <= now, rewards.c.entry == EntryKind.EARNED.value, not_(written_off))
