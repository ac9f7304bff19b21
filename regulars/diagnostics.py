"""How the house speaks to a marketer: findings with a place, a code and a way out.

A finding is shown in GNU form (`path:line:column: error[D203]: …`), so that editors jump to it.
The catalogue of codes stands in each room (`definition/codes.py`, `content/codes.py`); one room, one letter.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"      # the workspace cannot be launched
    WARNING = "warning"  # it can, and somebody will probably regret it


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file: `path` relative to the workspace, `line` and `column` from 1, `length` in characters."""

    path: str
    line: int = 1
    column: int = 1
    length: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend. `message`: lower case, no full stop. `hint`: the way out, in the marketer's words."""

    location: Location
    code: str
    message: str
    hint: str = ""
    severity: Severity = field(default=Severity.ERROR)

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def as_json(self) -> dict[str, str | int]:
        place = self.location
        return {
            "code": self.code, "severity": self.severity.value, "path": place.path, "line": place.line,
            "column": place.column, "message": self.message, "hint": self.hint,
        }


def in_reading_order(findings: Iterable[Finding]) -> list[Finding]:
    """By file, line and column, each once."""
    return sorted(set(findings))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word a person probably meant, or None."""
    candidates = {name.casefold().replace("_", "-"): name for name in known}
    close = difflib.get_close_matches(word.casefold().replace("_", "-"), candidates, n=1, cutoff=0.6)
    return candidates[close[0]] if close else None


def did_you_mean(word: str, known: Sequence[str], otherwise: str = "") -> str:
    """A hint: the nearest name, or the whole choice when it is short enough to read."""
    near = nearest(word, known)
    if near is not None:
        return f'did you mean "{near}"?'
    if otherwise:
        return otherwise
    return f"known here: {', '.join(known)}" if 0 < len(known) <= 20 else ""
