"""The catalogue from a file: the last row of a sku is the one that counts."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.loyalty.products import ProductRow, read_product
from regulars.operations.importing import Imported, Source, batches, groups, read_rows
from regulars.operations.ports import Catalogue

MOST_ROWS = 1_000
_TOO_MANY = f"sku {{key}} stands in more than {MOST_ROWS:,} rows; is sku the right column?"


def import_products(source: Source, catalogue: Catalogue, currency: str, *, dry_run: bool = False) -> Imported:
    """`currency`: of rows that name none."""
    now, currency = source.reading.now, source.currency or currency
    result = read_rows(source, lambda record: read_product(record, currency), key=lambda product: product.sku)
    for batch in batches(_products(source, result), size_of=lambda pair: pair[0]):
        products = [product for _, product in batch]
        changed = catalogue.changed(products) if dry_run else catalogue.record(products, now)
        for rows, product in batch:
            if product.sku in changed:
                result.imported += rows
            else:
                result.unchanged += rows
        source.progress(result.imported + result.unchanged + result.rejected_count, result.read)
    return result


def _products(source: Source, result: Imported) -> Iterator[tuple[int, ProductRow]]:
    for group in groups(source, result, MOST_ROWS, _TOO_MANY):
        yield len(group), group[-1][1]
