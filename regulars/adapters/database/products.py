"""The shop's catalogue, by sku."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from regulars.adapters.database.bulk import in_batches
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import products
from regulars.adapters.database.upsert import upsert
from regulars.definition.text import fold
from regulars.loyalty.products import ProductRow


@dataclass(frozen=True, slots=True)
class CatalogueInDatabase:
    database: Database

    def changed(self, batch: Sequence[ProductRow]) -> set[str]:
        """Skus of those that are not stored exactly so."""
        with self.database.read() as connection:
            return {row["sku"] for row in _unlike_stored(connection, batch)}

    def record(self, batch: Sequence[ProductRow], now: datetime) -> set[str]:
        with self.database.write() as connection:
            rows = _unlike_stored(connection, batch)
            if rows:
                insert = upsert(connection, products)
                changes = {name: insert.excluded[name] for name in (*rows[0], "updated_at") if name != "sku"}
                statement = insert.on_conflict_do_update(index_elements=[products.c.sku], set_=changes)
                connection.execute(statement, [{**row, "updated_at": now} for row in rows])
            return {row["sku"] for row in rows}


def _unlike_stored(connection: Connection, batch: Sequence[ProductRow]) -> list[dict[str, Any]]:
    rows = [product_row(product) for product in batch]
    columns = [products.c[name] for name in rows[0]]
    stored: dict[str, dict[str, Any]] = {}
    for some in in_batches([row["sku"] for row in rows]):
        found = connection.execute(select(*columns).where(products.c.sku.in_(some))).mappings()
        stored.update({row["sku"]: dict(row) for row in found})
    return [row for row in rows if stored.get(row["sku"]) != row]


def product_row(product: ProductRow) -> dict[str, Any]:
    return asdict(product) | {
        "category_folded": fold(product.category) if product.category else None, "other": dict(product.other) or None,
    }
