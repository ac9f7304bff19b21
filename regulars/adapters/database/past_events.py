"""Another system's sends, opens, clicks and unsubscribes on the timelines of customers: operations.ports.PastEvents."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Table, select, text

from regulars.adapters.database import identities
from regulars.adapters.database.bulk import in_batches, stage, staging_table
from regulars.adapters.database.buyers import make_customers
from regulars.adapters.database.engine import Database
from regulars.adapters.database.facts import lock_customers
from regulars.adapters.database.known_members import take_for_known
from regulars.adapters.database.orders import IMPORTED
from regulars.adapters.database.people import record_people
from regulars.adapters.database.schema import events
from regulars.adapters.database.scores import replay_engagement
from regulars.adapters.database.upsert import upsert
from regulars.audience.consent import Consent
from regulars.audience.people import PersonRow
from regulars.definition.workspace import Scoring
from regulars.tracking.past import SOURCE, PastEvent
from regulars.tracking.reactions import UNSUBSCRIBED

_COLUMNS = ("at", "customer_id", "kind", "launch_id", "number", "campaign", "link", "verdict", "source", "source_id", "origin")
staged_past: Table = staging_table("staged_past", *(Column(name, events.c[name].type) for name in _COLUMNS))


@dataclass(frozen=True, slots=True)
class PastEventsInDatabase:
    """`scoring`: what reactions weigh."""

    database: Database
    scoring: Scoring

    def unknown(self, batch: Sequence[PastEvent]) -> set[str]:
        with self.database.read() as connection:
            return _unknown(connection, {event.once for event in batch})

    def record(self, batch: Sequence[PastEvent], now: datetime) -> set[str]:
        with self.database.write() as connection:
            named = {event.once: event for event in batch}
            fresh = {once: named[once] for once in _unknown(connection, named.keys())}
            if not fresh:
                return set()
            owners = _owners(connection, list(fresh.values()), now)
            lock_customers(connection, owners.values())
            new = _put(connection, fresh, owners)
            _leave(connection, [event for once, event in fresh.items() if once in new], now)
            touched = {owners[fresh[once].address.key] for once in new}
            replay_engagement(connection, self.scoring, sorted(touched))
            take_for_known(connection, touched, now)
            return new


def _unknown(connection: Connection, names: Collection[str]) -> set[str]:
    known: set[str] = set()
    for some in in_batches(sorted(names)):
        known.update(connection.scalars(select(events.c.source_id).where(events.c.source == SOURCE, events.c.source_id.in_(some))))
    return set(names) - known


def _owners(connection: Connection, batch: Sequence[PastEvent], now: datetime) -> Mapping[str, int]:
    """Customer ids by address; who was only ever written to becomes a customer of whom nothing else is known."""
    addresses = {event.address.key: event.address for event in batch}
    owners = identities.by_email_key(connection, addresses.keys())
    unknown = [address for key, address in addresses.items() if key not in owners]
    return {**owners, **(make_customers(connection, unknown, now) if unknown else {})}


def _put(connection: Connection, fresh: Mapping[str, PastEvent], owners: Mapping[str, int]) -> set[str]:
    """Another import may have put one there since; the database decides who was first."""
    stage(connection, staged_past, [
        {
            "at": event.at, "customer_id": owners[event.address.key], "kind": event.kind, "launch_id": event.launch, "number": 0,
            "campaign": event.campaign, "link": event.link, "verdict": event.verdict, "source": SOURCE, "source_id": once, "origin": IMPORTED,
        }
        for once, event in sorted(fresh.items())
    ])
    insert = upsert(connection, events).from_select(list(_COLUMNS), select(staged_past).where(text("true")))
    return set(connection.scalars(insert.on_conflict_do_nothing().returning(events.c.source_id)))


def _leave(connection: Connection, new: Sequence[PastEvent], now: datetime) -> None:
    """Who unsubscribed there has left here, unless they provably came back later."""
    last: dict[str, PastEvent] = {}
    for event in sorted(new, key=lambda event: event.at):
        if event.kind == UNSUBSCRIBED:
            last[event.address.key] = event
    rows = [PersonRow(event.address, consent=Consent("withdrawn", event.at, SOURCE)) for event in last.values()]
    if rows:
        record_people(connection, rows, now)
