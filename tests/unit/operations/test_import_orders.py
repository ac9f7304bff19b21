"""The import as a table of contents: batches, what a stop in between leaves, and orders without end."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from regulars.adapters.row_spool import DiskSpool
from regulars.audience.header import match_header
from regulars.audience.record import Reading
from regulars.loyalty import purchases
from regulars.loyalty.rates import Rates
from regulars.operations import import_orders as operation
from regulars.operations.importing import Imported, Source
from tests.factories import OrderLineFactory
from tests.shops import Rows


class Memory:
    """A store of orders that stops after some batches."""

    def __init__(self, stop_after: int = 1_000) -> None:
        self.stored: dict[str, str] = {}
        self.batches = 0
        self.stop_after = stop_after

    def changed(self, batch):
        return {order.order_id for order in batch if self.stored.get(order.order_id) != order.content_hash}

    def record(self, batch, now):
        if self.batches == self.stop_after:
            raise KeyboardInterrupt
        self.batches += 1
        changed = self.changed(batch)
        self.stored |= {order.order_id: order.content_hash for order in batch}
        return changed


def run(memory: Memory, rows: list[dict]) -> Imported:
    table = Rows(rows)
    header = match_header(table.columns, purchases.FIELDS, purchases.REQUIRED, {})
    reading = Reading(header, ZoneInfo("Europe/Istanbul"), datetime(2026, 11, 20, tzinfo=UTC))
    return operation.import_orders(Source(table, DiskSpool(), reading, lambda done, total=None: None), memory, "TRY", Rates("TRY"))


def test_an_import_that_was_stopped_has_stored_whole_batches_and_can_be_repeated(monkeypatch):
    monkeypatch.setattr("regulars.operations.importing.ROWS_AT_ONCE", 10)
    memory = Memory(stop_after=2)
    rows = [OrderLineFactory() for _ in range(25)]
    with pytest.raises(KeyboardInterrupt):
        run(memory, rows)
    assert len(memory.stored) == 20

    memory.stop_after = 1_000
    again = run(memory, rows)

    assert (again.imported, again.unchanged, len(memory.stored)) == (5, 20, 25)


def test_an_order_without_end_is_rejected_without_being_held(monkeypatch):
    monkeypatch.setattr(operation, "MOST_LINES", 3)
    memory = Memory()

    result = run(memory, [*(OrderLineFactory(order_id="same") for _ in range(5)), OrderLineFactory(order_id="other")])

    assert (result.imported, result.rejected_count, list(memory.stored)) == (1, 5, ["other"])
    assert "is order_id the right column?" in result.rejected[0][1]
    assert [line for line, _ in result.rejected] == [2, 3, 4, 5, 6]


def test_rows_read_are_rows_imported_unchanged_or_rejected():
    rows = [OrderLineFactory(order_id="A"), OrderLineFactory(order_id="A", quantity="x"), OrderLineFactory(currency="USD")]

    result = run(Memory(), rows)

    assert result.read == result.imported + result.unchanged + result.rejected_count == 3
