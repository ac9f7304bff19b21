"""Rows of a customers file: who they are, and the shop's declared attributes typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from regulars.audience import cells
from regulars.audience.addresses import Address, read_address
from regulars.audience.cells import BadCell
from regulars.audience.consent import Consent, latest, read_consent
from regulars.audience.record import Record
from regulars.audience.suppression import read_reason
from regulars.definition.conditions import Kind
from regulars.definition.text import fold
from regulars.definition.workspace import Attribute
from regulars.diagnostics import nearest

REQUIRED = ("email",)
FIELDS = (
    "email", "customer_id", "first_name", "last_name", "locale", "timezone", "country", "city", "birthday", "consent",
    "consent_at", "consent_source", "created_at", "tags", "suppressed",
)
PLAIN = ("first_name", "last_name", "locale", "timezone", "country", "city")  # texts that are kept as they are
LONGEST_TAG = 100

_LOCALE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|\d{3}))?")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """What a row tells; a cell left empty tells nothing and changes nothing.

    `texts`: of PLAIN. `birthday`: (date or None, 517). `attributes`: typed as JSON holds them.
    `tags`: added to those the customer carries; a file takes none away. `told_at`: by the shop's clock; what it told earlier
    does not undo this. None: whatever was known. `suppressed`: why nobody may write to the address any more.
    """

    address: Address
    shop_id: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    birthday: tuple[date | None, int] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    consent: Consent | None = None
    created_at: datetime | None = None
    tags: tuple[str, ...] = ()
    told_at: datetime | None = None
    suppressed: str | None = None

    def told(self, at: datetime) -> PersonRow:
        return replace(self, told_at=at)

    @property
    def key(self) -> str:
        return f"shop_id:{self.shop_id}" if self.shop_id else f"email:{self.address.key}"


def read_person(record: Record, attributes: Mapping[str, Attribute]) -> PersonRow:
    """Raises BadCell with the column and the reason."""
    texts = {name: value for name in PLAIN if (value := record.read(name, _READERS.get(name, cells.text))) is not None}
    typed = {name: value for name, attribute in attributes.items() if (value := _attribute(record, attribute)) is not None}
    return PersonRow(
        _address(record), record.read("customer_id", cells.shop_id), texts, record.read("birthday", cells.birthday), typed,
        read_consent(record), record.past("created_at"), record.read("tags", _tags) or (), suppressed=record.read("suppressed", read_reason),
    )


def merged(rows: Sequence[PersonRow]) -> PersonRow:
    """Several rows of one person, in the file's order: the last word on each field."""
    whole = rows[0]
    for row in rows[1:]:
        whole = replace(
            row, shop_id=row.shop_id or whole.shop_id, texts={**whole.texts, **row.texts},
            birthday=row.birthday or whole.birthday, attributes={**whole.attributes, **row.attributes},
            consent=latest(whole.consent, row.consent), created_at=row.created_at or whole.created_at,
            tags=tuple(dict.fromkeys((*whole.tags, *row.tags))), suppressed=row.suppressed or whole.suppressed,
        )
    return whole


def typed_value(written: str, attribute: Attribute) -> Any:
    """An attribute's value as JSON holds it: numbers as numbers, dates in ISO form. BadCell when it is none."""
    if attribute.options:
        return _option(written, attribute)
    return _ATTRIBUTE_READERS.get(attribute.kind, cells.text)(written)


def folded_value(value: Any) -> Any:
    """As conditions compare it: texts folded, everything else as it is."""
    return fold(value) if isinstance(value, str) else value


def value_for_templates(stored: Any, attribute: Attribute) -> Any:
    """An attribute as a mail shows it: Decimal, int, date, bool or text; the declared default when absent, else None."""
    if stored is None:
        if attribute.default is None:
            return None
        stored = typed_value(attribute.default, attribute)
    if attribute.kind is Kind.DATE:
        return date.fromisoformat(stored)
    return Decimal(str(stored)) if attribute.kind is Kind.NUMBER else stored


def _address(record: Record) -> Address:
    written = record.required("email")
    try:
        return read_address(written)
    except ValueError as error:
        raise BadCell(f"email: {error}") from error


def _attribute(record: Record, attribute: Attribute) -> Any:
    return record.read(attribute.name, lambda cell: typed_value(cell.strip(), attribute))


def _option(written: str, attribute: Attribute) -> str:
    by_fold = {fold(option): option for option in attribute.options}
    if (option := by_fold.get(fold(written))) is None:
        near = nearest(written, attribute.options)
        raise BadCell(f'"{written[:40]}" is none of {", ".join(attribute.options)}' + (f'; did you mean "{near}"?' if near else ""))
    return option


def _tags(cell: str) -> tuple[str, ...]:
    """Tags in one cell are separated by commas or semicolons."""
    words = (" ".join(word.split()) for word in re.split("[,;]", cell))
    tags = tuple(dict.fromkeys(word for word in words if word))
    if too_long := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
        raise BadCell(f'the tag "{too_long[:40]}…" is longer than {LONGEST_TAG} letters')
    return tags


def _locale(cell: str) -> str:
    written = cell.strip()
    if not _LOCALE.fullmatch(written):
        raise BadCell(f'"{written[:40]}" is not a locale; write tr, az or en_GB')
    return written.replace("-", "_")


@lru_cache(maxsize=1_024)  # listing the zones takes milliseconds
def _timezone(cell: str) -> str:
    written = cell.strip()
    if written not in available_timezones():
        raise BadCell(f'"{written[:40]}" is not a time zone; write Europe/Istanbul')
    return written


def _yes_no(cell: str) -> bool:
    word = cell.strip().casefold()
    if word not in _YES_NO:
        raise BadCell(f'"{cell.strip()[:40]}" is neither yes nor no')
    return _YES_NO[word]


def _decimal(cell: str) -> int | float:
    value = cells.number(cell)
    return int(value) if value == value.to_integral_value() else float(value)


def _day(cell: str) -> str:
    try:
        return date.fromisoformat(cell.strip()).isoformat()
    except ValueError as error:
        raise BadCell(f'"{cell.strip()[:40]}" is not a day; write 2026-05-17') from error


_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_READERS: Mapping[str, Callable[[str], str | None]] = {"locale": _locale, "timezone": _timezone}
_ATTRIBUTE_READERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.NUMBER: _decimal, Kind.WHOLE: cells.whole, Kind.YES_NO: _yes_no, Kind.DATE: _day, Kind.MONEY: cells.money,
}
