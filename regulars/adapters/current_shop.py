"""regulars.yaml as it is at this moment, for those who run for long."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from regulars.definition.reading import SHOP_FILE
from regulars.definition.workspace import Shop
from regulars.errors import WorkspaceBroken

LOOK_EVERY = 2.0  # seconds


class CurrentShop:
    """Read again when the file has changed. While it is broken the last good one holds; None before there was one."""

    def __init__(self, project: str, read: Callable[[], Shop], clock: Callable[[], float] = time.monotonic) -> None:
        self._file = Path(project) / SHOP_FILE
        self._read, self._clock = read, clock
        self._shop: Shop | None = None
        self._stamp: tuple[int, int] | None = None
        self._look_at = 0.0

    def __call__(self) -> Shop | None:
        if self._clock() >= self._look_at:
            self._look_at = self._clock() + LOOK_EVERY
            stamp = self._stamp_now()
            if stamp != self._stamp:
                self._stamp = stamp
                self._look()
        return self._shop

    def _look(self) -> None:
        try:
            self._shop = self._read()
        except (WorkspaceBroken, OSError):
            return

    def _stamp_now(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
