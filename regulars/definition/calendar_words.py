"""`calendar:` in regulars.yaml: days with names, and days on which nobody in a country gets marketing mail."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from regulars.definition import nodes, units
from regulars.definition.limits import Calendar
from regulars.definition.names import NAME
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Name, Notebook
from regulars.definition.tables import ListOf
from regulars.definition.units import Unfit
from regulars.definition.values import DAY, One, Schema, quantity, shape
from regulars.diagnostics import did_you_mean

Day = tuple[int, int] | date
_A_LEAP_YEAR = 2024


def _day_or_yearly(text: str) -> Day:
    """`2027-05-16`, or `11-10` for every year."""
    match = re.fullmatch(r"(\d\d)-(\d\d)", text)
    if match is None:
        swapped = re.fullmatch(r"(\d{1,2})[./](\d{1,2})\.?", text)
        if swapped:
            raise Unfit("D307", f'"{text}" is not a day', f"write month-day for every year: {swapped[2]:0>2}-{swapped[1]:0>2}")
        return units.day(text)
    month, day = int(match[1]), int(match[2])
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(_A_LEAP_YEAR, month)[1]:
        raise Unfit("D307", f"no year has a {text}", "write the month and then the day: 11-10")
    return month, day


@cache
def _countries() -> frozenset[str]:
    from babel import Locale

    codes = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in codes if re.fullmatch("[A-Z]{2}", code)) - {"ZZ", "XA", "XB", "EU", "EZ", "UN"}


def _country(text: str, _: Notebook) -> str:
    if text not in _countries():
        hint = f"write {text.upper()}" if text.upper() in _countries() else did_you_mean(text, ["TR", "AZ", "DE", "GB"], "write its two letters: TR")
        raise Unfit("D313", f'"{text}" is not a country', hint)
    return text


COUNTRY = One("a country such as TR", _country, {"type": "string", "pattern": "^[A-Z]{2}$"}, text=True)
CLOSED_DAY = One("a day such as 11-10, or 2027-11-10 for one year", quantity(_day_or_yearly), {"type": "string", "pattern": r"^(\d{4}-)?\d\d-\d\d$"})


@dataclass(frozen=True, slots=True)
class CalendarKind:
    """`{kurban-bayrami: 2027-05-16}` is an occasion, `{mourning: {TR: [11-10]}}` closed days."""

    words: str = "names with their days: {kurban-bayrami: 2027-05-16, mourning: {TR: [11-10]}}"

    def read(self, node: Node, notes: Notebook) -> Calendar | None:
        if not isinstance(node, nodes.Mapping):
            notes.error(node.at, "D301", f"calendar is a mapping, and this is {shape(node)}", f"write {self.words}")
            return None
        occasions: dict[str, tuple[date, ...]] = {}
        closed: dict[str, dict[Day, str]] = {}
        for key, value in node.entries:
            name = NAME.read(key, notes)
            if isinstance(value, nodes.Mapping):
                for country, day in _closed(value, notes):
                    closed.setdefault(country, {}).setdefault(day, key.text)
                continue
            notes.defined[Name.OCCASION][key.text] = key.at
            days = [day for day in _several(DAY, value, notes) if isinstance(day, date)]
            if name is not None and days:
                occasions[name] = tuple(sorted(set(days)))
        return Calendar(occasions, closed)

    def schema(self) -> Schema:
        countries = {"type": "object", "minProperties": 1, "propertyNames": {"pattern": "^[A-Z]{2}$"},
                     "additionalProperties": {"anyOf": [CLOSED_DAY.schema(), ListOf(CLOSED_DAY).schema()]}}
        return {"type": "object", "propertyNames": {"pattern": NAME.json["pattern"]},
                "additionalProperties": {"anyOf": [DAY.schema(), ListOf(DAY).schema(), countries]}}


def _closed(node: nodes.Mapping, notes: Notebook) -> Iterator[tuple[str, Day]]:
    if not node.entries:
        notes.error(node.at, "D312", "no country stands here", "write {TR: [11-10]}")
    for key, value in node.entries:
        country: str | None = COUNTRY.read(key, notes)
        for day in _several(CLOSED_DAY, value, notes):
            if country is not None:
                yield country, day


def _several(kind: One, node: Node, notes: Notebook) -> tuple[Day, ...]:
    """One value, or a list of them."""
    if isinstance(node, Scalar):
        value = kind.read(node, notes)
        return () if value is None else (value,)
    return ListOf(kind).read(node, notes) or ()
