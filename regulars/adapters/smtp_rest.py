"""How long a relay that let nobody in is left alone."""

from __future__ import annotations

import time

from regulars.errors import SettingsError, Unreachable

FIRST = 1.0
LONGEST = 300.0


class Rest:
    """Doubles from a second to five minutes, so that a dead relay does not cost a composed batch every time somebody looks."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._until = 0.0
        self._why: Unreachable | SettingsError | None = None

    def insist(self) -> None:
        """Raises what was wrong, while it is too early to try again."""
        left = self._until - time.monotonic()
        if left <= 0 or self._why is None:
            return
        if isinstance(self._why, SettingsError):
            raise SettingsError(self._why.problems)
        raise Unreachable(f"{self._why.message}; the next attempt is in {left:.0f} s", hint=self._why.hint)

    def failed(self, why: Unreachable | SettingsError) -> None:
        self._seconds = min(max(self._seconds * 2, FIRST), LONGEST)
        self._until, self._why = time.monotonic() + self._seconds, why

    def worked(self) -> None:
        self._seconds, self._why = 0.0, None
