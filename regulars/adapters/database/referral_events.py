"""What advocates may be told about their friends: lines of their timeline, each written once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from regulars.adapters.database.bulk import in_batches
from regulars.adapters.database.schema import events
from regulars.adapters.database.upsert import upsert
from regulars.journeys.happenings import Happening

AT_ONCE = 500  # rows of a statement whose answer is read


def new_events(connection: Connection, happenings: Sequence[Happening]) -> Sequence[Happening]:
    """Stores them; returns those that were not stored yet."""
    if not happenings:
        return ()
    rows = [
        {
            "at": one.at, "customer_id": one.customer_id, "kind": one.kind, "source": one.source, "source_id": one.source_id,
            "origin": "live" if one.live else "imported",
            # somebody else's name is not kept with a customer: who is forgotten must not live on in a friend's timeline
            "data": {"subject": one.subject, **{name: value for name, value in one.data.items() if name != "friend"}},
        }
        for one in happenings
    ]
    new: set[str | None] = set()
    for some in in_batches(rows, AT_ONCE):
        insert = upsert(connection, events).values(some).on_conflict_do_nothing(index_elements=[events.c.source, events.c.source_id])
        new |= set(connection.execute(insert.returning(events.c.source_id)).scalars())
    return [one for one in happenings if one.source_id in new]
