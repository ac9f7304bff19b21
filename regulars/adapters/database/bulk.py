"""Many rows at once: COPY on PostgreSQL, executemany on SQLite; and tables that live as long as a connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, MetaData, Table, func, select
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.schema import CreateTable

T = TypeVar("T")
Row = dict[str, Any]
IDS_AT_ONCE = 5_000  # of an IN (…): both databases take more, neither gets faster

_staging = MetaData()


def staging_table(name: str, *columns: Column[Any]) -> Table:
    """A temporary table, seen by its own connection alone; emptied whenever it is loaded."""
    return Table(name, _staging, *columns, prefixes=["TEMPORARY"])


staged_ids = staging_table("staged_ids", Column("id", BigInteger, primary_key=True))


def stage(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Makes `table` hold exactly `rows`; every row has a value for every column."""
    connection.execute(CreateTable(table, if_not_exists=True))
    connection.execute(table.delete())
    load(connection, table, rows)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {table.name}")  # nobody else does it for a temporary table


def stage_ids(connection: Connection, ids: Iterable[int]) -> None:
    stage(connection, staged_ids, [{"id": id_} for id_ in sorted(set(ids))])


def load(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Appends rows that all have the same keys, in the quickest way the database has."""
    if not rows:
        return
    names = list(rows[0])
    processors = [table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for name in names]
    values = (
        tuple(value if process is None else process(value) for value, process in zip(row.values(), processors, strict=True))
        for row in rows
    )
    columns = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({columns}) FROM STDIN", values)
    else:  # past SQLAlchemy, which spends three times as long on a row as SQLite does
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", list(values))  # noqa: S608  our own names


def next_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """So many unused ids of `table`, ascending, for rows that this transaction inserts."""
    if connection.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, "id")
        return sorted(connection.scalars(select(func.nextval(sequence.cast(REGCLASS))).select_from(func.generate_series(1, count))))
    last = connection.scalar(select(func.max(table.c.id))) or 0  # nobody else writes: the transaction has SQLite's only lock
    return list(range(last + 1, last + 1 + count))


def look_up(
    connection: Connection, key: Column[Any], value: Column[Any], wanted: Iterable[Any], *where: ColumnElement[bool]
) -> dict[Any, Any]:
    """key -> value of the rows whose key is wanted."""
    found: dict[Any, Any] = {}
    for some in in_batches(sorted(set(wanted))):
        found.update({row[0]: row[1] for row in connection.execute(select(key, value).where(key.in_(some), *where))})
    return found


def in_batches(values: Iterable[T], size: int = IDS_AT_ONCE) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    import psycopg

    driver = cast("Any", connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.OperationalError as error:  # SQLAlchemy does not see a COPY, so nobody else translates
        raise OperationalError(statement, None, error) from error
    except psycopg.Error as error:
        raise DBAPIError(statement, None, error) from error
