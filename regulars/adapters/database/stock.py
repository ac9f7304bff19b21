"""Products and their stock as the shop tells them while it sells; what may concern many customers is noted, to be spread out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from regulars.adapters.database.products import product_row
from regulars.adapters.database.schema import product_changes, products
from regulars.adapters.database.upsert import upsert
from regulars.loyalty.calls import ProductGone, ProductTold, StockTold
from regulars.loyalty.stock import changes

Row = dict[str, Any]


def record_products(connection: Connection, told: Sequence[ProductTold], now: datetime) -> int:
    """How many are new or different; of two tellings the later one counts."""
    latest = {each.row.sku: each for each in sorted(told, key=lambda each: each.told_at)}
    before = _locked(connection, products.c.sku.in_(sorted(latest)))
    by_sku = {row["sku"]: row for row in before}
    rows = []
    for sku, each in sorted(latest.items()):
        known = by_sku.get(sku)
        if known is not None and known["told_at"] is not None and each.told_at < known["told_at"]:
            continue
        rows.append(_told(each, known or {}, now))
    return _write(connection, rows, by_sku)


def forget_products(connection: Connection, gone: Sequence[ProductGone], now: datetime) -> int:
    """Bought ones are still shown as what they were; there is none of them left."""
    count = 0
    for each in sorted(gone, key=lambda each: each.product_id):
        here = products.c.product_id == each.product_id
        older = products.c.told_at.is_(None) | (products.c.told_at <= each.told_at)
        statement = update(products).where(here, older).values(stock=0, told_at=each.told_at, updated_at=now)
        count += connection.execute(statement).rowcount
    return count


def record_stock(connection: Connection, told: Sequence[StockTold], now: datetime) -> int:
    """A product's stock is what all places have that told of it."""
    by_id: dict[str, list[StockTold]] = {}
    for each in told:
        by_id.setdefault(each.stock_id, []).append(each)
    before = _locked(connection, products.c.stock_id.in_(sorted(by_id)))
    rows = []
    for known in before:
        places = dict(known["stock_in"] or {})
        for each in sorted(by_id[known["stock_id"]], key=lambda each: each.told_at):
            if each.place not in places or places[each.place][0] <= each.told_at.isoformat():
                places[each.place] = [each.told_at.isoformat(), each.available]
        if places != (known["stock_in"] or {}):
            rows.append({**known, "stock_in": places, "stock": sum(number for _, number in places.values()), "updated_at": now})
    return _write(connection, rows, {row["sku"]: row for row in before})


def _locked(connection: Connection, which: Any) -> list[Row]:
    query = select(products).where(which).order_by(products.c.sku).with_for_update()
    return [dict(row) for row in connection.execute(query).mappings()]


def _told(each: ProductTold, known: Mapping[str, Any], now: datetime) -> Row:
    """What the shop does not tell (a usual gap that a file told) stays. Places that told of their stock told it in more detail."""
    row = product_row(each.row)
    kept = {name: known.get(name) for name in ("usual_gap_days", "category", "category_folded", "other") if row[name] is None}
    places = known.get("stock_in") or None
    stock = sum(number for _, number in places.values()) if places and row["stock"] else row["stock"]
    return {
        **row, **kept, "stock": stock, "stock_in": places, "told_at": each.told_at, "updated_at": now,
        "product_id": each.product_id, "stock_id": each.stock_id,
    }


def _write(connection: Connection, rows: Sequence[Row], before: Mapping[str, Row]) -> int:
    new = [row for row in rows if _without_times(row) != _without_times(before.get(row["sku"], {}))]
    if rows:
        insert = upsert(connection, products)
        told = {name: insert.excluded[name] for name in rows[0] if name != "sku"}
        connection.execute(insert.on_conflict_do_update(index_elements=[products.c.sku], set_=told), rows)
    noted = [
        {"sku": row["sku"], "kind": kind, "at": row["told_at"] or row["updated_at"], "data": data}
        for row in new for kind, data in changes(before.get(row["sku"]), row)
    ]
    if noted:
        connection.execute(product_changes.insert(), noted)
    return len(new)


def _without_times(row: Mapping[str, Any]) -> Row:
    return {name: value for name, value in row.items() if name not in {"updated_at", "told_at"}}
