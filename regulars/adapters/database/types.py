"""Column types that mean the same on both databases, and the databases' own clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Dialect,
    Float,
    Integer,
    Text,
    literal,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
BigKey = BigInteger().with_variant(Integer(), "sqlite")
Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz on PostgreSQL, integer microseconds since 1970 on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"a naive time reached the database: {value!r}"
            raise ValueError(msg)
        return (value - EPOCH) // MICROSECOND if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return EPOCH + timedelta(microseconds=int(value)) if dialect.name == "sqlite" else value.astimezone(UTC)


class database_now(FunctionElement[datetime]):  # noqa: N801  reads like an SQL function
    """The database's clock at this statement: leases of many machines are compared by it alone."""

    type = UtcTime()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _now_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    # unixepoch('subsec') would say it plainer, but came only with SQLite 3.42.
    return "(CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000)"


@compiles(database_now, "postgresql")
def _now_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return "clock_timestamp()"


class database_in(FunctionElement[datetime]):  # noqa: N801
    """The database's clock so many seconds from now: `database_in(600)`."""

    type = UtcTime()
    inherit_cache = True


@compiles(database_in, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({_now_sqlite(element, compiler, **kw)} + {compiler.process(element.clauses, **kw)} * 1000000)"


@compiles(database_in, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"(clock_timestamp() + {compiler.process(element.clauses, **kw)} * interval '1 second')"


class micros(FunctionElement[int]):  # noqa: N801
    """A UtcTime column as integer microseconds since 1970, for arithmetic."""

    type = BigInteger()
    inherit_cache = True


@compiles(micros, "sqlite")
def _micros_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)})"


@compiles(micros, "postgresql")
def _micros_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **kw)}) * 1000000 AS BIGINT)"


class exp2(FunctionElement[float]):  # noqa: N801
    """2 to a power, for decayed weights; powers below -1000 count as -1000, where PostgreSQL would raise an underflow."""

    type = Float()
    inherit_cache = True


@compiles(exp2, "sqlite")
def _exp2_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"exp2(max({compiler.process(element.clauses, **kw)}, -1000.0))"  # registered in engine.py


@compiles(exp2, "postgresql")
def _exp2_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"power(2.0::float8, greatest({compiler.process(element.clauses, **kw)}, -1000.0)::float8)"


class Listed(TypeDecorator[Sequence[Any]]):
    """Many numbers or texts as one parameter: a statement about two hundred is then no longer than one about one."""

    impl = Text
    cache_ok = True

    def __init__(self, *, texts: bool = False) -> None:
        super().__init__()
        self.texts = texts

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        item = Text() if self.texts else BigInteger()
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(item))

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        return json.dumps(list(value or ())) if dialect.name == "sqlite" else list(value or ())


def among(column: ColumnElement[Any], values: Iterable[Any], *, texts: bool = False) -> ColumnElement[bool]:
    """`column IN values`, in one parameter."""
    return _among(column, literal(list(values), Listed(texts=texts)))


class _among(FunctionElement[bool]):  # noqa: N801
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """As it is: beside other conditions SQLAlchemy would write `(… IN …) = 1` for SQLite, which then uses no index."""
        return self


@compiles(_among, "sqlite")
def _among_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, values = element.clauses
    return f"({compiler.process(column, **kw)} IN (SELECT value FROM json_each({compiler.process(values, **kw)})))"  # noqa: S608  both are SQLAlchemy's own words


@compiles(_among, "postgresql")
def _among_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column, values = element.clauses
    return f"({compiler.process(column, **kw)} = ANY ({compiler.process(values, **kw)}))"
