"""Webhooks of Shopify and WooCommerce at the web door: believed by their signature, and what each of them leaves behind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import (
    consents,
    customers,
    events,
    identities,
    intakes,
    messages,
    order_lines,
    order_tellings,
    orders,
    privacy_requests,
    product_changes,
    products,
)
from tests.shop_systems import SHOPIFY_SECRET, WOOCOMMERCE_SECRET, Caller, Systems, good, signed
from tests.telling import (
    at,
    both,
    gmt,
    shopify_checkout,
    shopify_customer,
    shopify_line,
    shopify_order,
    shopify_product,
    shopify_refund,
    woocommerce_customer,
    woocommerce_order,
    woocommerce_product,
)

pytestmark = pytest.mark.breaks_promises  # one test makes a message by hand


@pytest.fixture
def systems(database: Database, tmp_path: Path, now: datetime) -> Systems:
    return Systems(database, tmp_path, now)


@pytest.fixture
def caller(systems: Systems) -> Iterator[Caller]:
    with systems.open() as caller:
        yield caller


# ---- who is believed ----


@pytest.mark.parametrize("signature", ["", "x", "=" * 44, signed(b"another body", SHOPIFY_SECRET), signed(b"{}", "another secret"), "\xff\xfe"])
def test_nothing_is_read_without_the_shops_signature(caller: Caller, signature: str) -> None:
    for path, header in (("/hooks/shopify", "x-shopify-hmac-sha256"), ("/hooks/woocommerce", "x-wc-webhook-signature")):
        answer = caller.client.post(path, content=b"{}", headers={
            header: signature.encode("latin-1"), "x-shopify-topic": "orders/create", "x-wc-webhook-topic": "order.created"})

        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert caller.client.post("/hooks/shopify", content=b"{}").status_code == 401
    assert caller.systems.count(intakes) == 0


def test_a_changed_secret_is_believed_beside_the_one_before(systems: Systems) -> None:
    from dataclasses import replace

    systems.house.settings = replace(systems.house.settings, shopify_secrets=("the new secret of the shop", SHOPIFY_SECRET))
    with systems.open() as caller:
        for secret in ("the new secret of the shop", SHOPIFY_SECRET):
            body = json.dumps(shopify_order(test=True)).encode()
            good(caller.shopify("orders/create", body, **{"x-shopify-hmac-sha256": signed(body, secret)}))


def test_without_a_secret_there_is_no_such_address(systems: Systems, caplog: pytest.LogCaptureFixture) -> None:
    from dataclasses import replace

    systems.house.settings = replace(systems.house.settings, shopify_secrets=(), woocommerce_secrets=())
    with systems.open() as caller:
        assert caller.shopify("orders/create", shopify_order()).status_code == 404
        assert caller.woocommerce("order.created", b"webhook_id=3").status_code == 404
    assert "set REGULARS_SHOPIFY_SECRET" in caplog.text


def test_woocommerces_ping_is_welcome(caller: Caller) -> None:
    answer = caller.client.post("/hooks/woocommerce", content=b"webhook_id=3", headers={"content-type": "application/x-www-form-urlencoded"})

    assert good(answer)["ignored"] == "a ping"


# ---- orders ----


def test_a_shopify_order_is_stored_as_it_was_bought(caller: Caller) -> None:
    good(caller.shopify("orders/create", shopify_order(financial_status="paid")))

    assert caller.systems.rows(orders, "order_id", "status", "total", "currency", "coupon", "referral_code", "channel", "origin") == [
        ("820982911946154508", "paid", 450_0000, "TRY", "HOSGELDIN", "KHV7TMQ4", "web", "live")]
    assert caller.systems.rows(order_lines, "sku", "product", "quantity", "unit_price", "discount", "amount") == [
        ("COF-1", "Kolombiya Huila", 2_000, 200_0000, 40_0000, 360_0000), ("MUG-1", "Emaye kupa", 1_000, 100_0000, 10_0000, 90_0000)]
    assert caller.systems.rows(customers, "email", "first_name", "locale", "city", "orders_count", "orders_spent") == [
        ("ada@mail.example", "Ada", "tr", "İstanbul", 1, 450_0000)]
    assert caller.systems.rows(identities, "kind", "value") == [("shop_id", "115310627314723954")]
    hashes = caller.systems.rows(orders, "postal_hash", "network_hash", "device_hash")[0]
    assert all(len(each) == 64 for each in hashes)


def test_a_woocommerce_order_comes_to_the_same(caller: Caller) -> None:
    good(caller.woocommerce("order.created", woocommerce_order(status="processing", date_paid_gmt=gmt(1))))

    assert caller.systems.rows(orders, "order_id", "status", "total", "currency", "coupon", "referral_code") == [
        ("727", "processing", 450_0000, "TRY", "hosgeldin", "KHV7TMQ4")]
    assert caller.systems.rows(order_lines, "sku", "unit_price", "discount", "amount") == [
        ("22", 100_0000, 10_0000, 90_0000), ("COF-1", 200_0000, 40_0000, 360_0000)]
    assert caller.systems.rows(customers, "first_name", "orders_count") == [("Ada", 1)]


def test_an_order_with_several_coupons_keeps_them_all(caller: Caller) -> None:
    two = [{"code": code, "amount": "25.00", "type": "fixed_amount"} for code in ("ONE-1", "TWO-2")]
    good(caller.shopify("orders/create", shopify_order(discount_codes=two)))
    good(caller.woocommerce("order.created", woocommerce_order(coupon_lines=[{"code": "one-1"}, {"code": "two-2"}])))

    assert caller.systems.rows(orders, "coupon", "other") == [
        ("ONE-1", {"coupons": "ONE-1, TWO-2", "Name": "#1001"}), ("one-1", {"coupons": "one-1, two-2"})]


def test_both_shops_know_the_same_address_by_the_same_hash(caller: Caller) -> None:
    good(caller.shopify("orders/create", shopify_order()))
    good(caller.woocommerce("order.created", woocommerce_order()))

    assert len(set(caller.systems.rows(orders, "postal_hash", "network_hash"))) == 1


def test_amounts_are_in_the_shops_own_money(caller: Caller) -> None:
    line = shopify_line(1, "COF-1", "Kolombiya Huila", 1, "10.00", price_set=both("470.00", "10.00", "EUR"), discount_allocations=[])
    refund = shopify_refund(1, 5, "10.00", refund_line_items=[{"id": 1, "quantity": 1, "subtotal": 10.0, "subtotal_set": both("470.00", "10.00", "EUR")}])
    refund["transactions"][0]["currency"] = "EUR"
    good(caller.shopify("orders/create", shopify_order(financial_status="paid", presentment_currency="EUR", line_items=[line], updated_at=at(1))))
    assert caller.systems.rows(orders, "currency", "total") == [("TRY", 470_0000)]

    good(caller.shopify("refunds/create", refund))
    assert caller.systems.rows(orders, "refunded", "counts_from") == [(470_0000, None)]


def test_test_orders_and_orders_of_nobody_are_ignored_with_a_reason(caller: Caller) -> None:
    assert good(caller.shopify("orders/create", shopify_order(test=True)))["ignored"] == "a test order"
    nobody = shopify_order(email="", contact_email=None, customer=None)
    assert "e-mail" in good(caller.shopify("orders/create", nobody))["ignored"]
    assert "e-mail" in good(caller.woocommerce("order.created", woocommerce_order(billing={"email": ""})))["ignored"]
    assert "nobody has placed" in good(caller.woocommerce("order.created", woocommerce_order(status="checkout-draft")))["ignored"]
    assert "themes/publish" in good(caller.shopify("themes/publish", {"id": 1}))["ignored"]
    assert "coupon.created" in good(caller.woocommerce("coupon.created", {"id": 1}))["ignored"]
    assert "orders/updated" in good(caller.shopify("orders/edited", {"order_edit": {"order_id": 1}}))["ignored"]
    assert caller.systems.count(orders) == caller.systems.count(customers) == 0


def test_what_an_edit_took_off_was_never_bought_and_what_went_back_was_not_spent(caller: Caller) -> None:
    kept, taken_off = shopify_line(1, "COF-1", "Huila", 2, "200.00"), shopify_line(2, "MUG-1", "Kupa", 1, "100.00", current_quantity=0)
    good(caller.shopify("orders/updated", shopify_order(financial_status="paid", line_items=[kept, taken_off])))
    assert caller.systems.rows(customers, "orders_spent") == [400_0000]

    good(caller.shopify("refunds/create", shopify_refund(1, 10, "150.00")))
    assert caller.systems.rows(customers, "orders_spent", "orders_count") == [(250_0000, 1)]

    good(caller.shopify("refunds/create", shopify_refund(2, 20, "250.00")))
    assert caller.systems.rows(customers, "orders_spent", "orders_count") == [(0, 0)]
    assert [kind for kind in caller.systems.rows(events, "kind") if kind == "order.placed"] == []  # it counts no more, so it scores no more


def test_the_same_call_is_answered_as_it_was(caller: Caller) -> None:
    first, again = (caller.shopify("orders/create", shopify_order(), "the-same") for _ in range(2))
    renamed = caller.shopify("orders/create", shopify_order(), "another-name")

    assert good(first) == good(again)
    assert good(renamed)["recorded"] == 0
    assert caller.systems.count(orders) == 1
    assert caller.systems.count(intakes) == 2


# ---- customers ----


def test_consent_is_written_down_with_its_day_and_is_news_once(caller: Caller) -> None:
    answer = {"state": "subscribed", "opt_in_level": "confirmed_opt_in", "consent_updated_at": at(5)}
    good(caller.shopify("customers/create", shopify_customer()))
    told = {"customer_id": 115310627314723954, "email_address": "ada@mail.example", "email_marketing_consent": answer}
    for _ in range(2):
        good(caller.shopify("customers_email_marketing_consent/update", told))

    assert caller.systems.rows(customers, "marketing", "marketing_at") == [("granted", datetime.fromisoformat(at(5)))]
    assert caller.systems.rows(consents, "state", "source") == [("granted", "shopify")]

    late = {**answer, "state": "unsubscribed", "consent_updated_at": at(1)}
    good(caller.shopify("customers_email_marketing_consent/update", {**told, "email_marketing_consent": late}))
    assert caller.systems.rows(customers, "marketing") == ["granted"]  # an earlier no than the yes

    good(caller.shopify("customers/delete", {"id": 115310627314723954}, **{"x-shopify-triggered-at": "2026-11-20T08:50:00.877041743Z"}))
    assert caller.systems.rows(customers, "marketing") == ["withdrawn"]


def test_what_a_shop_told_earlier_does_not_undo_what_it_told_later(caller: Caller) -> None:
    good(caller.shopify("customers/update", shopify_customer(first_name="Ada Lovelace", email="ada@new.example", updated_at=at(10))))
    good(caller.shopify("customers/update", shopify_customer(first_name="Adda", updated_at=at(5))))
    good(caller.woocommerce("product.updated", woocommerce_product(name="Huila II", date_modified_gmt=gmt(10))))
    good(caller.woocommerce("product.updated", woocommerce_product(name="Huila I", date_modified_gmt=gmt(5))))

    assert caller.systems.rows(customers, "first_name", "email") == [("Ada Lovelace", "ada@new.example")]
    assert caller.systems.rows(products, "name") == ["Huila II"]


@pytest.mark.parametrize("merged_first", [False, True])
def test_two_customers_who_are_one_have_all_of_both(caller: Caller, merged_first: bool) -> None:
    ada, twin = shopify_customer(id=1), shopify_customer(id=2, email="ada@work.example", first_name="A.")
    for customer in (ada, twin):
        good(caller.shopify("customers/create", customer))
    merge = {
        "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1", "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2",
        "admin_graphql_api_job_id": None, "status": "completed", "errors": [],
    }
    calls = [
        ("orders/create", shopify_order(id=11, customer=ada, financial_status="paid")),
        ("orders/create", shopify_order(id=12, customer=twin, email="ada@work.example", financial_status="paid")),
    ]
    for topic, payload in [("customers/merge", merge), *calls] if merged_first else [*calls, ("customers/merge", merge)]:
        good(caller.shopify(topic, payload))

    alive = [row for row in caller.systems.rows(customers, "orders_count", "orders_spent", "erased_at") if row[2] is None]
    assert [row[:2] for row in alive] == [(2, 900_0000)]
    assert len(set(caller.systems.rows(orders, "customer_id"))) == 1
    assert ("shop_id", "2") in caller.systems.rows(identities, "kind", "value")


def test_who_is_to_be_forgotten_is_forgotten_at_once(caller: Caller) -> None:
    good(caller.shopify("orders/create", shopify_order(financial_status="paid")))
    with caller.systems.database.write() as connection:
        whose = connection.scalar(select(customers.c.id))
        connection.execute(insert(messages).values(
            launch_id=1, number=1, customer_id=whose, email="ada@mail.example", email_domain="mail.example", state="accepted",
            next_attempt_at=caller.systems.now))
    asked = {"shop_id": 954889, "shop_domain": "kahve.example", "customer": {"id": 115310627314723954, "email": "ada@mail.example", "phone": None}}
    good(caller.shopify("customers/data_request", {**asked, "orders_requested": [1], "data_request": {"id": 9999}}))
    good(caller.shopify("customers/redact", {**asked, "orders_to_redact": [1]}))
    good(caller.shopify("shop/redact", {"shop_id": 954889, "shop_domain": "kahve.example"}))

    assert caller.systems.rows(privacy_requests, "kind", "source") == [
        ("access", "shopify"), ("erasure", "shopify"), ("shop_erasure", "shopify")]
    assert caller.systems.rows(customers, "email", "email_key", "first_name", "city", "address_hash") == [(None, None, None, None, None)]
    assert caller.systems.rows(orders, "total", "postal_hash", "network_hash", "device_hash") == [(450_0000, None, None, None)]
    assert caller.systems.count(identities) == caller.systems.count(order_tellings) == 0
    assert caller.systems.rows(messages, "email") == [""]
    assert "ada@mail.example" not in _everything(caller.systems.database)


def _everything(database: Database) -> str:
    with database.read() as connection:
        from regulars.adapters.database.schema import metadata

        return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))


# ---- products and carts ----


def test_a_lower_price_and_a_stock_that_is_back_are_noted(caller: Caller) -> None:
    good(caller.shopify("products/create", shopify_product()))
    assert caller.systems.rows(products, "sku", "name", "price", "compare_at", "stock", "category") == [
        ("COF-1", "Kolombiya Huila 250 g", 200_0000, None, 12, "beans"), ("COF-1-KG", "Kolombiya Huila 1 kg", 700_0000, 760_0000, 0, "beans")]

    cheaper = shopify_product(updated_at=at(5))
    cheaper["variants"][0]["price"] = "180.00"
    for _ in range(2):
        good(caller.shopify("products/update", cheaper))
    stock = {"inventory_item_id": 151016517308016641, "location_id": 655441491, "available": 4, "updated_at": at(7)}
    good(caller.shopify("inventory_levels/update", stock))
    good(caller.shopify("inventory_levels/update", {**stock, "location_id": 2, "available": 3, "updated_at": at(6)}))
    good(caller.shopify("inventory_levels/update", {**stock, "available": 0, "updated_at": at(5)}))

    assert caller.systems.rows(product_changes, "sku", "kind") == [
        ("COF-1", "product.price_dropped"), ("COF-1-KG", "product.back_in_stock")]
    assert dict(caller.systems.rows(products, "sku", "stock"))["COF-1-KG"] == 7

    good(caller.shopify("products/delete", {"id": 788032119674292922}, **{"x-shopify-triggered-at": "2026-11-20T08:50:00Z"}))
    assert set(caller.systems.rows(products, "stock")) == {0}


def test_a_product_that_is_told_again_keeps_what_files_told_of_it(caller: Caller) -> None:
    from tests.factories import ProductFactory
    from tests.shops import ShopInDatabase

    ShopInDatabase(caller.systems.database, caller.systems.now).products(ProductFactory(sku="COF-1", usual_gap_days="21"))
    good(caller.woocommerce("product.updated", woocommerce_product()))

    assert caller.systems.rows(products, "price", "compare_at", "usual_gap_days", "category") == [(180_0000, 200_0000, 21, "Çekirdek")]


def test_a_checkout_is_a_cart_until_it_is_completed(caller: Caller) -> None:
    for _ in range(2):
        good(caller.shopify("checkouts/update", shopify_checkout()))
    good(caller.shopify("checkouts/update", shopify_checkout(updated_at=at(1), completed_at=at(1))))
    assert "unknown" in good(caller.shopify("checkouts/create", shopify_checkout(email=None, customer=None)))["ignored"]

    assert caller.systems.rows(events, "kind") == ["cart.emptied", "cart.updated"]
    [data] = [data for kind, data in caller.systems.rows(events, "kind", "data") if kind == "cart.updated"]
    assert data["items"] == [{"sku": "COF-1", "name": "Kolombiya Huila", "quantity": "2", "price": "200.00", "currency": "TRY"}]


def test_a_woocommerce_customer_is_who_they_are(caller: Caller) -> None:
    good(caller.woocommerce("customer.created", woocommerce_customer()))

    assert caller.systems.rows(customers, "email", "first_name", "country", "city") == [("ada@mail.example", "Ada", "TR", "İstanbul")]


# ---- what cannot be read ----


HOSTILE = [
    b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b'{"id": NaN}', b'{"id": 1, "id": 2}', b"[" * 100_000, b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    b'{"id": "\\ud800"}', b'{"id": "a\\u0000b"}', b'{"id": ' + b"9" * 5_000 + b"}",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_a_signed_body_that_is_no_json_object_is_refused(systems: Systems, body: bytes) -> None:
    with systems.open() as caller:
        answer = caller.shopify("orders/create", body)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("changes", [
    {"id": None}, {"id": {"a": 1}}, {"created_at": "yesterday"}, {"created_at": "9999-12-31T23:59:59-12:00"}, {"currency": "LIRA"},
    {"email": "nobody"}, {"email": "a" * 400 + "@mail.example"}, {"line_items": [{"price": "1e999999999", "quantity": 1}]},
    {"line_items": [{"price": "12,50", "quantity": 1}]}, {"line_items": [{"price": "1.00", "quantity": 1.5}]}, {"line_items": [{}] * 20_000},
    {"line_items": [{"price": "99999999999", "quantity": 1}]}, {"currency": "JPY"},
])
def test_an_order_that_cannot_be_understood_is_refused_and_leaves_nothing(sqlite_database: Database, tmp_path: Path, now: datetime, changes: dict) -> None:
    systems = Systems(sqlite_database, tmp_path, now)
    with systems.open() as caller:
        answer = caller.shopify("orders/create", shopify_order(**changes))

    assert answer.status_code == 422, answer.text
    assert systems.count(orders) == systems.count(customers) == systems.count(intakes) == 0


@pytest.mark.parametrize("topic", ["orders/updated", "fulfillments/update", "refunds/create", "customers/update", "products/update", "checkouts/update",
                                   "inventory_levels/update", "customers/merge", "customers/redact", "customers/delete", "products/delete"])
@pytest.mark.parametrize("payload", [
    {}, {"id": 1}, {"id": [], "email": {}, "line_items": 5, "variants": [1, None], "refunds": [[]], "fulfillments": {"a": 1}, "token": True},
    {"id": 1, "order_id": 1, "email": "ada@mail.example", "token": "t", "created_at": "2026-11-20T08:30:00Z", "title": "x",
     "variants": [{"id": 1, "price": None}], "line_items": [None, {"price": False}], "customer": [], "transactions": {}},
], ids=range(4))
def test_whatever_a_payload_lacks_it_is_never_a_failure_of_ours(sqlite_database: Database, tmp_path: Path, now: datetime, topic: str, payload: dict) -> None:
    with Systems(sqlite_database, tmp_path, now).open() as caller:
        assert caller.shopify(topic, payload).status_code in {200, 422}
        assert caller.woocommerce(topic.replace("orders/updated", "order.updated").replace("products/update", "product.updated"), payload).status_code in {200, 422}


def test_large_and_packed_bodies_are_refused_as_problems(caller: Caller) -> None:
    large = caller.shopify("orders/create", b'{"a": "' + b"x" * 2_200_000 + b'"}')
    packed = caller.shopify("orders/create", shopify_order(), **{"content-encoding": "gzip"})
    wrong = caller.client.get("/hooks/shopify")

    assert [(answer.status_code, answer.headers["content-type"]) for answer in (large, packed, wrong)] == [
        (413, "application/problem+json"), (415, "application/problem+json"), (405, "application/problem+json")]


def test_while_the_database_is_away_the_shop_is_asked_to_come_again(sqlite_database: Database, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regulars.adapters.call_line.CallLine.add.__defaults__", (0.3,))
    systems = Systems(sqlite_database, tmp_path, now)
    with systems.open() as caller:
        other = sqlite3.connect(sqlite_database.url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answer = caller.shopify("orders/create", shopify_order(), "the-same")
        other.rollback()
        other.close()
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "10"

        monkeypatch.undo()
        good(caller.shopify("orders/create", shopify_order(), "the-same"))
    assert systems.count(orders) == 1


def test_broken_rates_keep_orders_out_and_nothing_else(sqlite_database: Database, tmp_path: Path, now: datetime) -> None:
    from tests.web import SHOP

    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rates.csv").write_text("day,currency,rate\n2026-01-01,EUR,lots\n")
    systems = Systems(sqlite_database, tmp_path, now, SHOP + "money: {compare_in: TRY, rates: data/rates.csv}\n")
    with systems.open() as caller:
        assert caller.shopify("orders/create", shopify_order()).status_code == 503
        assert caller.client.get("/healthz").status_code == 200

        (tmp_path / "data" / "rates.csv").write_text("day,currency,rate\n2026-01-01,EUR,50\n")
        good(caller.shopify("orders/create", shopify_order(currency="EUR")))
    assert systems.rows(orders, "currency") == ["EUR"]


def test_the_secrets_are_not_shown(systems: Systems) -> None:
    assert SHOPIFY_SECRET not in repr(systems.house.settings)
    assert WOOCOMMERCE_SECRET not in repr(systems.house.settings)
