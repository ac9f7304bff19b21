"""How wide columns and pictures are; the compiler forgets the padding of the section around them.

Browsers shrink what is too wide, Outlook does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regulars.content.markup import Event, Mark

_DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "mj-body": {"width": "600px"},
    "mj-section": {"padding": "20px 0"},
    "mj-wrapper": {"padding": "20px 0"},
    "mj-image": {"padding": "10px 25px"},
}
_CELL = re.compile(r'(<!--\[if mso \| IE\]><td (?:class="[^"]*" )?style="(?:vertical-align:\w+;)?width:)[\d.]+px(;"><!\[endif\]-->)')
_FRAMES = ("mj-section", "mj-wrapper", "mj-column", "mj-group")


@dataclass(frozen=True, slots=True)
class Picture:
    """`most` pixels fit; `unset`: nobody said how wide, so it fills the column."""

    most: int
    unset: bool


@dataclass(frozen=True, slots=True)
class Widths:
    """`pictures`: by the offset of each mj-image in a column. `columns`: pixels of each column and group, in order."""

    pictures: Mapping[int, Picture]
    columns: Sequence[float]


def widths_of(events: Sequence[Event]) -> Widths:
    return _Measure(_declared(events)).walk(events)


def with_outlook_widths(html: str, columns: Sequence[float]) -> str:
    """Compiled HTML whose cells for Outlook are as wide as the columns really are."""
    if len(_CELL.findall(html)) != len(columns):
        return html  # something that we do not know makes such cells too; better as the engine made it
    widths = iter(columns)
    return _CELL.sub(lambda cell: f"{cell[1]}{_number(next(widths))}px{cell[2]}", html)


@dataclass(slots=True)
class _Measure:
    declared: Mapping[str, Mapping[str, str]]
    room: list[tuple[str, float, int]] = field(default_factory=list)  # open frames: name, inner width, columns in it
    found: dict[int, Picture] = field(default_factory=dict)
    columns: list[float] = field(default_factory=list)

    def walk(self, events: Sequence[Event]) -> Widths:
        for index, event in enumerate(events):
            if event.mark is Mark.OPEN and event.name == "mj-body":
                self.room.append((event.name, _pixels(self.attribute(event, "width")) or 600.0, 1))
            elif event.mark is Mark.OPEN and event.name in _FRAMES and self.room:
                self.room.append((event.name, self.inner(event), _columns(events, index)))
            elif event.mark is Mark.CLOSE and self.room and self.room[-1][0] == event.name:
                self.room.pop()
            elif event.name == "mj-image" and event.mark in (Mark.OPEN, Mark.EMPTY) and len(self.room) > 1:
                most = int(self.room[-1][1] - self.padding(event))
                self.found[event.at] = Picture(most, unset=not self.attribute(event, "width"))
        return Widths(self.found, self.columns)

    def inner(self, event: Event) -> float:
        _, outer, columns = self.room[-1]
        if event.name in ("mj-column", "mj-group"):
            width = self.attribute(event, "width")
            share = _percent(width)
            outer = _pixels(width) or outer * (share / 100 if share else 1 / max(columns, 1))
            self.columns.append(outer)
        return outer - self.padding(event)

    def padding(self, event: Event) -> float:
        sides = _sides(self.attribute(event, "padding"))
        own = [_pixels(self.attribute(event, f"padding-{side}")) for side in ("left", "right")]
        return sum(sides if given is None else given for given in own)

    def attribute(self, event: Event, name: str) -> str:
        own = event.get(name)
        if own is not None and own.value is not None:
            return own.value
        classes = event.get("mj-class")
        for word in (classes.value or "").split() if classes else ():
            if name in self.declared.get("." + word, {}):
                return self.declared["." + word][name]
        for source in (self.declared.get(event.name, {}), self.declared.get("mj-all", {}), _DEFAULTS.get(event.name, {})):
            if name in source:
                return source[name]
        return ""


def _declared(events: Sequence[Event]) -> Mapping[str, Mapping[str, str]]:
    """What mj-attributes says: element or `.class` -> attributes."""
    declared: dict[str, dict[str, str]] = {}
    inside = False
    for event in events:
        if event.name == "mj-attributes":
            inside = event.mark is Mark.OPEN
        elif inside and event.attributes:
            named = event.get("name")
            key = f".{named.value}" if event.name == "mj-class" and named else event.name
            declared.setdefault(key, {}).update({each.name: each.value or "" for each in event.attributes})
    return declared


def _columns(events: Sequence[Event], start: int) -> int:
    """Columns and groups directly inside the frame that opens at `start`."""
    depth = count = 0
    for event in events[start + 1:]:
        if event.name not in (*_FRAMES, "mj-body"):
            continue
        if event.mark is Mark.CLOSE:
            if depth == 0:
                break
            depth -= 1
        else:
            count += depth == 0 and event.name in ("mj-column", "mj-group")
            depth += event.mark is Mark.OPEN
    return count


def _number(pixels: float) -> str:
    return f"{pixels:.2f}".rstrip("0").rstrip(".")


def _sides(padding: str) -> float:
    """The mean of left and right in `10px 25px`."""
    values = [_pixels(word) or 0.0 for word in padding.split()]
    if len(values) == 4:
        return (values[1] + values[3]) / 2
    return values[min(1, len(values) - 1)] if values else 0.0


def _pixels(text: str) -> float | None:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)(?:px)?\s*", text)
    return float(match[1]) if match else None


def _percent(text: str) -> float | None:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)%\s*", text)
    return float(match[1]) if match else None
