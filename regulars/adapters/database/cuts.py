"""Borders of fifths and top shares: one value each for all customers, so that both readings of a condition use the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite

from regulars.adapters.database.customer_facts import fact_column, facts_in
from regulars.adapters.database.engine import WRITES, Database
from regulars.adapters.database.schema import customers, rfm_cuts
from regulars.adapters.database.scores import landmark
from regulars.adapters.database.sets import sets_for
from regulars.adapters.database.types import UtcTime, micros
from regulars.audience.cuts import MEASURED_BY, border_ranks, cuts_needed, fifth, top_rank
from regulars.audience.frame import Cuts, Frame
from regulars.definition.conditions import All, Condition
from regulars.definition.mails import conditions_of
from regulars.definition.workspace import Shop, Workspace


def frame_for(
    connection: Connection, workspace: Workspace, as_of: datetime, condition: Condition | None = None, *, recomputed: bool = False
) -> Frame:
    """Everything that reading `condition` needs to know of the shop at `as_of`; without one, any of the workspace's.

    In a writing transaction the day's borders are stored, so that everybody who asks that day gets the same fifths.
    """
    frame = Frame(as_of, workspace.shop, workspace.segments, recomputed=recomputed, landmark=landmark(connection))
    rfm, top = cuts_needed(condition or _everything(workspace), frame)
    return replace(frame, cuts=Cuts(_borders(connection, rfm, frame), _tops(connection, top, frame)))


class FifthsInDatabase:
    """operations.ports.Fifths: by the day's stored borders."""

    def __init__(self, database: Database, shop: Shop) -> None:
        self._database = database
        self._shop = shop

    def of(self, customer_id: int, now: datetime) -> dict[str, int | None]:
        with self._database.write() as connection:
            frame = Frame(now, self._shop, {}, landmark=landmark(connection))
            borders = _borders(connection, MEASURED_BY, frame)
            return {measure: _fifth_of(connection, customer_id, measure, borders[measure], frame) for measure in MEASURED_BY}


def _fifth_of(connection: Connection, customer_id: int, measure: str, borders: tuple[int, ...], frame: Frame) -> int | None:
    value, ordered = _measured(connection, MEASURED_BY[measure], frame)
    row = connection.execute(ordered.add_columns(value.label("value")).where(customers.c.id == customer_id)).first()
    return fifth(int(row.value), borders) if row else None


def _everything(workspace: Workspace) -> Condition:
    asked = (condition for campaign in workspace.campaigns.values() for condition in conditions_of(campaign))
    return All((*(segment.where for segment in workspace.segments.values()), *asked))


def _borders(connection: Connection, measures: Iterable[str], frame: Frame) -> dict[str, tuple[int, ...]]:
    wanted = sorted(measures)
    if not wanted:
        return {}
    stored = _stored(connection, frame)
    missing = {measure: _computed(connection, measure, frame) for measure in wanted if measure not in stored}
    if missing and not frame.recomputed and _writes(connection):
        _store(connection, missing, frame)
        stored = _stored(connection, frame)
    return {measure: stored.get(measure, missing.get(measure, ())) for measure in wanted}


def _stored(connection: Connection, frame: Frame) -> dict[str, tuple[int, ...]]:
    query = select(rfm_cuts.c.measure, rfm_cuts.c.cuts).where(rfm_cuts.c.day == frame.today)
    return {measure: tuple(cuts) for measure, cuts in connection.execute(query)}


def _writes(connection: Connection) -> bool:
    return WRITES.items() <= connection.get_execution_options().items()


def _store(connection: Connection, borders: dict[str, tuple[int, ...]], frame: Frame) -> None:
    """Whoever was first that day decides."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [{"day": frame.today, "measure": measure, "cuts": list(cuts)} for measure, cuts in borders.items()]
    connection.execute(dialect.insert(rfm_cuts).on_conflict_do_nothing(), rows)


def _computed(connection: Connection, measure: str, frame: Frame) -> tuple[int, ...]:
    value, ordered = _measured(connection, MEASURED_BY[measure], frame)
    ranked = ordered.add_columns(value.label("value"), func.row_number().over(order_by=value).label("rank")).subquery()
    ranks = border_ranks(_people(connection, ordered))
    rows = connection.execute(select(ranked.c.rank, ranked.c.value).where(ranked.c.rank.in_(ranks)))
    by_rank = {row.rank: row.value for row in rows}
    return tuple(int(by_rank[rank]) for rank in ranks)


def _tops(connection: Connection, wanted: Iterable[tuple[str, Decimal]], frame: Frame) -> dict[tuple[str, Decimal], int]:
    tops: dict[tuple[str, Decimal], int] = {}
    for fact, percent in sorted(wanted):
        value, ordered = _measured(connection, fact, frame)
        if people := _people(connection, ordered):
            from_the_top = ordered.add_columns(value.label("value")).order_by(value.desc()).offset(top_rank(people, percent) - 1)
            tops[fact, percent] = int(connection.execute(from_the_top.limit(1)).one().value)
    return tops


def _people(connection: Connection, ordered: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(ordered.subquery())) or 0


def _measured(connection: Connection, fact: str, frame: Frame) -> tuple[ColumnElement[Any], Select[Any]]:
    """The whole number that ranks customers by a fact, and the SELECT of all customers who ordered."""
    sets = sets_for(connection)
    facts = facts_in(frame, sets)
    column, _ = fact_column(fact, facts, frame)
    ordered = facts.orders_count > 0
    value = micros(column) if isinstance(column.type, UtcTime) else column
    return value, select(customers.c.id).select_from(sets.onto_customers()).where(ordered)
