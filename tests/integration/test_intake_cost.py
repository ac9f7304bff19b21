"""What taking in costs: as many statements for many calls as for two, and none that goes through a whole table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text

from regulars.adapters.database.engine import Database
from regulars.adapters.database.intake import IntakeBookInDatabase
from regulars.adapters.database.schema import customers, orders
from regulars.definition.workspace import Scoring
from regulars.loyalty import shopify
from regulars.loyalty.calls import Call, Terms
from regulars.operations.take_in import take_in
from tests.shops import RATES, a_shop
from tests.telling import PLACED, at, shopify_checkout, shopify_customer, shopify_order, shopify_product

TERMS = Terms(a_shop(), RATES, PLACED + timedelta(hours=1))


def calls(first: int, count: int) -> list[Call]:
    """Orders, carts and products, of a customer each."""
    made = []
    for number in range(first, first + count):
        who = shopify_customer(id=number, email=f"ada{number}@mail.example")
        product = shopify_product(id=number)
        for place, variant in enumerate(product["variants"]):
            variant |= {"sku": f"SKU-{number}-{place}", "inventory_item_id": number * 10 + place}
        for topic, payload in (
            ("orders/create", shopify_order(id=number, customer=who, email=who["email"], financial_status="paid")),
            ("checkouts/update", shopify_checkout(token=f"t{number}", customer=who, email=who["email"])),
            ("products/update", product),
            ("inventory_levels/update", {"inventory_item_id": number * 10, "location_id": 1, "available": 3, "updated_at": at(1)}),
        ):
            made.append(Call("shopify", f"{topic} {number}", topic, "", shopify.heard(topic, payload, TERMS)))
    return made


def test_many_calls_take_no_more_statements_than_two(database: Database) -> None:
    book = IntakeBookInDatabase(database, Scoring)
    take_in(calls(1, 2), book, TERMS)
    counted: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: counted.append(call[2]))

    def statements(first: int, count: int) -> list[str]:
        counted.clear()
        taken = take_in(calls(first, count), book, TERMS)
        assert {answer.status for answer in taken.answers} == {200}
        return list(counted)

    few, many = statements(100, 2), statements(200, 40)
    assert len(many) <= len(few), sorted(set(many) - set(few))


@pytest.mark.postgres
def test_no_statement_goes_through_a_table_that_grows(postgres_database: Database) -> None:
    """Told to avoid it where an index would do, the planner finds one for each."""
    book = IntakeBookInDatabase(postgres_database, Scoring)
    take_in(calls(1, 2), book, TERMS)
    asked: list[tuple[str, object]] = []
    event.listen(postgres_database.engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])) if not call[5] else None)
    take_in(calls(10, 2), book, TERMS)
    reads = [(statement, values) for statement, values in asked if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE")) and "staged" not in statement]
    assert len(reads) > 20

    walked = []
    with postgres_database.engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        for statement, values in reads:
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
            if any(f"Seq Scan on {table}" in plan for table in ("orders", "order_lines", "events", "customers", "intakes", "products", "order_tellings", "identities")):
                walked.append(f"{statement}\n{plan}")
    assert walked == []


@pytest.mark.postgres
def test_several_doors_at_once_lose_nothing_of_the_same_customers(postgres_database: Database) -> None:
    """Orders, carts and changes of five customers, in another order at each door."""
    def tell(door: int) -> None:
        own = Database(postgres_database.url)
        book = IntakeBookInDatabase(own, Scoring)
        for turn in range(6):
            batch = []
            for number in range(5):
                customer = (number * (door + 1) + turn) % 5 + 1
                who = shopify_customer(id=customer, email=f"ada{customer}@mail.example", city=f"city {door}", updated_at=at(door))
                order = 1_000 * (door + 1) + 10 * turn + number
                told = shopify_order(id=order, customer=who, email=who["email"], financial_status="paid")
                batch += [
                    Call("shopify", f"{order}", "orders/create", "", shopify.heard("orders/create", told, TERMS)),
                    Call("shopify", f"customer {order}", "customers/update", "", shopify.heard("customers/update", who, TERMS)),
                ]
            take_in(batch, book, TERMS)
        own.close()

    with ThreadPoolExecutor(4) as doors:
        list(doors.map(tell, range(4)))

    with postgres_database.read() as connection:
        rows = connection.execute(select(customers.c.orders_count, customers.c.orders_spent)).all()
        assert sum(row.orders_count for row in rows) == 4 * 6 * 5
        assert sum(row.orders_spent for row in rows) == 4 * 6 * 5 * 450_0000
        assert connection.scalar(select(func.count()).select_from(orders)) == 4 * 6 * 5
