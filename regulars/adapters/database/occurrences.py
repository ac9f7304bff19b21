"""Events that shops tell of customers: once each, with the wishes that follow from some of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, delete, or_

from regulars.adapters.database.bulk import in_batches
from regulars.adapters.database.schema import events, wishes
from regulars.adapters.database.upsert import upsert
from regulars.loyalty.calls import EventTold
from regulars.loyalty.intake import Occurred

WISHED, UNWISHED = "wishlist.added", "wishlist.removed"


def new_events(connection: Connection, told: Sequence[tuple[EventTold, int]]) -> list[Occurred]:
    """Stores each with its customer; returns those that nobody had told yet."""
    rows = {
        (event.source, event.source_id): {
            "at": event.at, "customer_id": customer_id, "kind": event.kind, "source": event.source, "source_id": event.source_id,
            "origin": "live", "data": dict(event.data) or None,
        }
        for event, customer_id in told
    }
    if not rows:
        return []
    insert = upsert(connection, events).on_conflict_do_nothing().returning(events.c.source, events.c.source_id)
    new = {(row.source, row.source_id) for row in connection.execute(insert, [rows[name] for name in sorted(rows)])}
    fresh: dict[tuple[str, str], Occurred] = {}
    for event, customer_id in told:
        if (event.source, event.source_id) in new:
            fresh[event.source, event.source_id] = Occurred(
                event.kind, customer_id, event.at, event.source, event.source_id, event.subject, event.data)
    occurred = sorted(fresh.values(), key=lambda each: (each.at, each.source_id))
    _note_wishes(connection, occurred)
    return occurred


def _note_wishes(connection: Connection, occurred: Sequence[Occurred]) -> None:
    """The last word on each wish counts."""
    last: dict[tuple[int, str], Occurred] = {}
    for each in occurred:
        if each.kind in {WISHED, UNWISHED} and (sku := each.data.get("sku")):
            last[each.customer_id, str(sku)] = each
    added = [{"customer_id": id_, "sku": sku, "since": each.at} for (id_, sku), each in sorted(last.items()) if each.kind == WISHED]
    gone = [and_(wishes.c.customer_id == id_, wishes.c.sku == sku) for (id_, sku), each in sorted(last.items()) if each.kind == UNWISHED]
    if added:
        connection.execute(upsert(connection, wishes).on_conflict_do_nothing(), added)
    for some in in_batches(gone, 200):
        connection.execute(delete(wishes).where(or_(*some)))
