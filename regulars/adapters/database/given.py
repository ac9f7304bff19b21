"""A batch of rows as one parameter, so that a statement about sixty messages costs as much as one about one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    FromClause,
    Integer,
    SmallInteger,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

from regulars.adapters.database.types import EPOCH, MICROSECOND, UtcTime

ROWS = "given_rows"

INTEGER, SMALL, TEXT, FLAG, TIME = Integer(), SmallInteger(), Text(), Boolean(), UtcTime()


def given(columns: Mapping[str, TypeEngine[Any]], *, sqlite: bool) -> FromClause:
    """The rows that are passed as the parameter ROWS, as a table: `UPDATE … FROM given`, `INSERT … SELECT FROM given`."""
    rows = bindparam(ROWS, type_=Text())
    if not sqlite:
        parts = [column(name, type_) for name, type_ in columns.items()]
        return func.json_to_recordset(cast(rows, JSON)).table_valued(*parts, name="given").render_derived(with_types=True)
    each = func.json_each(rows).table_valued("value", name="each")
    picked = [func.json_extract(each.c.value, f"$.{name}", type_=type_).label(name) for name, type_ in columns.items()]
    return select(*picked).select_from(each).subquery("given")


def as_parameter(rows: Sequence[Mapping[str, Any]], *, sqlite: bool) -> str:
    """`rows` for ROWS; times as the database reads them."""
    return json.dumps(rows, default=_microseconds if sqlite else datetime.isoformat, ensure_ascii=False, separators=(",", ":"))


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
