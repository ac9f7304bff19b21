"""Who is in a segment: operations.ports.SegmentReader on the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from regulars.adapters.database.customer_facts import facts_in
from regulars.adapters.database.cuts import frame_for
from regulars.adapters.database.engine import Database
from regulars.adapters.database.predicates import matching
from regulars.adapters.database.schema import customers
from regulars.adapters.database.sets import sets_for
from regulars.audience.frame import Frame
from regulars.audience.members import Member, Membership
from regulars.definition.quantities import Money
from regulars.definition.workspace import Segment, Workspace

KNUTH, WORD = 2_654_435_761, 2**32  # multiplicative hashing: neighbours in the table land far apart


class SegmentsInDatabase:
    """Each answer comes from one consistent view of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, workspace: Workspace, as_of: datetime) -> Mapping[str, int]:
        """The size of every segment."""
        with self._database.read() as connection:
            frame = frame_for(connection, workspace, as_of)
            return {name: _count(connection, segment, frame) for name, segment in workspace.segments.items()}

    def members(
        self, segment: Segment, workspace: Workspace, as_of: datetime, sample: int, *, recomputed: bool = False
    ) -> Membership:
        with self._database.read() as connection:
            frame = frame_for(connection, workspace, as_of, segment.where, recomputed=recomputed)
            count = _count(connection, segment, frame)
            rows = connection.execute(_sample(connection, segment, frame, sample)).all() if sample else []
        return Membership(segment.name, as_of, count, tuple(_member(row, frame) for row in rows), recomputed)


def _count(connection: Connection, segment: Segment, frame: Frame) -> int:
    return connection.scalar(select(func.count()).select_from(matching(connection, segment.where, frame).subquery())) or 0


def _sample(connection: Connection, segment: Segment, frame: Frame, most: int) -> Select[Any]:
    """Spread over old and new customers, and the same ones each time."""
    chosen = matching(connection, segment.where, frame).order_by(customers.c.id * KNUTH % WORD, customers.c.id).limit(most).subquery()
    sets = sets_for(connection)
    facts = facts_in(frame, sets)
    columns = (
        customers.c.email, customers.c.country, facts.orders_count.label("count"), facts.orders_spent.label("spent"),
        facts.last_at.label("last_at"), facts.engagement.label("engagement"),
    )
    source = sets.onto_customers().join(chosen, chosen.c.id == customers.c.id)
    return select(*columns).select_from(source).order_by(customers.c.email)


def _member(row: Any, frame: Frame) -> Member:
    spent = Money(int(row.spent), frame.shop.compare_in)
    engagement = frame.decay.value(float(row.engagement), frame.as_of)
    return Member(row.email, row.country, int(row.count), spent, row.last_at, engagement)
