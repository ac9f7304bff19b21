"""Puts addresses on the list of those never to write to, and takes them off."""

from __future__ import annotations

from datetime import datetime

from regulars.audience.addresses import Address, read_address
from regulars.audience.suppression import Suppression, read_suppression
from regulars.errors import UsageError
from regulars.operations.importing import ROWS_AT_ONCE, Imported, Source, groups, in_lists, read_rows
from regulars.operations.ports import SuppressionList

_TOO_MANY = "{key} stands in too many rows; is email the right column?"
MOST_ROWS = 1_000


def suppress(suppressions: SuppressionList, email: str, reason: str, note: str | None, now: datetime) -> bool:
    """True when the address was not on the list yet."""
    return suppressions.add([Suppression(address_of(email), reason, note=note)], now)[0]


def unsuppress(suppressions: SuppressionList, email: str) -> None:
    if not suppressions.remove(address_of(email).key):
        raise UsageError(f"{email} is not on the list", hint="regulars suppress list shows it, half hidden")


def import_suppressions(source: Source, suppressions: SuppressionList, *, dry_run: bool = False) -> Imported:
    """An address that is on the list already stays with its first reason."""
    result = read_rows(source, read_suppression, key=lambda one: one.address.key)
    for batch in in_lists(groups(source, result, MOST_ROWS, _TOO_MANY), ROWS_AT_ONCE):
        new = suppressions.add([group[0][1] for group in batch], source.reading.now, dry_run=dry_run)
        for group, is_new in zip(batch, new, strict=True):
            result.imported += len(group) if is_new else 0
            result.unchanged += 0 if is_new else len(group)
    return result


def address_of(email: str) -> Address:
    """Raises UsageError when it is no address."""
    try:
        return read_address(email)
    except ValueError as error:
        raise UsageError(str(error)) from error
