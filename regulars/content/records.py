"""What templates see of our values: groups of named fields, nothing else, and never None.

A template cannot reach a method or a private name of any object, because only declared fields answer to a dot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, Undefined

from regulars.content.vocabulary import Group, Listing, Shape, shape_of
from regulars.definition.quantities import Money


class Absent(StrictUndefined):
    """A known field without a value for this customer: false in `if`, taken over by `default`, never printed."""

    __slots__ = ()

    # Jinja's types say that these never return.
    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return isinstance(other, Undefined)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not self == other

    __hash__ = Undefined.__hash__  # type: ignore[assignment]


def absent(name: str) -> Absent:
    return Absent(hint=f"{name} is absent", name=name)


_SHOWN_AS_THEY_ARE = frozenset({str, int, Money, datetime, Decimal})


class Record:
    """An object behind a group of fields. `path` is how a template names it."""

    __slots__ = ("group", "path", "value")

    def __init__(self, group: Group, value: Any, path: str) -> None:
        self.group, self.value, self.path = group, value, path

    def field(self, name: str) -> Any:
        field = self.group.fields.get(name)
        if field is None and self.group.open:
            return absent(f"{self.path}.{name}")
        if field is None:
            return StrictUndefined(hint=f'{self.path} has no field "{name}"', name=name)
        try:
            value = field.read(self.value)
        except KeyError:
            value = None
        if type(value) in _SHOWN_AS_THEY_ARE:
            return value
        return shown(value, field.shape, f"{self.path}.{name}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.group.fields)

    def __len__(self) -> int:
        return len(self.group.fields)

    def __bool__(self) -> bool:
        return True


def shown(value: Any, shape: Shape, path: str) -> Any:
    """A value in the form in which templates get it."""
    if value is None:
        return absent(path)
    if isinstance(shape, Group):
        return Record(shape, value, path)
    if isinstance(shape, Listing):
        return listed(value, shape.of, path)
    if isinstance(value, Mapping | list | tuple):
        return shown(value, shape_of(value, path), path)
    return value


def listed(values: Iterable[Any], shape: Shape, path: str) -> tuple[Any, ...]:
    item = f"an item of {path}"
    return tuple(shown(value, shape, item) for value in values)

