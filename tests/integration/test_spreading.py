"""A hundred changed prices are one message for who wishes any of them, and none for who wishes others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from regulars.adapters.database.engine import Database
from regulars.adapters.database.gatherings import GatheringsInDatabase
from regulars.adapters.database.schema import events, journeys, product_changes, products, wishes
from regulars.definition.automation import Trigger
from regulars.operations.spread import spread
from tests.integration.launching import add_customers
from tests.integration.test_watching import NOW, put_live

PRICE, STOCK = "product.price_dropped", "product.back_in_stock"


def shelf(database: Database, **prices: int) -> None:
    with database.write() as connection:
        connection.execute(insert(products), [{"sku": sku, "name": sku, "price": price, "stock": 3, "updated_at": NOW} for sku, price in prices.items()])


def change(database: Database, sku: str, before: int, now: int, kind: str = PRICE, at=NOW) -> None:
    with database.write() as connection:
        connection.execute(insert(product_changes).values(sku=sku, kind=kind, at=at, data={"before": before, "now": now}))


def wish(database: Database, customer: int, *skus: str) -> None:
    with database.write() as connection:
        connection.execute(insert(wishes), [{"customer_id": customer, "sku": sku, "since": NOW} for sku in skus])


def told(database: Database) -> list[tuple[int, list[str]]]:
    with database.read() as connection:
        rows = connection.execute(select(journeys.c.customer_id, journeys.c.trigger).order_by(journeys.c.id))
        return [(row.customer_id, row.trigger["data"]["skus"]) for row in rows]


def test_changes_of_some_minutes_are_told_together(database: Database) -> None:
    many, one, other = add_customers(database, 3)
    shelf(database, guji=800, yirga=500, decaf=100)
    wish(database, many, "guji", "yirga")
    wish(database, one, "yirga")
    wish(database, other, "decaf")
    put_live(database, Trigger(PRICE))
    gatherings = GatheringsInDatabase(database)
    change(database, "guji", 1000, 800)
    assert spread(gatherings, NOW + timedelta(minutes=5)) == 0, "more may follow"
    change(database, "yirga", 1000, 500, at=NOW + timedelta(minutes=9))

    assert spread(gatherings, NOW + timedelta(minutes=10)) == 2
    assert spread(gatherings, NOW + timedelta(minutes=30)) == 0

    assert told(database) == [(many, ["yirga", "guji"]), (one, ["yirga"])], "what fell the most comes first"


def test_a_price_that_rose_again_is_not_told(database: Database) -> None:
    customer, = add_customers(database, 1)
    shelf(database, guji=1000)
    wish(database, customer, "guji")
    put_live(database, Trigger(PRICE))
    change(database, "guji", 1000, 800)

    assert spread(GatheringsInDatabase(database), NOW + timedelta(minutes=10)) == 0


def test_what_is_sold_out_again_is_not_told(database: Database) -> None:
    customer, = add_customers(database, 1)
    shelf(database, guji=1000, yirga=1000)
    wish(database, customer, "guji", "yirga")
    put_live(database, Trigger(STOCK))
    change(database, "guji", 0, 5, STOCK)
    change(database, "yirga", 0, 5, STOCK)
    with database.write() as connection:
        connection.execute(update(products).where(products.c.sku == "guji").values(stock=0))

    assert spread(GatheringsInDatabase(database), NOW + timedelta(minutes=10)) == 1
    assert told(database) == [(customer, ["yirga"])]


def test_who_was_told_before_the_machine_died_is_not_told_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    people = add_customers(database, 5)
    shelf(database, guji=800)
    for customer in people:
        wish(database, customer, "guji")
    put_live(database, Trigger(PRICE))
    change(database, "guji", 1000, 800)
    monkeypatch.setattr("regulars.operations.spread.BATCH", 2)
    gatherings = GatheringsInDatabase(database)

    assert spread(gatherings, NOW + timedelta(minutes=10), lambda: False) == 2
    change(database, "guji", 800, 700, at=NOW + timedelta(minutes=10))
    assert spread(gatherings, NOW + timedelta(minutes=11)) == 3

    assert [customer for customer, _ in told(database)] == people
    with database.read() as connection:
        assert len(connection.scalars(select(events.c.id).where(events.c.kind == PRICE)).all()) == len(people)
