"""Comparisons as SQL that is never NULL, so that NOT is the exact complement and indexes still serve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, true

from regulars.adapters.database.functions import position_of
from regulars.audience.comparison import Comparisons
from regulars.definition.conditions import Op

Value = ColumnElement[Any]


def clause(value: Value, comparisons: Comparisons, *, nullable: bool = True) -> ColumnElement[bool]:
    """All hold. `x IS NOT NULL AND x >= 3` is false, never NULL, for an absent x: false AND NULL is false."""
    existence = [comparison.operand for comparison in comparisons if comparison.op is Op.EXISTS]
    compared = [_SQL[comparison.op](value, comparison.operand) for comparison in comparisons if comparison.op is not Op.EXISTS]
    parts = [_present(value, wanted, nullable) for wanted in existence]
    if compared and nullable:
        parts.append(value.is_not(None))
    return and_(true(), *parts, *compared)


def _present(value: Value, wanted: bool, nullable: bool) -> ColumnElement[bool]:
    if not nullable:
        return true() if wanted else false()
    return value.is_not(None) if wanted else value.is_(None)


_SQL: Mapping[Op, Callable[[Value, Any], ColumnElement[bool]]] = {
    Op.IS: lambda value, operand: value == operand,
    Op.IS_NOT: lambda value, operand: value != operand,
    Op.ONE_OF: lambda value, operand: value.in_(operand),
    Op.NONE_OF: lambda value, operand: value.not_in(operand),
    Op.AT_LEAST: lambda value, operand: value >= operand,
    Op.AT_MOST: lambda value, operand: value <= operand,
    Op.MORE_THAN: lambda value, operand: value > operand,
    Op.LESS_THAN: lambda value, operand: value < operand,
    # LIKE would need escapes, and on SQLite ignores case.
    Op.CONTAINS: lambda value, operand: position_of(value, operand) > 0,
    Op.STARTS_WITH: lambda value, operand: func.substr(value, 1, len(operand)) == operand,
}
