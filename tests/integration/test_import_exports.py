"""Exports of other systems, as those write them, through the command: recognised by header, read as ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from regulars.adapters.csv_files import CsvFile
from regulars.adapters.database.engine import Database
from regulars.adapters.database.orders import Orders
from regulars.adapters.database.people import PeopleInDatabase
from regulars.adapters.database.products import CatalogueInDatabase
from regulars.adapters.database.schema import customer_tags, customers, order_lines, orders, products
from regulars.adapters.database.suppressions import SuppressionsInDatabase
from regulars.adapters.row_spool import DiskSpool
from regulars.operations.import_customers import import_customers
from regulars.operations.import_orders import import_orders
from regulars.operations.import_products import import_products
from regulars.operations.importing import Imported, Source
from regulars.operations.reading_files import ORDERS, Shape, customers_shape, products_shape, understood
from tests.shops import NOW, RATES, a_shop

EXPORTS = Path(__file__).parents[1] / "exports"
SHOP = a_shop()


def _source(name: str, shape: Shape, **options) -> Source:
    known = understood(CsvFile(str(EXPORTS / name)), shape, SHOP, NOW, **options)
    return Source(known.file, DiskSpool(), known.reading, lambda done, total=None, why="": None, known.read_as, known.currency)


def orders_of(database: Database, name: str) -> Imported:
    return import_orders(_source(name, ORDERS), Orders(database, SHOP.scoring), SHOP.currency, RATES)


def people_of(database: Database, name: str, **options) -> Imported:
    source = _source(name, customers_shape(SHOP.attributes), **options)
    return import_customers(source, PeopleInDatabase(database), SuppressionsInDatabase(database), SHOP.attributes)


def person(database: Database, email: str):
    with database.read() as connection:
        return connection.execute(select(customers).where(customers.c.email_key == email)).one()


def stored(database: Database, table, *order):
    with database.read() as connection:
        return connection.execute(select(table).order_by(*order)).all()


def test_shopify_tells_an_order_in_its_first_row_and_its_lines_in_all(database):
    result = orders_of(database, "shopify_orders.csv")

    assert result.read_as == ("taken for Shopify's orders export",)
    assert (result.imported, [line for line, _ in result.rejected]) == (3, [6])
    refunded, paid = sorted(stored(database, orders, orders.c.order_id), key=lambda row: -int(row.order_id))
    assert (paid.order_id, paid.status, paid.total, paid.discount, paid.coupon, paid.channel) == (
        "5500000000001", "paid", 675_0000, 75_0000, "WELCOME10", "web")
    assert f"{paid.ordered_at:%Y-%m-%d %H:%M} {paid.shipped_at:%Y-%m-%d}" == "2026-04-02 06:59 2026-04-04"
    assert paid.other == {"Name": "#1001", "Payment Method": "card", "Shipping Method": "Standard", "Tags": "vip, gift", "Vendor": "Mahalle Kahve"}
    assert (refunded.status, refunded.refunded, f"{refunded.cancelled_at:%Y-%m-%d}") == ("cancelled", 250_0000, "2026-04-05")
    assert [(row.sku, row.quantity) for row in stored(database, order_lines, order_lines.c.order_key, order_lines.c.position)] == [
        ("GUJI-250", 2000), ("FILTER-100", 1000), ("GUJI-250", 1000)]
    assert person(database, "ada@mail.example").orders_count == 1


def test_an_export_again_changes_nothing(database):
    orders_of(database, "shopify_orders.csv")

    assert orders_of(database, "shopify_orders.csv").imported == 0


def test_woocommerce_orders_with_a_row_for_each_line(database):
    result = orders_of(database, "woocommerce_orders_lines.csv")

    assert (result.imported, result.rejected) == (3, [])
    assert [(row.order_id, row.total, row.coupon, row.counts_from is None) for row in stored(database, orders, orders.c.order_id)] == [
        ("2001", 600_0000, "HOSGELDIN", False), ("2002", 100_0000, None, True)]


def test_woocommerce_orders_with_packed_lines(database):
    result = orders_of(database, "woocommerce_orders_packed.csv")

    assert (result.imported, result.rejected) == (3, [])
    paid, cancelled = stored(database, orders, orders.c.order_id)
    assert (paid.total, paid.coupon, cancelled.status, cancelled.counts_from) == (550_0000, "welcome10", "cancelled", None)
    assert [(row.sku, row.quantity, row.unit_price, row.discount) for row in stored(database, order_lines, order_lines.c.order_key, order_lines.c.position)] == [
        ("GUJI-250", 2000, 250_0000, 50_0000), ("MUG", 1000, 100_0000, 0), ("MUG", 1000, 100_0000, 0)]


def test_shopify_customers(database):
    result = people_of(database, "shopify_customers.csv")

    assert (result.imported, result.rejected) == (2, [(4, "email is empty")])
    ada, ben = person(database, "ada@mail.example"), person(database, "ben@mail.example")
    assert (ada.first_name, ada.city, ada.country, ada.marketing, ben.marketing) == ("Ada", "İzmir", "TR", "granted", "withdrawn")
    with database.read() as connection:
        assert sorted(connection.scalars(select(customer_tags.c.tag))) == ["gift", "vip"]


def test_woocommerce_customers(database):
    people_of(database, "woocommerce_customers.csv")

    ada = person(database, "ada@mail.example")
    assert (ada.first_name, ada.last_name, ada.country, f"{ada.created_at:%Y-%m-%d}", ada.marketing) == ("Ada Nur", "Yılmaz", "TR", "2025-01-05", None)


def test_klaviyo_profiles_bring_consent_attributes_and_who_bounced(database):
    result = people_of(database, "klaviyo_profiles.csv")

    ada, ben, cem = (person(database, f"{name}@mail.example") for name in ("ada", "ben", "cem"))
    assert (result.imported, result.rejected) == (3, [])
    assert (ada.marketing, ada.attributes, f"{ada.marketing_at:%Y-%m-%d}") == ("granted", {"taste": "dark"}, "2025-06-01")
    assert (ada.country, ben.country, ben.marketing, cem.marketing) == (None, "TR", "withdrawn", None)
    assert [(one.masked, one.reason) for one in SuppressionsInDatabase(database).all()] == [("c***@mail.example", "bounce")]


def test_mailchimp_says_yes_only_of_those_who_opted_in(database):
    people_of(database, "mailchimp_subscribed.csv")

    ada = person(database, "ada@mail.example")
    assert (ada.marketing, f"{ada.marketing_at:%Y-%m-%d %H:%M}", ada.birth_month_day) == ("granted", "2024-06-01 06:01", 517)
    assert person(database, "dan@mail.example").marketing is None
    with database.read() as connection:
        assert sorted(connection.scalars(select(customer_tags.c.tag))) == ["tasting club", "vip"]


@pytest.mark.parametrize("first", ["mailchimp_subscribed.csv", "mailchimp_unsubscribed.csv"])
def test_who_left_mailchimp_has_left_whichever_file_comes_first(database, first):
    for name in sorted(("mailchimp_subscribed.csv", "mailchimp_unsubscribed.csv"), key=lambda name: name != first):
        people_of(database, name)

    assert person(database, "ada@mail.example").marketing == "withdrawn"


def test_cleaned_contacts_are_never_written_to_again(database):
    first, again = people_of(database, "mailchimp_cleaned.csv"), people_of(database, "mailchimp_cleaned.csv")

    assert (first.imported, again.imported, again.unchanged) == (1, 0, 1)
    assert [(one.masked, one.reason) for one in SuppressionsInDatabase(database).all()] == [("c***@mail.example", "bounce")]


def test_variants_are_products_named_as_the_shop_names_them(database):
    source = _source("shopify_products.csv", products_shape(SHOP))
    result = import_products(source, CatalogueInDatabase(database), SHOP.currency)

    assert (result.imported, result.rejected) == (3, [])
    assert [(row.sku, row.name, row.url, row.price, row.stock, row.image_url, row.category) for row in stored(database, products, products.c.sku)] == [
        ("GUJI-1000", "Etiyopya Guji 1 kg / Whole", "https://kahve.example/products/guji", 900_0000, 3, "https://cdn.example/guji-1kg.jpg", "beans"),
        ("GUJI-250", "Etiyopya Guji 250 g / Whole", "https://kahve.example/products/guji", 250_0000, 12, "https://cdn.example/guji.jpg", "beans"),
        ("MUG", "Mug", "https://kahve.example/products/mug", 100_0000, 0, None, None),
    ]


def test_woocommerce_products(database):
    import_products(_source("woocommerce_products.csv", products_shape(SHOP)), CatalogueInDatabase(database), SHOP.currency)

    assert [(row.sku, row.price, row.compare_at, row.category, row.image_url) for row in stored(database, products, products.c.sku)] == [
        ("12", 100_0000, None, "Fincan", None), ("GUJI-250", 250_0000, 300_0000, "Çekirdek", "https://shop.example/guji.jpg")]


def test_a_map_wins_over_a_known_format(database):
    people_of(database, "klaviyo_profiles.csv", maps={"first_name": "Last Name"})

    assert person(database, "ada@mail.example").first_name == "Yılmaz"


def test_a_number_that_a_spreadsheet_rounded_is_no_order_id(database, tmp_path):
    text = (EXPORTS / "shopify_orders.csv").read_text(encoding="utf-8").replace("5500000000002", "5.5E+12")
    (tmp_path / "saved.csv").write_text(text, encoding="utf-8")

    result = orders_of(database, str(tmp_path / "saved.csv"))

    assert [reason for line, reason in result.rejected if line == 2] == [
        'Id: a spreadsheet has rounded this number to "5.5E+12"; import the file as Shopify wrote it']
    assert json.dumps(result.as_json())
