"""Orders from a file of line items: read, gathered by order id, priced, and stored batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from regulars.audience.cells import BadCell
from regulars.loyalty.purchases import MOST_LINES, Order, Row, make_order, read_row
from regulars.loyalty.rates import Rates
from regulars.operations.importing import Imported, Source, batches, groups, read_rows
from regulars.operations.ports import Purchases

_TOO_MANY = f"order {{key}} has more than {MOST_LINES:,} lines; is order_id the right column?"


def import_orders(source: Source, purchases: Purchases, currency: str, rates: Rates, *, dry_run: bool = False) -> Imported:
    """`currency`: of rows that name none. A batch is one transaction; stopped in between, the import can be repeated."""
    now, currency = source.reading.now, source.currency or currency
    result = read_rows(source, lambda record: read_row(record, currency), key=lambda row: row.order_id, pack=Row.packed)
    for batch in batches(_orders(source, rates, result), size_of=lambda order: len(order.lines)):
        changed = purchases.changed(batch) if dry_run else purchases.record(batch, now)
        _count(result, batch, changed)
        source.progress(result.imported + result.unchanged + result.rejected_count, result.read)
    return result


def _orders(source: Source, rates: Rates, result: Imported) -> Iterator[Order]:
    def day_of(moment: datetime) -> date:
        return moment.astimezone(source.reading.zone).date()

    for group in groups(source, result, MOST_LINES, _TOO_MANY):
        rows = [Row.unpacked(packed) for _, packed in group]
        try:
            yield make_order(rows, rates, day_of)
        except BadCell as error:
            for line, _ in group:
                result.reject(line, str(error))


def _count(result: Imported, batch: list[Order], changed: set[str]) -> None:
    for order in batch:
        if order.order_id in changed:
            result.imported += len(order.lines)
        else:
            result.unchanged += len(order.lines)
