"""Before a row of a file is read: whose export it is, which column holds which field, and how it spells numbers and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from regulars.audience import customer_formats, people
from regulars.audience.formats import Format, Translated, recognised
from regulars.audience.header import Header, match_header
from regulars.audience.record import Reading
from regulars.audience.sheet import Sheet, survey
from regulars.definition.conditions import Kind
from regulars.definition.workspace import Attribute, Shop
from regulars.errors import UsageError
from regulars.loyalty import order_formats, product_formats, products, purchases
from regulars.operations.ports import RowFile
from regulars.tracking import past

_TITLES = 20  # lines that may stand above a header


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file of one kind holds: its fields, which of them are numbers, amounts and dates, and whose exports are known."""

    fields: tuple[str, ...]
    required: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    formats: tuple[Format, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """`read_as`: what was decided, in words; () of a file that needed no decision. `currency`: which one its amounts name."""

    file: RowFile
    reading: Reading
    read_as: tuple[str, ...] = ()
    currency: str | None = None


ORDERS = Shape(
    purchases.FIELDS, purchases.REQUIRED, ("quantity", *purchases.AMOUNTS), purchases.MOMENTS, purchases.AMOUNTS, order_formats.FORMATS)
EVENTS = Shape(past.FIELDS, past.REQUIRED, moments=past.MOMENTS)


def customers_shape(attributes: Mapping[str, Attribute]) -> Shape:
    numbers = tuple(name for name, each in attributes.items() if each.kind in {Kind.NUMBER, Kind.WHOLE, Kind.MONEY} and not each.options)
    days = tuple(name for name, each in attributes.items() if each.kind is Kind.DATE and not each.options)
    moments = ("birthday", "consent_at", "created_at", *days)
    return Shape((*people.FIELDS, *attributes), people.REQUIRED, numbers, moments, formats=customer_formats.FORMATS)


def products_shape(shop: Shop) -> Shape:
    amounts = ("price", "compare_at")
    numbers = (*amounts, "stock", "usual_gap_days")
    return Shape(products.FIELDS, products.REQUIRED, numbers, (), amounts, product_formats.formats(shop.url))


def understood(
    file: RowFile, shape: Shape, shop: Shop, now: datetime, *, maps: Mapping[str, str] | None = None, dates: str | None = None,
    name: str = "the file",
) -> Understood:
    """Reads the file once from end to end. `maps`: field -> column's name, as given by --map. Raises UsageError with all that is
    wrong with the header, or with the line of a date that can be two."""
    mapped = maps or {}
    known = recognised(file.columns, shape.formats)
    table = Translated(file, known, frozenset(mapped)) if known else file
    header = _header(table, shape, mapped, name)
    sheet = Sheet()
    if shape.numbers or shape.moments:
        sheet = survey(table.rows(), header, shape.numbers, shape.moments, dates=dates, amounts=shape.amounts, file=name)
    said = (f"taken for {known.name}",) if known else ()
    return Understood(table, Reading(header, ZoneInfo(shop.timezone), now, sheet.spellers), (*said, *sheet.said), sheet.currency)


def _header(table: RowFile, shape: Shape, mapped: Mapping[str, str], name: str) -> Header:
    try:
        header = match_header(table.columns, shape.fields, shape.required, mapped)
    except UsageError:
        _refuse_title(table, shape, name)
        raise
    if isinstance(table, Translated):
        return replace(header, others=tuple((other, place) for other, place in header.others if other not in table.dropped))
    return header


def _refuse_title(table: RowFile, shape: Shape, name: str) -> None:
    """Says which line is the header, where it is not the first."""
    for line, row in islice(table.rows(), _TITLES):
        cells = [] if isinstance(row, str) else row
        found = {plain for cell in cells for plain in ["_".join(cell.replace("-", " ").split()).casefold()]}
        if (len(found) > 1 and found.issuperset(shape.required)) or recognised(cells, shape.formats):
            raise UsageError(
                f"{name}:1: the first line does not name the columns; line {line} does", hint="delete the lines above it, and import again")
