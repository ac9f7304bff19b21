"""A shop of any size in a folder of its own: the sample workspace, and customers made by counting."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from regulars.adapters.database.schema import customers, order_lines, orders
from regulars.bootstrap import House
from regulars.settings import read_settings

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[1]
NAMES = ("Ayşe", "Rəşad", "Sophie", "Mehmet", "Günel", "Thomas", "İpek", "Nigar")
LOCALES = ("tr", "az", "en")
BATCH = 2_000
SEGMENT = 'segment: everybody\ndescription: "All who ever ordered"\nwhere: {orders.count: {at_least: 1}}\n'
CAMPAIGN = """\
campaign: to-everybody
topic: offers
to: [everybody]
template: win_back.mjml
with: {coupon: "OZLEDIK15", discount: 15, until: 2026-12-04}
subject: {en: "We kept your beans", tr: "Sana bir paket ayırdık", az: "Sizin üçün bir paket saxladıq"}
"""


def open_shop(folder: Path, people: int, **environment: str) -> House:
    """The house of a shop with so many customers, each with two orders of two lines; all may be written to. `environment`: more settings."""
    copy_workspace(folder, {"segments/everybody.yaml": SEGMENT, "campaigns/to_everybody.yaml": CAMPAIGN})
    house = House(read_settings(str(folder), {"REGULARS_NOW": NOW.isoformat(), **environment}))
    for start in range(1, people + 1, BATCH):
        numbers = range(start, min(start + BATCH, people + 1))
        with house.database.write() as connection:
            connection.execute(insert(customers), [_customer(number) for number in numbers])
            connection.execute(insert(orders), [row for number in numbers for row in _orders(number)])
            connection.execute(insert(order_lines), [row for number in numbers for row in _lines(number)])
    return house


def copy_workspace(folder: Path, more: Mapping[str, str]) -> None:
    """The sample shop's files, and `more` by their paths."""
    for part in ("regulars.yaml", "campaigns", "segments", "templates", "data"):
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, dirs_exist_ok=True)
        else:
            shutil.copy(source, folder / part)
    for path, content in more.items():
        (folder / path).write_text(content)


def _customer(number: int) -> dict[str, Any]:
    address = f"customer{number}@posta.example"
    return {
        "id": number, "email": address, "email_key": address, "email_domain": "posta.example", "address_hash": f"{number:064x}",
        "first_name": NAMES[number % len(NAMES)], "locale": LOCALES[number % 3], "marketing": "granted", "marketing_at": NOW,
        "created_at": NOW, "updated_at": NOW, "orders_count": 2, "orders_spent": 20_800_000,
        "orders_first_at": _ordered_at(number, 1), "orders_last_at": _ordered_at(number, 0), "attributes": {}, "attributes_folded": {},
    }


def _orders(number: int) -> Iterator[dict[str, Any]]:
    for nth in (0, 1):
        yield {
            "id": 2 * number + nth, "order_id": f"{number}-{nth}", "customer_id": number, "ordered_at": _ordered_at(number, nth),
            "counts_from": _ordered_at(number, nth), "currency": "TRY", "total": 10_400_000, "total_compared": 10_400_000,
            "origin": "imported", "content_hash": "", "recorded_at": NOW,
        }


def _lines(number: int) -> Iterator[dict[str, Any]]:
    for nth in (0, 1):
        for position, (sku, product) in enumerate((("ETH-GUJI-250", "Etiyopya Guji 250 g"), ("FILTRE-100", "Kâğıt Filtre 02")), 1):
            yield {
                "order_key": 2 * number + nth, "position": position, "customer_id": number, "ordered_at": _ordered_at(number, nth),
                "counts_from": _ordered_at(number, nth), "sku": sku, "sku_folded": sku.casefold(), "product": product,
                "product_folded": product.casefold(), "category": "beans", "category_folded": "beans", "currency": "TRY",
                "quantity": 1_000, "unit_price": 5_200_000, "amount": 5_200_000, "amount_compared": 5_200_000,
            }


def _ordered_at(number: int, nth: int) -> datetime:
    return NOW - timedelta(days=20 + number % 300 + 60 * nth)
