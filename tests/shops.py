"""A small shop in a database: rows of the factories go in by the real import, as they would from its files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from regulars.adapters.database.engine import Database
from regulars.adapters.database.orders import Orders
from regulars.adapters.database.people import PeopleInDatabase
from regulars.adapters.database.products import CatalogueInDatabase
from regulars.adapters.database.suppressions import SuppressionsInDatabase
from regulars.adapters.row_spool import DiskSpool
from regulars.audience import people
from regulars.audience.header import match_header
from regulars.audience.record import Reading
from regulars.definition.conditions import Kind
from regulars.definition.workspace import Attribute, Mailbox, Shop
from regulars.loyalty import products, purchases
from regulars.loyalty.rates import Rates
from regulars.operations.import_customers import import_customers
from regulars.operations.import_orders import import_orders
from regulars.operations.import_products import import_products
from regulars.operations.importing import Imported, Source

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
RATES = Rates("TRY", {"EUR": ((date(2026, 1, 1), date(2026, 6, 1)), (Decimal(50), Decimal(60)))})


def a_shop(**changes: Any) -> Shop:
    """Mahalle Kahve with two attributes; any field of Shop can be given otherwise."""
    return Shop(**{
        "name": "Mahalle Kahve", "url": "https://kahve.example", "address": "Üsküdar", "locale": "tr",
        "timezone": "Europe/Istanbul", "currency": "TRY", "sender": Mailbox("merhaba@kahve.example", "Mahalle Kahve"),
        "reply_to": None, "languages": ("tr", "en"), "compare_in": "TRY",
        "attributes": {
            "taste": Attribute("taste", Kind.TEXT, ("fruity", "dark"), default="dark"),
            "visits": Attribute("visits", Kind.WHOLE),
        },
        **changes,
    })


@dataclass(frozen=True)
class Rows:
    """A file in memory: dicts as rows; their keys, in order of appearance, are the header."""

    content: Sequence[Mapping[str, str]]

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(key for row in self.content for key in row))

    def rows(self) -> Iterator[tuple[int, list[str] | str]]:
        for line, row in enumerate(self.content, start=2):
            yield line, [row.get(column, "") for column in self.columns]


@dataclass(frozen=True)
class ShopInDatabase:
    database: Database
    now: datetime = NOW
    shop: Shop = field(default_factory=a_shop)
    rates: Rates = RATES

    def customers(self, *rows: Mapping[str, str], dry_run: bool = False) -> Imported:
        fields = (*people.FIELDS, *self.shop.attributes)
        return self._in(rows, fields, people.REQUIRED, lambda source: import_customers(
            source, PeopleInDatabase(self.database), SuppressionsInDatabase(self.database), self.shop.attributes, dry_run=dry_run))

    def orders(self, *rows: Mapping[str, str], dry_run: bool = False, store: Any = None) -> Imported:
        """`store`: another than the database."""
        return self._in(rows, purchases.FIELDS, purchases.REQUIRED, lambda source: import_orders(
            source, store or Orders(self.database, self.shop.scoring), self.shop.currency, self.rates, dry_run=dry_run))

    def products(self, *rows: Mapping[str, str], dry_run: bool = False) -> Imported:
        return self._in(rows, products.FIELDS, products.REQUIRED, lambda source: import_products(
            source, CatalogueInDatabase(self.database), self.shop.currency, dry_run=dry_run))

    def _in(self, rows: Sequence[Mapping[str, str]], fields: Sequence[str], required: Sequence[str],
            run: Callable[[Source], Imported]) -> Imported:
        table = Rows(rows)
        header = match_header(table.columns, fields, required, {})
        spool = DiskSpool()
        try:
            return run(Source(table, spool, Reading(header, ZoneInfo(self.shop.timezone), self.now), lambda done, total=None: None))
        finally:
            spool.close()


def as_csv(*rows: Mapping[str, str], separator: str = ",") -> str:
    """The rows as the text of a file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, Rows(rows).columns, delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
