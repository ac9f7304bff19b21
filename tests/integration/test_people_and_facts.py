"""The law of facts, referrals, recipients and the suppression list, on both databases."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from regulars.adapters.database.engine import Database
from regulars.adapters.database.referral_codes import codes_to_be, ensure_codes
from regulars.adapters.database.schema import (
    customers,
    events,
    identities,
    metadata,
    orders,
    referral_codes,
    referrals,
)
from regulars.loyalty.referrals import BROUGHT
from tests.factories import CustomerFactory, OrderLineFactory
from tests.shops import ShopInDatabase

SECRET = b"a secret of some length"


@pytest.fixture
def shop(database: Database) -> ShopInDatabase:
    return ShopInDatabase(database)


def customer_id(shop: ShopInDatabase, email: str) -> int:
    with shop.database.read() as connection:
        return connection.scalar(select(customers.c.id).where(customers.c.email_key == email))


def code_of(shop: ShopInDatabase, email: str, secret: bytes = SECRET) -> str:
    id_ = customer_id(shop, email)
    with shop.database.write() as connection:
        return ensure_codes(connection, [id_], secret, shop.now)[id_]


LINES = st.builds(
    dict,
    order_id=st.sampled_from(["A", "B", "C", "D"]),
    email=st.sampled_from(["ada@mail.example", "ben@mail.example"]),
    ordered_at=st.sampled_from(["2026-05-01", "2026-05-01 10:00", "2026-06-02 23:30"]),
    quantity=st.sampled_from(["1", "-2", "0", "0.333"]),
    unit_price=st.sampled_from(["10.00", "0.05", "0"]),
    currency=st.sampled_from(["TRY", "EUR"]),
    status=st.sampled_from(["", "paid", "cancelled", "pending"]),
    paid_at=st.sampled_from(["", "2026-06-03"]),
    cancelled_at=st.sampled_from(["", "2026-06-04"]),
    refunded=st.sampled_from(["", "5", "1000"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(LINES, max_size=6), max_size=4))
def test_facts_equal_a_recomputation_from_the_rows_after_any_sequence_of_imports(database, files):
    _empty(database)
    shop = ShopInDatabase(database)
    for file in files:
        if file:
            shop.orders(*file)

    with database.read() as connection:
        stored = {
            row.id: (row.orders_count, row.orders_spent, row.orders_first_at, row.orders_last_at)
            for row in connection.execute(select(customers))
        }
        rows = connection.execute(select(orders)).all()
        placed = set(connection.scalars(select(events.c.source_id)))
    assert stored == {id_: _facts([row for row in rows if row.customer_id == id_], shop.now) for id_ in stored}
    assert placed == {row.order_id for row in rows if _counts(row, shop.now)}


def _counts(order, now) -> bool:
    started = order.counts_from is not None and order.counts_from <= now
    return not order.is_refund and started and (order.counts_until is None or order.counts_until > now)


def _facts(rows, now) -> tuple:
    counting = [row for row in rows if _counts(row, now)]
    spent = sum(row.total_compared for row in rows if row in counting or (row.is_refund and row.ordered_at <= now))
    times = [row.ordered_at for row in counting]
    return len(counting), spent, min(times, default=None), max(times, default=None)


def _empty(database: Database) -> None:
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name != "installation":
                connection.execute(delete(table))


def test_a_code_is_made_once_and_outlives_its_secret(shop):
    shop.customers(CustomerFactory(email="ada@mail.example"))
    id_ = customer_id(shop, "ada@mail.example")
    with shop.database.read() as connection:
        shown_before = codes_to_be(connection, [id_], SECRET)[id_]

    assert code_of(shop, "ada@mail.example") == shown_before
    assert code_of(shop, "ada@mail.example", b"another secret, after rotation") == shown_before


def test_a_code_that_is_taken_is_followed_by_the_next(shop):
    shop.customers(CustomerFactory(email="ada@mail.example"))
    id_ = customer_id(shop, "ada@mail.example")
    with shop.database.write() as connection:
        taken = codes_to_be(connection, [id_], SECRET)[id_]
        connection.execute(referral_codes.insert().values(code=taken, programme="referral", customer_id=99, created_at=shop.now))

    assert code_of(shop, "ada@mail.example") != taken


def brought(shop: ShopInDatabase) -> list[tuple[str, str]]:
    """(advocate, friend) of every one that counts, and the counts on the customers' rows agree."""
    with shop.database.read() as connection:
        keys = dict(connection.execute(select(customers.c.id, customers.c.email_key)).all())
        ties = connection.execute(select(referrals.c.advocate_id, referrals.c.friend_id).where(referrals.c.state.in_(BROUGHT))).all()
        count = defaultdict(int)
        for advocate, _ in ties:
            count[advocate] += 1
        for row in connection.execute(select(customers)):
            assert row.has_referred == count[row.id]
            assert (row.referred_by is not None) == any(friend == row.id for _, friend in ties)
        return sorted((keys[advocate], keys[friend]) for advocate, friend in ties)


def test_the_code_on_a_first_order_ties_the_friend_to_the_advocate(shop):
    shop.orders(OrderLineFactory())
    code = code_of(shop, "ada@mail.example")

    shop.orders(OrderLineFactory(email="ben@mail.example", referral_code=f" {code[:4].lower()}-{code[4:]} "))

    assert brought(shop) == [("ada@mail.example", "ben@mail.example")]


@pytest.mark.parametrize("email", ["ada@mail.example", "a.da+again@mail.example"])
def test_nobody_refers_themselves(shop, email):
    shop.customers(CustomerFactory(email="ada@mail.example"))
    code = code_of(shop, "ada@mail.example")

    shop.orders(OrderLineFactory(email=email, referral_code=code))

    assert brought(shop) == []


def test_only_the_first_order_counts_and_unknown_codes_are_kept_but_tie_nobody(shop):
    shop.customers(CustomerFactory(email="ada@mail.example"))
    code = code_of(shop, "ada@mail.example")
    shop.orders(OrderLineFactory(order_id="first", email="ben@mail.example", referral_code="WELCOME10"))
    shop.orders(OrderLineFactory(order_id="second", email="ben@mail.example", ordered_at="2026-06-01", referral_code=code))

    assert brought(shop) == []
    with shop.database.read() as connection:
        assert connection.scalar(select(orders.c.referral_code).where(orders.c.order_id == "first")) == "WELCOME10"


def test_a_tie_goes_when_its_order_is_cancelled(shop):
    shop.customers(CustomerFactory(email="ada@mail.example"))
    code = code_of(shop, "ada@mail.example")
    shop.orders(OrderLineFactory(order_id="A", email="ben@mail.example", referral_code=code))
    assert brought(shop) == [("ada@mail.example", "ben@mail.example")]

    shop.orders(OrderLineFactory(order_id="A", email="ben@mail.example", referral_code=code, status="cancelled"))

    assert brought(shop) == []


def test_an_identity_is_found_by_an_index(shop):
    """A seek, never a scan: imports look up a thousand at a time."""
    query = select(identities.c.customer_id).where(identities.c.kind == "shop_id", identities.c.value == "5")
    with shop.database.read() as connection:
        if shop.database.is_sqlite:
            plan = " ".join(row[-1] for row in connection.execute(text("EXPLAIN QUERY PLAN " + _literal(query, connection))))
            assert "SEARCH identities USING" in plan
        else:
            connection.execute(text("SET enable_seqscan = off"))
            plan = " ".join(row[0] for row in connection.execute(text("EXPLAIN " + _literal(query, connection))))
            assert "pk_identities" in plan


def _literal(query, connection) -> str:
    return str(query.compile(connection, compile_kwargs={"literal_binds": True}))


def test_a_new_customer_is_known_since_their_first_order(shop):
    shop.customers(CustomerFactory(email="ada@mail.example"))
    shop.orders(OrderLineFactory(ordered_at="2025-01-01 12:00"))

    with shop.database.read() as connection:
        created = connection.scalar(select(customers.c.created_at))
    assert shop.now - created > timedelta(days=600)
