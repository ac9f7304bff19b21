"""Orders from files: grouped, counted, compared, replaced; and what they come to on the customer's row."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import customers, events, order_lines, orders
from tests.factories import CancelledLineFactory, ForeignLineFactory, OrderLineFactory, RefundLineFactory
from tests.shops import ShopInDatabase


@pytest.fixture
def shop(database: Database) -> ShopInDatabase:
    return ShopInDatabase(database)


def facts(shop: ShopInDatabase, email: str = "ada@mail.example") -> tuple:
    with shop.database.read() as connection:
        row = connection.execute(select(customers).where(customers.c.email_key == email)).one()
        return row.orders_count, row.orders_spent // 10_000, f"{row.orders_first_at or ''!s:.10}", f"{row.orders_last_at or ''!s:.10}"


def count(shop: ShopInDatabase, table) -> int:
    with shop.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_all_lines_of_an_order_id_are_that_order_wherever_they_stand(shop):
    result = shop.orders(
        OrderLineFactory(order_id="A", ordered_at="2026-05-02 10:00"), OrderLineFactory(order_id="B"),
        OrderLineFactory(order_id="A", ordered_at="2026-05-01 09:00"), OrderLineFactory(order_id="A"),
    )

    assert (result.read, result.imported, count(shop, orders), count(shop, order_lines)) == (4, 4, 2, 4)
    assert facts(shop) == (2, 400, "2026-05-01", "2026-05-01")


def test_the_same_file_twice_changes_nothing(shop):
    rows = [OrderLineFactory(), RefundLineFactory(), CancelledLineFactory(), ForeignLineFactory()]
    shop.orders(*rows)
    before = facts(shop), count(shop, orders), count(shop, order_lines), count(shop, events)

    again = shop.orders(*rows)

    assert (again.imported, again.unchanged) == (0, 4)
    assert (facts(shop), count(shop, orders), count(shop, order_lines), count(shop, events)) == before


def test_a_later_file_replaces_an_order_whole(shop):
    shop.orders(OrderLineFactory(order_id="A", sku="X"), OrderLineFactory(order_id="A", sku="Y"))
    shop.orders(OrderLineFactory(order_id="A", sku="Z", unit_price="7.50"))

    with shop.database.read() as connection:
        assert connection.scalars(select(order_lines.c.sku)).all() == ["Z"]
        assert connection.scalar(select(orders.c.total)) == 75_000


def test_a_replaced_order_may_move_to_another_customer(shop):
    shop.orders(OrderLineFactory(order_id="A"))
    shop.orders(OrderLineFactory(order_id="A", email="ben@mail.example"))

    assert facts(shop) == (0, 0, "", "")
    assert facts(shop, "ben@mail.example")[:2] == (1, 100)
    assert count(shop, events) == 1


def test_a_refund_lowers_totals_and_is_no_order(shop):
    shop.orders(OrderLineFactory(quantity="3"), RefundLineFactory(ordered_at="2026-06-01"))

    assert facts(shop) == (1, 200, "2026-05-01", "2026-05-01")
    assert count(shop, events) == 1


@pytest.mark.parametrize("told", [
    {"cancelled_at": "2026-05-03"}, {"status": "Cancelled"}, {"status": "pending"}, {"status": "refunded"}, {"refunded": "100.00"},
])
def test_cancelled_returned_and_unpaid_orders_do_not_count(shop, told):
    shop.orders(OrderLineFactory(**told))

    assert facts(shop)[0] == 0
    assert count(shop, events) == 0


def test_an_order_that_is_paid_at_last_counts(shop):
    shop.orders(OrderLineFactory(order_id="A", status="pending"))
    shop.orders(OrderLineFactory(order_id="A", status="pending", paid_at="2026-05-04"))

    assert facts(shop)[:2] == (1, 100)
    assert count(shop, events) == 1


def test_a_partial_refund_and_a_discount_lower_what_was_spent(shop):
    shop.orders(OrderLineFactory(quantity="2", refunded="50", discount="20", line_discount="5"))

    assert facts(shop)[:2] == (1, 125)


def test_other_currencies_are_compared_at_the_rate_of_the_orders_day(shop):
    shop.orders(ForeignLineFactory(ordered_at="2026-05-31 23:00"), ForeignLineFactory(ordered_at="2026-06-01 00:30"))

    assert facts(shop)[1] == 10 * 50 + 10 * 60


def test_a_currency_without_a_rate_is_rejected_with_the_way_out(shop):
    result = shop.orders(ForeignLineFactory(order_id="A", currency="GBP"), OrderLineFactory())

    assert result.imported == 1
    assert result.rejected[0][0] == 2
    assert "add a line 2026-05-01,GBP," in result.rejected[0][1]


def test_a_naive_time_is_the_shops_zone(shop):
    shop.orders(OrderLineFactory(order_id="A", ordered_at="2026-05-01 00:30"), OrderLineFactory(order_id="B", ordered_at="2026-05-01T00:30Z"))

    with shop.database.read() as connection:
        times = connection.scalars(select(orders.c.ordered_at).order_by(orders.c.order_id)).all()
    assert [f"{at:%d %H:%M}" for at in times] == ["30 21:30", "01 00:30"]


def test_an_order_of_two_customers_is_rejected_line_by_line(shop):
    result = shop.orders(OrderLineFactory(order_id="A"), OrderLineFactory(order_id="A", email="ben@mail.example"))

    assert [line for line, _ in result.rejected] == [2, 3]
    assert count(shop, orders) == 0


def test_a_dry_run_counts_and_changes_nothing(shop):
    result = shop.orders(OrderLineFactory(), OrderLineFactory(unit_price="1,5"), dry_run=True)

    assert (result.imported, len(result.rejected), count(shop, orders), count(shop, customers)) == (1, 1, 0, 0)


def test_columns_without_a_place_are_kept_with_the_order(shop):
    shop.orders(OrderLineFactory(gift_note="Happy birthday"))

    with shop.database.read() as connection:
        assert connection.scalar(select(orders.c.other)) == {"gift_note": "Happy birthday"}


def test_a_shops_customer_id_is_believed_before_the_address(shop):
    shop.orders(OrderLineFactory(customer_id="12923.0"))
    shop.orders(OrderLineFactory(customer_id="12923", email="new@mail.example"))
    shop.orders(OrderLineFactory(email="new@mail.example"))

    assert count(shop, customers) == 1
    assert facts(shop)[0] == 3


def test_corrected_rates_are_believed_at_the_next_import(shop, database):
    row = ForeignLineFactory()
    shop.orders(row)
    from datetime import date
    from decimal import Decimal

    from regulars.loyalty.rates import Rates

    corrected = ShopInDatabase(database, rates=Rates("TRY", {"EUR": ((date(2026, 1, 1),), (Decimal(55),))}))
    corrected.orders(row)

    assert facts(shop)[1] == 550
