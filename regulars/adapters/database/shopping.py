"""What a batch of customers bought until a moment: totals, the newest lines, and what they buy most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from regulars.adapters.database.schema import order_lines, orders, products
from regulars.audience.cells import QUANTITY_SCALE
from regulars.content.recipient import OrderTotals, Product, Purchase
from regulars.definition.quantities import Money

MOST_PURCHASES = 50  # lines of one customer that a template can show

_SHOWN = (  # of a line and of its product in the catalogue
    order_lines.c.customer_id, order_lines.c.order_key, order_lines.c.ordered_at, order_lines.c.sku, order_lines.c.product,
    order_lines.c.category, order_lines.c.quantity, order_lines.c.unit_price, order_lines.c.amount, order_lines.c.currency,
)
_CATALOGUE = (
    products.c.name, products.c.url, products.c.image_url, products.c.price, products.c.compare_at,
    products.c.currency.label("price_currency"), products.c.category.label("catalogue_category"),
)


def counts_at(table: Any, as_of: datetime) -> ColumnElement[bool]:
    """Orders, or lines of orders, that count at the moment; refunds aside."""
    return and_(
        table.c.is_refund.is_(False), table.c.counts_from <= as_of, table.c.ordered_at <= as_of,
        or_(table.c.counts_until.is_(None), table.c.counts_until > as_of),
    )


def order_totals(connection: Connection, customer_ids: Sequence[int], as_of: datetime, compare_in: str) -> dict[int, OrderTotals]:
    counts = counts_at(orders, as_of)
    spent = or_(counts, and_(orders.c.is_refund, orders.c.ordered_at <= as_of))
    query = select(
        orders.c.customer_id,
        func.sum(case((counts, 1), else_=0)).label("count"),
        func.sum(case((spent, orders.c.total_compared), else_=0)).label("spent"),
        func.min(case((counts, orders.c.ordered_at))).label("first_at"),
        func.max(case((counts, orders.c.ordered_at))).label("last_at"),
    ).where(orders.c.customer_id.in_(customer_ids)).group_by(orders.c.customer_id)
    return {
        row.customer_id: OrderTotals(int(row._mapping["count"]), Money(int(row.spent), compare_in), row.first_at, row.last_at)  # noqa: SLF001  `row.count` is a tuple's method
        for row in connection.execute(query)
    }


def purchases(connection: Connection, customer_ids: Sequence[int], as_of: datetime) -> Mapping[int, tuple[Purchase, ...]]:
    """The newest lines of each customer, newest first; the lines of one order in its own order."""
    newest = (order_lines.c.ordered_at.desc(), order_lines.c.order_key.desc(), order_lines.c.position)
    ranked = select(
        *_SHOWN, func.row_number().over(partition_by=order_lines.c.customer_id, order_by=newest).label("rank"),
    ).where(
        order_lines.c.customer_id.in_(customer_ids), order_lines.c.quantity > 0, counts_at(order_lines, as_of),
    ).subquery()
    query = select(ranked, orders.c.order_id, *_CATALOGUE).join(orders, orders.c.id == ranked.c.order_key).outerjoin(
        products, products.c.sku == ranked.c.sku,
    ).where(ranked.c.rank <= MOST_PURCHASES).order_by(ranked.c.customer_id, ranked.c.rank)
    bought: dict[int, list[Purchase]] = {}
    for row in connection.execute(query):
        bought.setdefault(row.customer_id, []).append(_purchase(row))
    return {customer_id: tuple(lines) for customer_id, lines in bought.items()}


def usual_products(connection: Connection, customer_ids: Sequence[int], as_of: datetime) -> dict[int, Product]:
    """What stands in most of a customer's orders; of several, the one bought last."""
    key = func.coalesce(order_lines.c.sku, order_lines.c.product).label("key")
    times = func.count(order_lines.c.order_key.distinct())
    last = func.max(order_lines.c.ordered_at)
    ranked = select(
        order_lines.c.customer_id, key, last.label("last"),
        func.row_number().over(partition_by=order_lines.c.customer_id, order_by=(times.desc(), last.desc(), key)).label("rank"),
    ).where(
        order_lines.c.customer_id.in_(customer_ids), order_lines.c.quantity > 0, key.is_not(None), counts_at(order_lines, as_of),
    ).group_by(order_lines.c.customer_id, key).subquery()
    query = select(*_SHOWN, *_CATALOGUE).join(
        ranked,
        and_(ranked.c.customer_id == order_lines.c.customer_id, ranked.c.last == order_lines.c.ordered_at, ranked.c.key == key),
    ).outerjoin(products, products.c.sku == order_lines.c.sku).where(ranked.c.rank == 1).order_by(
        order_lines.c.customer_id, order_lines.c.order_key.desc(), order_lines.c.position)
    usual: dict[int, Product] = {}
    for row in connection.execute(query):
        usual.setdefault(row.customer_id, _product(row))
    return usual


def _purchase(row: Any) -> Purchase:
    return Purchase(
        row.order_id, row.ordered_at, _product(row), Decimal(row.quantity) / QUANTITY_SCALE,
        Money(row.unit_price, row.currency), Money(row.amount, row.currency),
    )


def _product(row: Any) -> Product:
    """As the catalogue knows it; what it does not know, as the order's line called it."""
    return Product(
        sku=row.sku or "", name=row.name or row.product or row.sku or "", url=row.url, image_url=row.image_url,
        price=_price(row.price, row.price_currency), compare_at=_price(row.compare_at, row.price_currency),
        category=row.catalogue_category or row.category,
    )


def _price(units: int | None, currency: str | None) -> Money | None:
    return None if units is None or currency is None else Money(units, currency)
