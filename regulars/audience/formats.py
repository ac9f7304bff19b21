"""Files of other systems, known by their header and read as ours: each is a table of where our fields stand in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from regulars.audience.cells import BadCell
from regulars.audience.header import plain_name

Cells = list[str]


class Rows(Protocol):
    """operations.ports.RowFile, which a room cannot name."""

    @property
    def columns(self) -> Sequence[str]: ...

    def rows(self) -> Iterator[tuple[int, list[str] | str]]: ...


@dataclass(frozen=True, slots=True)
class From:
    """Where a field stands: the first of `columns` that says anything. `make` is given all of them instead, "" for those that
    are absent, and no columns at all mean that every row says the same."""

    columns: tuple[str, ...] = ()
    make: Callable[..., str] | None = None


def column(*names: str) -> From:
    return From(names)


@dataclass(frozen=True, slots=True)
class Format:
    """`signature`: columns that stand together in no other file; `without`: columns that it does not have. `kept`: other columns
    that are kept with the row; None: all of them. `of_one`: the column by which rows that follow each other are of one thing, and
    `told_once`: columns that only the first of them fills, perhaps with that one. `only_with`: a row that has none of these is no row of ours.
    `items`: makes several rows of one, in fields."""

    name: str
    signature: tuple[str, ...]
    fields: Mapping[str, From]
    without: tuple[str, ...] = ()
    kept: tuple[str, ...] | None = None
    of_one: str = ""
    told_once: tuple[str, ...] = ()
    only_with: tuple[str, ...] = ()
    items: Callable[[Mapping[str, str]], Sequence[Mapping[str, str]]] | None = None
    item_fields: tuple[str, ...] = ()


def recognised(columns: Sequence[str], formats: Sequence[Format]) -> Format | None:
    """The one whose signature the header carries; of several the most particular one."""
    present = {plain_name(name) for name in columns}
    fitting = [
        each for each in formats
        if present.issuperset(map(plain_name, each.signature)) and present.isdisjoint(map(plain_name, each.without))
    ]
    return max(fitting, key=lambda each: len(each.signature), default=None)


@dataclass(frozen=True)
class Translated:
    """The file with our fields in front of its own columns. `mapped`: fields that --map finds in the file's own columns."""

    file: Rows
    format: Format
    mapped: frozenset[str] = frozenset()
    _layout: Cells = field(init=False)
    _picks: list[Callable[[Cells], str]] = field(init=False)

    def __post_init__(self) -> None:
        places: dict[str, int] = {}
        for number, name in enumerate(self.file.columns):
            places.setdefault(plain_name(name), number)
        found = {
            name: source for name, source in self.format.fields.items()
            if name not in self.mapped and (not source.columns or any(plain_name(each) in places for each in source.columns))
        }
        items = [name for name in self.format.item_fields if name not in self.mapped]
        object.__setattr__(self, "_layout", [*found, *items])
        object.__setattr__(self, "_picks", [_pick(source, places) for source in found.values()])

    @property
    def columns(self) -> Cells:
        return [*self._layout, *self.file.columns]

    @property
    def dropped(self) -> frozenset[str]:
        """Columns of the file that are neither read nor kept."""
        claimed = {plain_name(name) for source in self.format.fields.values() for name in source.columns}
        kept = None if self.format.kept is None else {plain_name(name) for name in self.format.kept}
        return frozenset(
            name.strip() for name in self.file.columns
            if (plain_name(name) in claimed if kept is None else plain_name(name) not in kept))

    def rows(self) -> Iterator[tuple[int, Cells | str]]:
        width, own = len(self.file.columns), [plain_name(name) for name in self.file.columns]
        needed = [own.index(name) for name in map(plain_name, self.format.only_with) if name in own]
        for line, row in self._filled(own):
            if isinstance(row, str) or any(cell.strip() for cell in row[width:]):
                yield line, row if isinstance(row, str) else _too_wide(row, width)
            elif not needed or any(row[place].strip() for place in needed if place < len(row)):
                try:
                    told = [pick(row) for pick in self._picks]
                except BadCell as error:
                    yield line, str(error)
                    continue
                padded = [*row[:width], *[""] * (width - len(row))]
                yield from ((line, [*cells, *padded]) for cells in self._unfolded(told, row, own))

    def _filled(self, own: Sequence[str]) -> Iterator[tuple[int, Cells | str]]:
        """Rows that follow one of the same thing, with what only that one told."""
        one = own.index(plain_name(self.format.of_one)) if plain_name(self.format.of_one) in own else None
        carried = [own.index(name) for name in map(plain_name, self.format.told_once) if name in own]
        first: Cells = []
        for line, row in self.file.rows():
            if one is not None and not isinstance(row, str) and one < len(row):
                is_same = bool(first) and (row[one] == first[one] or (one in carried and not row[one].strip()))
                for place in carried if is_same else ():
                    if place < min(len(row), len(first)) and not row[place].strip():
                        row[place] = first[place]
                first = first if is_same else row
            yield line, row

    def _unfolded(self, told: Cells, row: Cells, own: Sequence[str]) -> Iterator[Cells]:
        if self.format.items is None:
            yield told
            return
        names = self._layout[len(told):]
        for item in self.format.items(dict(zip(own, row, strict=False))) or [{}]:
            yield [*told, *(item.get(name, "") for name in names)]


def _pick(source: From, places: Mapping[str, int]) -> Callable[[Cells], str]:
    numbers = [places.get(plain_name(name)) for name in source.columns]
    make = source.make

    def cell(row: Cells, number: int | None) -> str:
        return row[number] if number is not None and number < len(row) else ""

    if make is not None:
        return lambda row: make(*(cell(row, number) for number in numbers))
    if len(numbers) == 1:
        return lambda row: cell(row, numbers[0])
    return lambda row: next((told for number in numbers if (told := cell(row, number)).strip()), "")


def _too_wide(row: Sequence[str], width: int) -> str:
    return f"the row has {len(row)} cells, the header names {width}; quote cells that hold the separator"
