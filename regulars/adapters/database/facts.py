"""What a customer's orders come to, on the customer's own row: summed anew from the orders, for all who were touched."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, update

from regulars.adapters.database.bulk import stage_ids, staged_ids
from regulars.adapters.database.schema import customers, orders

# An order whose end is known has ended: an import takes no times from the future.
COUNTS: ColumnElement[bool] = and_(
    orders.c.is_refund.is_(False), orders.c.counts_from.is_not(None), orders.c.counts_until.is_(None))


def refresh_facts(connection: Connection, customer_ids: Iterable[int]) -> None:
    """Leaves the ids in `staged_ids`. In the transaction that wrote the orders, with the customers' rows locked."""
    stage_ids(connection, customer_ids)
    totals = order_totals().subquery()
    touched = select(staged_ids.c.id)
    connection.execute(
        update(customers).where(customers.c.id == totals.c.customer_id).values(
            orders_count=totals.c.orders_count, orders_spent=totals.c.orders_spent,
            orders_first_at=totals.c.orders_first_at, orders_last_at=totals.c.orders_last_at,
            created_at=case(
                (totals.c.first_seen_at < customers.c.created_at, totals.c.first_seen_at), else_=customers.c.created_at),
        ))
    without = ~select(orders.c.id).where(orders.c.customer_id == customers.c.id).exists()
    connection.execute(
        update(customers).where(customers.c.id.in_(touched), customers.c.orders_last_at.is_not(None) | (customers.c.orders_spent != 0), without)
        .values(orders_count=0, orders_spent=0, orders_first_at=None, orders_last_at=None))


def order_totals() -> Select[tuple[int, int, int, object, object, object]]:
    """The four facts of each customer in `staged_ids` who has an order, and the time of the first one, whether it counts or not."""
    return select(
        orders.c.customer_id,
        func.coalesce(func.sum(case((COUNTS, 1), else_=0)), 0).label("orders_count"),
        func.coalesce(func.sum(case((or_(COUNTS, orders.c.is_refund), orders.c.total_compared), else_=0)), 0).label("orders_spent"),
        func.min(case((COUNTS, orders.c.ordered_at))).label("orders_first_at"),
        func.max(case((COUNTS, orders.c.ordered_at))).label("orders_last_at"),
        func.min(orders.c.ordered_at).label("first_seen_at"),
    ).where(orders.c.customer_id.in_(select(staged_ids.c.id))).group_by(orders.c.customer_id)


def lock_customers(connection: Connection, customer_ids: Iterable[int]) -> None:
    """So that two imports that touch one customer sum up one after the other. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        stage_ids(connection, customer_ids)
        connection.execute(
            select(customers.c.id).where(customers.c.id.in_(select(staged_ids.c.id))).order_by(customers.c.id).with_for_update())
