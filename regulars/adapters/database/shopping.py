"""What a batch of customers bought until a moment: totals, the newest lines, and what they buy most."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from regulars.adapters.database.schema import order_lines, orders, products, wishes
from regulars.adapters.database.types import among
from regulars.audience.cells import QUANTITY_SCALE
from regulars.content.recipient import OrderTotals, Product, Purchase
from regulars.definition.quantities import Money

MOST_PURCHASES = 50  # lines of one customer that a template can show

_LINE = (
    order_lines.c.customer_id, order_lines.c.ordered_at, order_lines.c.sku, order_lines.c.product, order_lines.c.category,
)
_PAID = (order_lines.c.quantity, order_lines.c.unit_price, order_lines.c.amount, order_lines.c.currency)
_CATALOGUE = (
    products.c.sku, products.c.name, products.c.url, products.c.image_url, products.c.price, products.c.compare_at,
    products.c.currency, products.c.category,
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
    ).where(among(orders.c.customer_id, customer_ids)).group_by(orders.c.customer_id)
    return {
        customer_id: OrderTotals(int(count), Money(int(spent), compare_in), first_at, last_at)
        for customer_id, count, spent, first_at, last_at in connection.execute(query).all()
    }


def purchases(connection: Connection, customer_ids: Sequence[int], as_of: datetime) -> Mapping[int, tuple[Purchase, ...]]:
    """The newest lines of each customer, newest first; the lines of one order in its own order."""
    newest = (order_lines.c.ordered_at.desc(), order_lines.c.order_key.desc(), order_lines.c.position)
    ranked = select(
        *_LINE, *_PAID, order_lines.c.order_key,
        func.row_number().over(partition_by=order_lines.c.customer_id, order_by=newest).label("rank"),
    ).where(
        among(order_lines.c.customer_id, customer_ids), order_lines.c.quantity > 0, counts_at(order_lines, as_of),
    ).subquery()
    shown = [ranked.c[column.name] for column in (*_LINE, *_PAID)]
    query = select(*shown, orders.c.order_id).join(orders, orders.c.id == ranked.c.order_key).where(
        ranked.c.rank <= MOST_PURCHASES).order_by(ranked.c.customer_id, ranked.c.rank)
    rows = connection.execute(query).all()
    shelf = Shelf(connection, {row.sku for row in rows if row.sku})
    bought: dict[int, list[Purchase]] = {}
    for customer_id, ordered_at, sku, product, category, quantity, unit_price, amount, currency, order_id in rows:
        bought.setdefault(customer_id, []).append(Purchase(
            order_id, ordered_at, shelf.product(sku, product, category), shelf.quantity(quantity), shelf.money(unit_price, currency),
            shelf.money(amount, currency),
        ))
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
        among(order_lines.c.customer_id, customer_ids), order_lines.c.quantity > 0, key.is_not(None), counts_at(order_lines, as_of),
    ).group_by(order_lines.c.customer_id, key).subquery()
    query = select(*_LINE).join(
        ranked,
        and_(ranked.c.customer_id == order_lines.c.customer_id, ranked.c.last == order_lines.c.ordered_at, ranked.c.key == key),
    ).where(ranked.c.rank == 1).order_by(order_lines.c.customer_id, order_lines.c.order_key.desc(), order_lines.c.position)
    rows = connection.execute(query).all()
    shelf = Shelf(connection, {row.sku for row in rows if row.sku})
    usual: dict[int, Product] = {}
    for customer_id, _, sku, product, category in rows:
        if customer_id not in usual:
            usual[customer_id] = shelf.product(sku, product, category)
    return usual


def wishes_of(connection: Connection, customer_ids: Sequence[int], as_of: datetime) -> Mapping[int, tuple[Product, ...]]:
    """What each customer wished by then, the newest wish first; what the catalogue does not know cannot be shown."""
    rows = connection.execute(
        select(wishes.c.customer_id, wishes.c.sku).join(products, products.c.sku == wishes.c.sku)
        .where(among(wishes.c.customer_id, customer_ids), wishes.c.since <= as_of)
        .order_by(wishes.c.customer_id, wishes.c.since.desc(), wishes.c.sku)
    ).all()
    shelf = Shelf(connection, {row.sku for row in rows})
    wished: dict[int, list[Product]] = {}
    for customer_id, sku in rows:
        wished.setdefault(customer_id, []).append(shelf.product(sku, None, None))
    return {customer_id: tuple(mine[:MOST_PURCHASES]) for customer_id, mine in wished.items()}


class Shelf:
    """The products and prices of one batch, each made once: what many bought is one value."""

    def __init__(self, connection: Connection, skus: Collection[str]) -> None:
        rows = connection.execute(select(*_CATALOGUE).where(among(products.c.sku, skus, texts=True))).all() if skus else ()
        self._known = {row.sku: row for row in rows}
        self.product = cache(self._product)
        self.money = cache(Money)
        self.quantity = cache(lambda thousandths: Decimal(thousandths) / QUANTITY_SCALE)

    def _product(self, sku: str | None, called: str | None, category: str | None) -> Product:
        """As the catalogue knows it; what it does not know, as the order's line called it."""
        row = self._known.get(sku) if sku else None
        if row is None:
            return Product(sku=sku or "", name=called or sku or "", category=category)
        return Product(
            sku=row.sku, name=row.name or called or row.sku, url=row.url, image_url=row.image_url,
            price=self._price(row.price, row.currency), compare_at=self._price(row.compare_at, row.currency),
            category=row.category or category,
        )

    def _price(self, units: int | None, currency: str | None) -> Money | None:
        return None if units is None or currency is None else self.money(units, currency)
