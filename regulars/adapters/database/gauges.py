"""Counts for who watches: a handful of queries, each answered from a partial index of the few rows that it is about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import HELD, LEASED, PENDING, launches, messages
from regulars.adapters.database.types import database_now
from regulars.delivery.gauges import Gauges
from regulars.delivery.life import LIVE, LaunchState, State


def read_gauges(database: Database, now: datetime) -> Gauges:
    """`now` by the clock that mails are due by."""
    with database.read() as connection:
        live = {row.id: row.state for row in connection.execute(_LIVE)}
        waiting = connection.execute(_WAITING.where(messages.c.launch_id.in_(live))).all()
        in_work = connection.execute(_IN_WORK).all()
        held = connection.scalar(select(func.count()).select_from(messages).where(HELD)) or 0
    sending = [row.due for row in waiting if live[row.launch_id] == LaunchState.SENDING]
    oldest = min(sending, default=None)
    counts = {State.PENDING: sum(row.mails for row in waiting), **{State(row.state): row.mails for row in in_work}}
    return Gauges(
        overdue=now - oldest if oldest is not None and oldest <= now else None,
        open={state: count for state, count in counts.items() if count},
        in_hand=sum(row.leased for row in in_work if row.state != State.UNCERTAIN),
        held=held,
        launches={state: list(live.values()).count(state) for state in sorted(set(live.values()))},
    )


def database_size(connection: Connection) -> int | None:
    """Bytes; None where it may not be asked."""
    if connection.dialect.name == "postgresql":
        return connection.scalar(select(func.pg_database_size(func.current_database())))
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


_LIVE = select(launches.c.id, launches.c.state).where(launches.c.state.in_([state.value for state in LIVE]))
_WAITING = (
    select(messages.c.launch_id, func.count().label("mails"), func.min(messages.c.next_attempt_at).label("due"))
    .where(PENDING).group_by(messages.c.launch_id)
)
_IN_WORK = (
    select(
        messages.c.state, func.count().label("mails"),
        func.count().filter(messages.c.lease_until > database_now()).label("leased"),
    )
    .where(LEASED).group_by(messages.c.state)
)
