"""SQL functions that the two databases spell differently."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Float, Integer, Text, cast, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from regulars.definition.conditions import Kind


class position_of(FunctionElement[int]):  # noqa: N801  reads like an SQL function
    """Where a text (second) begins in another (first), from 1; 0 when it does not occur. Letters count as they are."""

    type = Integer()
    inherit_cache = True


@compiles(position_of, "sqlite")
def _position_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)})"


@compiles(position_of, "postgresql")
def _position_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)})"


class list_holds(FunctionElement[bool]):  # noqa: N801
    """A JSON list (first) of texts holds a text (second)."""

    type = Boolean()
    inherit_cache = True


@compiles(list_holds, "sqlite")
def _holds_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    document, text = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({document}) WHERE json_each.value = {text})"  # noqa: S608  compiled clauses


@compiles(list_holds, "postgresql")
def _holds_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    document, text = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({document} @> jsonb_build_array(CAST({text} AS TEXT)))"


def json_value(document: ColumnElement[Any], key: str, kind: Kind) -> ColumnElement[Any]:
    """A value of a JSON object, NULL when absent or of another kind than the declared one."""
    value: ColumnElement[Any] = _of_kind(document, literal(key, Text), literal(f'$."{key}"', Text), kind=kind)
    match kind:
        case Kind.NUMBER | Kind.WHOLE | Kind.MONEY:
            return cast(value, Float)
        case Kind.YES_NO:
            return cast(value, Boolean)
        case _:
            return value


class _of_kind(FunctionElement[Any]):  # noqa: N801
    """The document, the key (PostgreSQL) and the path (SQLite)."""

    type = Text()
    inherit_cache = False

    def __init__(self, *clauses: Any, kind: Kind) -> None:
        super().__init__(*clauses)
        self.kind = kind


_SQLITE_TYPES = {
    Kind.NUMBER: "'integer', 'real'", Kind.WHOLE: "'integer', 'real'", Kind.MONEY: "'integer', 'real'",
    Kind.YES_NO: "'true', 'false'",
}
_POSTGRESQL_TYPES = {Kind.NUMBER: "number", Kind.WHOLE: "number", Kind.MONEY: "number", Kind.YES_NO: "boolean"}


@compiles(_of_kind, "sqlite")
def _of_kind_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    document, _, path = element.clauses
    where = f"{compiler.process(document, **kw)}, {compiler.process(path, **kw)}"
    types = _SQLITE_TYPES.get(element.kind, "'text'")
    return f"CASE WHEN json_type({where}) IN ({types}) THEN json_extract({where}) END"


@compiles(_of_kind, "postgresql")
def _of_kind_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    document, key, _ = (compiler.process(clause, **kw) for clause in element.clauses)
    json_type = _POSTGRESQL_TYPES.get(element.kind, "string")
    return f"CASE WHEN jsonb_typeof({document} -> {key}) = '{json_type}' THEN {document} ->> {key} END"
