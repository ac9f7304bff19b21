"""The bundles of a launch, one after another: a message keeps the one that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, or_, select, update

from regulars.adapters.database.schema import editions, launches, messages
from regulars.delivery.life import LIVE

# Of a message that is joined with its launch, and by `edition_of_message` with the edition where there is a row.
BUNDLE = func.coalesce(editions.c.bundle, launches.c.bundle)


def edition_of_message() -> ColumnElement[bool]:
    """For an outer join: a launch that never changed its files has no rows here."""
    return and_(editions.c.launch_id == messages.c.launch_id, editions.c.edition == messages.c.edition)


def edition_when_claimed(launch_id: int) -> ColumnElement[Any]:
    """The launch's newest for a mail that is composed afresh; a copy that may exist keeps its own."""
    newest = select(launches.c.edition).where(launches.c.id == launch_id).scalar_subquery()
    return case((messages.c.composed_at.is_(None), newest), else_=messages.c.edition)


def is_made_of_what_counts(launch_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Composed from the launch's newest files, or the equal of a copy that may exist (its hash is kept)."""
    newest = select(launches.c.edition).where(launches.c.id == launch_id).scalar_subquery()
    return or_(messages.c.content_hash.is_not(None), messages.c.edition == newest)


def bundles_of(connection: Connection, launch_id: int) -> Mapping[int, str]:
    """Edition -> hash of its bundle."""
    launch = connection.execute(select(launches.c.edition, launches.c.bundle).where(launches.c.id == launch_id)).one()
    rows = connection.execute(select(editions.c.edition, editions.c.bundle).where(editions.c.launch_id == launch_id))
    return {launch.edition: launch.bundle} | {row.edition: row.bundle for row in rows}


def add_edition(connection: Connection, launch_id: int, before: str, bundle: str, by: str, now: datetime) -> int | None:
    """The number of the new edition; None when the launch has ended or has other files meanwhile. Its first one is written down too."""
    alive = launches.c.state.in_([state.value for state in LIVE])
    # The new number first: two operators at once wait for each other at this row.
    launch = connection.execute(
        update(launches).where(launches.c.id == launch_id, launches.c.bundle == before, alive).values(edition=launches.c.edition + 1)
        .returning(launches.c.edition, launches.c.bundle, launches.c.created_at, launches.c.created_by)
    ).first()
    if launch is None:
        return None
    if launch.edition == 2:
        _write(connection, launch_id, 1, launch.bundle, launch.created_by, launch.created_at)
    _write(connection, launch_id, launch.edition, bundle, by, now)
    connection.execute(update(launches).where(launches.c.id == launch_id).values(bundle=bundle))
    return int(launch.edition)


def _write(connection: Connection, launch_id: int, edition: int, bundle: str, by: str, since: datetime) -> None:
    connection.execute(insert(editions).values(launch_id=launch_id, edition=edition, bundle=bundle, by=by, since=since))
