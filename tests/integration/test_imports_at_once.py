"""Two writers of one customer at the same moment: nothing is lost, and nobody who just left is written to again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from regulars.adapters.database.engine import Database
from regulars.adapters.database.orders import record_orders
from regulars.adapters.database.schema import customers
from tests.factories import CustomerFactory, OrderLineFactory
from tests.shops import ShopInDatabase

pytestmark = pytest.mark.postgres  # SQLite has one writer anyway

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def until_somebody_waits(database: Database) -> None:
    for _ in range(20_000):
        with database.read() as connection:
            if connection.scalar(WAITING):
                return
    pytest.fail("the second writer never came to the lock")


def test_two_imports_of_one_customers_orders_sum_up_both(postgres_database):
    shop = ShopInDatabase(postgres_database)
    shop.orders(OrderLineFactory())
    tray = Tray()
    shop.orders(OrderLineFactory(), store=tray)

    with ThreadPoolExecutor() as threads:
        with postgres_database.write() as first:
            record_orders(first, tray.orders, shop.now)
            second = threads.submit(shop.orders, OrderLineFactory())
            until_somebody_waits(postgres_database)
        second.result()

    with postgres_database.read() as connection:
        assert connection.scalar(select(customers.c.orders_count)) == 3


def test_who_unsubscribes_while_an_old_yes_is_imported_stays_unsubscribed(postgres_database):
    shop = ShopInDatabase(postgres_database)
    shop.orders(OrderLineFactory())

    with ThreadPoolExecutor() as threads:
        with postgres_database.write() as leaving:
            leaving.execute(update(customers).values(marketing="withdrawn", marketing_at=shop.now - timedelta(minutes=1)))
            importing = threads.submit(shop.customers, CustomerFactory(email="ada@mail.example", consent="yes", consent_at="2026-05-01"))
            until_somebody_waits(postgres_database)
        importing.result()

    with postgres_database.read() as connection:
        assert connection.scalar(select(customers.c.marketing)) == "withdrawn"


class Tray:
    """Takes the orders of an import instead of a database."""

    def __init__(self) -> None:
        self.orders: list = []

    def record(self, batch, now) -> set[str]:
        self.orders += batch
        return {order.order_id for order in batch}
