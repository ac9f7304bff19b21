"""Sets of customers that a condition needs: each grouped once and joined, never a subquery for each customer."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Subquery

from regulars.adapters.database.schema import customers


class Joins:
    """Collects grouped SELECTs (at most one row a `customer_id`) while a condition is compiled."""

    def __init__(self) -> None:
        self._sets: dict[Hashable, Subquery] = {}

    def __bool__(self) -> bool:
        return bool(self._sets)

    def joined(self, key: Hashable, rows: Select[Any]) -> Subquery:
        """The set under this key; the same question asked twice is joined once."""
        if key not in self._sets:
            self._sets[key] = rows.subquery()
        return self._sets[key]

    def has(self, key: Hashable, rows: Select[Any]) -> ColumnElement[bool]:
        """The customer is in the set."""
        member: ColumnElement[bool] = self.joined(key, rows).c.customer_id.is_not(None)
        return member

    def onto_customers(self) -> FromClause:
        source: FromClause = customers
        for each in self._sets.values():
            source = source.outerjoin(each, each.c.customer_id == customers.c.id)
        return source
