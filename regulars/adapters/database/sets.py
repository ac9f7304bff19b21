"""Sets of customers that a condition needs: each grouped once, never anew for each customer.

PostgreSQL joins them: in an OR or under NOT it would look an IN up in a hash only while that fits in memory.
SQLite looks them up: it has nothing but nested loops, and may walk a joined set from end to end for every customer.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Subquery

from regulars.adapters.database.schema import customers


class Sets(Protocol):
    """`rows`: at most one a customer, the first column being `customer_id`. The same key is the same set."""

    def has(self, key: Hashable, rows: Select[Any]) -> ColumnElement[bool]:
        """The customer is in the set; never NULL."""
        ...

    def value(self, key: Hashable, rows: Select[Any], name: str) -> ColumnElement[Any]:
        """A column of the customer's row in the set, NULL without one."""
        ...

    def onto_customers(self) -> FromClause:
        """`customers` with everything that was asked for so far."""
        ...

    def are_joined(self) -> bool: ...


def sets_for(connection: Connection) -> Sets:
    return LookedUp() if connection.dialect.name == "sqlite" else Joined()


class Joined:
    """Left joins, hashed or merged as PostgreSQL sees fit."""

    def __init__(self) -> None:
        self._sets: dict[Hashable, Subquery] = {}

    def has(self, key: Hashable, rows: Select[Any]) -> ColumnElement[bool]:
        member: ColumnElement[bool] = self._joined(key, rows).c.customer_id.is_not(None)
        return member

    def value(self, key: Hashable, rows: Select[Any], name: str) -> ColumnElement[Any]:
        return self._joined(key, rows).c[name]

    def onto_customers(self) -> FromClause:
        source: FromClause = customers
        for each in self._sets.values():
            source = source.outerjoin(each, each.c.customer_id == customers.c.id)
        return source

    def are_joined(self) -> bool:
        return bool(self._sets)

    def _joined(self, key: Hashable, rows: Select[Any]) -> Subquery:
        return self._sets.setdefault(key, rows.subquery())


class LookedUp:
    """IN, which SQLite answers from a tree it builds once; values by the index that each grouped table has on customers."""

    def has(self, key: Hashable, rows: Select[Any]) -> ColumnElement[bool]:
        return customers.c.id.in_(rows.correlate(None))

    def value(self, key: Hashable, rows: Select[Any], name: str) -> ColumnElement[Any]:
        whose = rows.selected_columns[0]
        mine = rows.where(getattr(whose, "element", whose) == customers.c.id)
        return mine.with_only_columns(rows.selected_columns[name], maintain_column_froms=True).correlate(customers).scalar_subquery()

    def onto_customers(self) -> FromClause:
        return customers

    def are_joined(self) -> bool:
        return False
