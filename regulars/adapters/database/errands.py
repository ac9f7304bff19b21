"""Errands, claimed with leases: operations.ports.Errands on the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from regulars.adapters.database.bulk import look_up
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import PENDING, errands, journeys
from regulars.adapters.database.types import database_in, database_now
from regulars.delivery.errands import ErrandDue, ErrandSettled, ErrandState, GivenUp


class ErrandsInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def is_due(self, now: datetime) -> bool:
        with self._database.read() as connection:
            return connection.scalar(select(errands.c.id).where(_due(now)).limit(1)) is not None

    def claim(self, seconds: int, now: datetime) -> ErrandDue | None:
        first = select(errands.c.id).where(_due(now)).order_by(errands.c.next_attempt_at, errands.c.id).limit(1)
        taken = (
            update(errands).where(errands.c.id == first.with_for_update(skip_locked=True).scalar_subquery(), PENDING)
            .values(fence=errands.c.fence + 1, lease_until=database_in(seconds)).returning(*errands.c)
        )
        with self._database.write() as connection:
            row = connection.execute(taken).first()
            if row is None:
                return None
            way = connection.execute(select(journeys.c.campaign, journeys.c.edition).where(journeys.c.id == row.journey_id)).one()
        return ErrandDue(
            row.id, row.fence, way.campaign, way.edition, row.step, row.kind, row.target, row.payload, row.attempts, row.created_at
        )

    def given_up(self, since: datetime) -> Sequence[GivenUp]:
        own = errands.c
        query = (
            select(journeys.c.campaign, own.step, own.kind, func.count().label("number"), func.max(own.id).label("last"))
            .join(journeys, journeys.c.id == own.journey_id)
            .where(own.state == ErrandState.FAILED.value, own.next_attempt_at >= since)
            .group_by(journeys.c.campaign, own.step, own.kind).order_by(journeys.c.campaign, own.step)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            answers = look_up(connection, own.id, own.answer, [row.last for row in rows])
        return [GivenUp(row.campaign, row.step, row.kind, row.number, answers[row.last] or "nothing") for row in rows]

    def settle(self, done: ErrandSettled) -> None:
        """Unless somebody else has claimed it since."""
        with self._database.write() as connection:
            connection.execute(
                update(errands).where(errands.c.id == done.id, errands.c.fence == done.fence, PENDING).values(
                    state=done.state.value, attempts=done.attempts, answer=done.answer, next_attempt_at=done.next_attempt_at, lease_until=None,
                )
            )


def _due(now: datetime) -> ColumnElement[bool]:
    is_free = or_(errands.c.lease_until.is_(None), errands.c.lease_until < database_now())
    return and_(PENDING, errands.c.next_attempt_at <= now, is_free)
