"""Every hole in the wall on one page: what operations ask of the world."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class Progress(Protocol):
    def __call__(self, done: int, total: int | None = None) -> None:
        """`done` units so far, of `total` when it is known."""
        ...
