"""`regulars import customers|orders|products|events FILE.csv`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say
from regulars.doors.cli.csv_source import dated_file_options, open_source, tell

if TYPE_CHECKING:
    from regulars.operations.importing import Source


@click.group("import", epilog="Example: regulars import orders orders.csv --dry-run")
def import_() -> None:
    """Customers, orders, products and old reactions from CSV files; the same file twice changes nothing.

    Exports of Shopify, WooCommerce, Klaviyo and Mailchimp are recognised by their header. Rows that cannot be read are
    listed with their line and the reason, the rest is imported. Exits 1 only when rows were rejected and none came in.
    """


@import_.command(epilog="Example: regulars import customers customers.csv --map email=E-Mail --dry-run")
@dated_file_options
def customers(house: House, file: str, maps: tuple[str, ...], encoding: str | None, dates: str | None, dry_run: bool, as_json: bool) -> None:
    """People, one a row.

    email; and where known names, locale, birthday, consent, consent_at, and the attributes that regulars.yaml declares.
    """
    from regulars.operations.import_customers import import_customers
    from regulars.operations.reading_files import customers_shape

    attributes = house.shop.attributes
    with open_source(house, file, encoding, maps, customers_shape(attributes), dates) as source:
        _mention_ignored(source)
        result = import_customers(source, house.people, house.suppressions, attributes, dry_run=dry_run)
    tell(result, as_json=as_json, dry_run=dry_run)


@import_.command(epilog="Example: regulars import orders orders.csv --map order_id=InvoiceNo --map ordered_at=InvoiceDate")
@dated_file_options
def orders(house: House, file: str, maps: tuple[str, ...], encoding: str | None, dates: str | None, dry_run: bool, as_json: bool) -> None:
    """Purchases, one line item a row.

    order_id, ordered_at, email; and where known sku, product, category, quantity, unit_price, currency, status, coupon …
    """
    from regulars.operations.import_orders import import_orders
    from regulars.operations.reading_files import ORDERS

    with open_source(house, file, encoding, maps, ORDERS, dates) as source:
        result = import_orders(source, house.purchases, house.shop.currency, house.rates, dry_run=dry_run)
    tell(result, as_json=as_json, dry_run=dry_run)


@import_.command(epilog="Example: regulars import products products.csv --map sku=SKU --map name=Title")
@dated_file_options
def products(house: House, file: str, maps: tuple[str, ...], encoding: str | None, dates: str | None, dry_run: bool, as_json: bool) -> None:
    """The catalogue, one product a row.

    sku, name; and where known url, image_url, price, compare_at, stock, category, usual_gap_days.
    """
    from regulars.operations.import_products import import_products
    from regulars.operations.reading_files import products_shape

    with open_source(house, file, encoding, maps, products_shape(house.shop), dates) as source:
        result = import_products(source, house.catalogue, house.shop.currency, dry_run=dry_run)
    tell(result, as_json=as_json, dry_run=dry_run)


@import_.command(epilog="Example: regulars import events history.csv --map event=Activity --map at='Activity date'")
@dated_file_options
def events(
    house: House, file: str, maps: tuple[str, ...], encoding: str | None, dates: str | None, dry_run: bool, as_json: bool
) -> None:
    """What another system recorded of its own mails, one event a row, so that scores start warm.

    email, event (sent, opened, clicked, replied or unsubscribed), at; and where known campaign, link, verdict.
    """
    from regulars.operations.import_events import import_events
    from regulars.operations.reading_files import EVENTS

    with open_source(house, file, encoding, maps, EVENTS, dates) as source:
        result = import_events(source, house.past_events, dry_run=dry_run)
    tell(result, as_json=as_json, dry_run=dry_run)


def _mention_ignored(source: Source) -> None:
    ignored = [name for name, _ in source.reading.header.others]
    if ignored:
        say(f"not imported: {', '.join(ignored)} (declare them under attributes in regulars.yaml, or --map them)")
