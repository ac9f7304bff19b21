"""One YAML file's lines while they are read, and the true places of what stands on a line that was mended."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from regulars.diagnostics import Finding, Location

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Shift:
    """On a mended line, columns (from 0) beyond `column` stand `by` characters further right than the author wrote."""

    column: int
    by: int


@dataclass(frozen=True, slots=True)
class Page:
    """`written` is what the author sees; `lines` what is parsed, after mends. `findings` told of each mend."""

    path: str
    written: tuple[str, ...]
    lines: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    shifts: dict[int, tuple[Shift, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, path: str, text: str) -> Page:
        lines = tuple(_LINE_END.split(text))
        return cls(path, lines, lines)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def place(self, line: int, column: int, length: int = 1) -> Location:
        """The author's place (from 1) of a parser's mark (from 0)."""
        line = min(line, len(self.written) - 1)
        moved = sum(shift.by for shift in self.shifts.get(line, ()) if column > shift.column)
        width = len(self.written[line])
        column = min(max(column - moved, 0), width)
        return Location(self.path, line + 1, column + 1, max(1, min(length, width - column)))

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """The text from one mark to another; line breaks become spaces."""
        if start[0] == end[0]:
            return self.lines[start[0]][start[1]:end[1]]
        last = self.lines[end[0]][:end[1]] if end[0] < len(self.lines) else ""
        parts = [self.lines[start[0]][start[1]:], *self.lines[start[0] + 1:end[0]], last]
        return " ".join(part.strip() for part in parts).strip()

    def mended(self, number: int, line: str, shifts: tuple[Shift, ...], *findings: Finding) -> Page:
        lines = (*self.lines[:number], line, *self.lines[number + 1:])
        return replace(self, lines=lines, findings=(*self.findings, *findings),
                       shifts={**self.shifts, number: (*self.shifts.get(number, ()), *shifts)})
