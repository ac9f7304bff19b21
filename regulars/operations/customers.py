"""Shows one customer, and adds one by the same rules as an import."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from regulars.audience.card import Card
from regulars.audience.cells import BadCell
from regulars.audience.people import FIELDS, PersonRow, read_person
from regulars.audience.record import record_of
from regulars.definition.workspace import Shop
from regulars.diagnostics import did_you_mean
from regulars.errors import UsageError
from regulars.operations.ports import Cards, People, Stored
from regulars.operations.suppress import address_of


def show_customer(cards: Cards, email: str, shop: Shop) -> Card:
    """Raises UsageError when nobody has, or had, the address."""
    card = cards.of(address_of(email).key, shop.compare_in)
    if card is None:
        raise UsageError(f"nobody here has the address {email}", hint="regulars customers add EMAIL, or import customers")
    return card


def add_customer(people: People, told: Mapping[str, str], shop: Shop, now: datetime) -> bool:
    """`told`: field -> text, as a row of a customers file. False when all of it was known."""
    try:
        outcome = people.record([_row(told, shop, now)], now)[0]
    except BadCell as error:
        raise UsageError(str(error)) from error
    if isinstance(outcome, str):
        raise UsageError(outcome)
    return outcome is Stored.CHANGED


def _row(told: Mapping[str, str], shop: Shop, now: datetime) -> PersonRow:
    known = (*FIELDS, *shop.attributes)
    for field in told:
        if field not in known:
            raise UsageError(f'customers have no "{field}"', hint=did_you_mean(field, known, "declare it under attributes in regulars.yaml"))
    return read_person(record_of(told, ZoneInfo(shop.timezone), now), shop.attributes)
