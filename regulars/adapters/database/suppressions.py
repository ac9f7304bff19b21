"""Addresses never to write to, kept as keyed hashes: the list outlives customers and imports, and names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select
from sqlalchemy.sql.dml import Insert

from regulars.adapters.database.bulk import in_batches
from regulars.adapters.database.engine import Database
from regulars.adapters.database.installation import suppression_key
from regulars.adapters.database.schema import suppressions
from regulars.adapters.database.upsert import upsert
from regulars.audience.addresses import address_hash, masked
from regulars.audience.suppression import OF_MARKETING, Entry, Suppression

EMAIL = "email"


@dataclass(frozen=True, slots=True)
class SuppressionsInDatabase:
    database: Database

    def add(self, wanted: Sequence[Suppression], now: datetime, *, dry_run: bool = False) -> list[bool]:
        """Which of them were not on the list; what is on it stays as it is, but that a reason which ends marketing mail alone
        gives way to one which ends all. The same address twice: new once."""
        with self.database.write() as connection:
            return add_to(connection, wanted, now, dry_run=dry_run)

    def remove(self, address_key: str) -> bool:
        """False: it was not on the list."""
        with self.database.write() as connection:
            hash_ = address_hash(address_key, suppression_key(connection))
            gone = delete(suppressions).where(suppressions.c.channel == EMAIL, suppressions.c.address_hash == hash_)
            return connection.execute(gone).rowcount > 0

    def all(self) -> list[Entry]:
        """Newest first."""
        query = select(suppressions).where(suppressions.c.channel == EMAIL).order_by(
            suppressions.c.added_at.desc(), suppressions.c.masked)
        with self.database.read() as connection:
            return [Entry(row.masked, row.reason, row.source, row.note, row.added_at) for row in connection.execute(query)]


def add_to(connection: Connection, wanted: Sequence[Suppression], now: datetime, *, dry_run: bool = False) -> list[bool]:
    """Within a transaction of somebody else's."""
    if not wanted:
        return []
    key = suppression_key(connection)
    rows = {
        address_hash(one.address.key, key): {
            "channel": EMAIL, "address_hash": address_hash(one.address.key, key), "reason": one.reason,
            "masked": masked(one.address.key), "source": one.source, "note": one.note, "added_at": now,
        }
        for one in reversed(wanted)
    }
    reasons: dict[str, str] = {}
    for some in in_batches(rows):
        on_list = select(suppressions.c.address_hash, suppressions.c.reason).where(
            suppressions.c.channel == EMAIL, suppressions.c.address_hash.in_(some))
        reasons |= {row.address_hash: row.reason for row in connection.execute(on_list)}
    new = [row for hash_, row in rows.items() if reasons.get(hash_) in {None, *OF_MARKETING}]
    if new and not dry_run:
        connection.execute(_unless_harder(connection), new)
    known = set(reasons)
    outcome = []
    for one in wanted:
        hash_ = address_hash(one.address.key, key)
        outcome.append(hash_ not in known)
        known.add(hash_)
    return outcome


def _unless_harder(connection: Connection) -> Insert:
    put = upsert(connection, suppressions)
    new = put.excluded
    ends_marketing = [suppressions.c.reason == reason for reason in OF_MARKETING]  # no IN: it cannot stand in a statement of many rows
    harder = and_(or_(*ends_marketing), *(new.reason != reason for reason in OF_MARKETING))
    told = {"reason": new.reason, "source": new.source, "note": new.note}
    return put.on_conflict_do_update(index_elements=[suppressions.c.channel, suppressions.c.address_hash], set_=told, where=harder)
