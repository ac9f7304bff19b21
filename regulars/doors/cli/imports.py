"""`regulars import customers|orders|products FILE.csv`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import progress, say, write, write_json
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import UsageError

if TYPE_CHECKING:
    from regulars.operations.importing import Imported, Source

TOLD_ON_TERMINAL = 20
NOTHING_CAME_IN = 1

Command = Callable[..., Any]


@click.group("import")
def import_() -> None:
    """Customers, orders and products from CSV files; the same file twice changes nothing.

    Rows that cannot be read are listed with their line and the reason, the rest is imported. Exits 1 only when
    rows were rejected and none came in.
    """


def _file_options(command: Command) -> Command:
    for option in (
        click.argument("file", type=click.Path()),
        click.option("--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="This field is in that column. Repeatable."),
        click.option("--encoding", default="utf-8", show_default=True, help="As in cp1254; a byte order mark is understood."),
        click.option("--dry-run", is_flag=True, help="Read and compare everything, change nothing."),
        as_json, in_house,
    )[::-1]:
        command = option(command)
    return command


@import_.command(epilog="Example: regulars import customers customers.csv --map email=E-Mail --dry-run")
@_file_options
def customers(house: House, file: str, maps: tuple[str, ...], encoding: str, dry_run: bool, as_json: bool) -> None:
    """People: email, first_name, …, consent, consent_at, and the attributes that regulars.yaml declares."""
    from regulars.loyalty.people import FIELDS, REQUIRED
    from regulars.operations.import_customers import import_customers

    attributes = house.shop.attributes
    with _source(house, file, encoding, maps, (*FIELDS, *attributes), REQUIRED) as source:
        _mention_ignored(source)
        result = import_customers(source, house.people, attributes, dry_run=dry_run)
    _tell(result, as_json=as_json, dry_run=dry_run)


@import_.command(epilog="Example: regulars import orders orders.csv --map order_id=InvoiceNo --map ordered_at=InvoiceDate")
@_file_options
def orders(house: House, file: str, maps: tuple[str, ...], encoding: str, dry_run: bool, as_json: bool) -> None:
    """Purchases, one line item a row: order_id, ordered_at, email, sku, product, category, quantity, unit_price …"""
    from regulars.loyalty.purchases import FIELDS, REQUIRED
    from regulars.operations.import_orders import import_orders

    with _source(house, file, encoding, maps, FIELDS, REQUIRED) as source:
        result = import_orders(source, house.purchases, house.shop.currency, house.rates, dry_run=dry_run)
    _tell(result, as_json=as_json, dry_run=dry_run)


@import_.command(epilog="Example: regulars import products products.csv --map sku=SKU --map name=Title")
@_file_options
def products(house: House, file: str, maps: tuple[str, ...], encoding: str, dry_run: bool, as_json: bool) -> None:
    """The catalogue: sku, name, url, image_url, price, compare_at, stock, category, usual_gap_days."""
    from regulars.loyalty.products import FIELDS, REQUIRED
    from regulars.operations.import_products import import_products

    with _source(house, file, encoding, maps, FIELDS, REQUIRED) as source:
        result = import_products(source, house.catalogue, house.shop.currency, dry_run=dry_run)
    _tell(result, as_json=as_json, dry_run=dry_run)


@contextmanager
def _source(
    house: House, file: str, encoding: str, maps: tuple[str, ...], fields: tuple[str, ...], required: tuple[str, ...]
) -> Iterator[Source]:
    from zoneinfo import ZoneInfo

    from regulars.adapters.csv_files import CsvFile
    from regulars.adapters.row_spool import DiskSpool
    from regulars.loyalty.header import match_header
    from regulars.loyalty.record import Reading
    from regulars.operations.importing import Source

    table = CsvFile(file, encoding)
    header = match_header(table.columns, fields, required, _mapped(maps))
    reading = Reading(header, ZoneInfo(house.shop.timezone), house.clock.now())
    spool = DiskSpool()
    try:
        with progress(f"import {file}") as told:
            yield Source(table, spool, reading, told)
    finally:
        spool.close()


def _mapped(maps: tuple[str, ...]) -> dict[str, str]:
    mapped = {}
    for text in maps:
        field, sign, column = text.partition("=")
        if not sign or not field.strip() or not column.strip():
            raise UsageError(f"--map {text}: write --map FIELD=COLUMN", hint='for instance --map order_id="Invoice No"')
        mapped[field.strip()] = column.strip()
    return mapped


def _mention_ignored(source: Source) -> None:
    ignored = [name for name, _ in source.reading.header.others]
    if ignored:
        say(f"not imported: {', '.join(ignored)} (declare them under attributes in regulars.yaml, or --map them)")


def _tell(result: Imported, *, as_json: bool, dry_run: bool) -> None:
    _tell_rejected(result)
    if as_json:
        write_json(result.as_json())
    else:
        would = " (dry run: nothing was changed)" if dry_run else ""
        write(
            f"{result.read:,} rows read: {result.imported:,} imported, {result.unchanged:,} unchanged, "
            f"{result.rejected_count:,} rejected{would}"
        )
    if result.rejected_count and not result.imported and not result.unchanged:
        raise click.exceptions.Exit(NOTHING_CAME_IN)


def _tell_rejected(result: Imported) -> None:
    for line, reason in sorted(result.rejected)[:TOLD_ON_TERMINAL]:
        say(f"line {line}: {reason}")
    if result.rejected_count > TOLD_ON_TERMINAL:
        say(f"… and {result.rejected_count - TOLD_ON_TERMINAL:,} more; --json lists them")
