"""INSERT … ON CONFLICT, which both databases speak and SQLAlchemy keeps in two places."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    Insert = postgresql.Insert


def upsert(connection: Connection, table: Table) -> Insert:
    """An insert into `table` that can be told what to do on conflict. From a SELECT, SQLite wants a WHERE in it."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return cast("Insert", sqlite.insert(table))  # the two dialects' inserts have the same methods
