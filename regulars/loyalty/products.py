"""Rows of a products file: the shop's catalogue, for the cards in mails."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from regulars.audience import cells
from regulars.audience.cells import BadCell
from regulars.audience.record import Record

REQUIRED = ("sku", "name")
FIELDS = (*REQUIRED, "url", "image_url", "price", "compare_at", "currency", "stock", "category", "usual_gap_days")


@dataclass(frozen=True, slots=True)
class ProductRow:
    """Money in 1/10,000 of `currency`."""

    sku: str
    name: str
    url: str | None = None
    image_url: str | None = None
    price: int | None = None
    compare_at: int | None = None
    currency: str | None = None
    stock: int | None = None
    category: str | None = None
    usual_gap_days: int | None = None
    other: tuple[tuple[str, str], ...] = ()


def read_product(record: Record, default_currency: str) -> ProductRow:
    """Raises BadCell with the column and the reason."""
    return ProductRow(
        record.required("sku"), record.required("name"), record.read("url", _web_address), record.read("image_url", _web_address),
        record.read("price", cells.money), record.read("compare_at", cells.money),
        record.read("currency", cells.currency) or default_currency, record.read("stock", _count), record.text("category"),
        record.read("usual_gap_days", _count), record.others(),
    )


def _web_address(cell: str) -> str:
    written = cell.strip()
    try:
        parts = urlsplit(written)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(letter.isspace() for letter in written):
        raise BadCell(f'"{written[:60]}" is not a web address; write https://…')
    return written


def _count(cell: str) -> int:
    value = cells.whole(cell)
    if abs(value) > 2_000_000_000:
        raise BadCell(f"{value} is too large")
    return value
