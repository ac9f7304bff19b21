"""A process that sends is seen: it says every few seconds that it lives, and what keeps it from sending."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.errors import RegularsError
from regulars.operations.ports import Clock, Workers

BEATS_EVERY = timedelta(seconds=5)
LONGEST_TROUBLE = 500


class Heartbeat:
    """Of one process. `kind`: worker | up; the beat of Celery is noted by whoever hears it, see `heard`."""

    def __init__(self, workers: Workers, clock: Clock, *, owner: str, kind: str, version: str) -> None:
        self._workers = workers
        self._clock = clock
        self._owner = owner
        self._kind = kind
        self._version = version
        self._noted: dict[str, datetime] = {}
        self._trouble: str | None = None

    def __call__(self) -> None:
        """Cheap to call often. A database that does not answer is no reason to stop: it will be told later."""
        self._note(self._owner, self._kind)

    def heard(self, beat: str) -> None:
        """The bell of a sweep came from this process's beat."""
        self._note(beat, "beat")

    def troubled(self, error: RegularsError | None) -> None:
        """What keeps it from sending; None when nothing does any more."""
        told = error.message[:LONGEST_TROUBLE] if error else None
        if told != self._trouble:
            self._trouble = told
            self._noted.pop(self._owner, None)
        self()

    def leave(self) -> None:
        """It ends as it should, and nobody needs to wonder where it is."""
        try:
            self._workers.leave(self._owner)
        except RegularsError:
            return

    def _note(self, owner: str, kind: str) -> None:
        now, last = self._clock.now(), self._noted.get(owner)
        if last is not None and timedelta() <= now - last < BEATS_EVERY:
            return
        try:
            self._workers.seen(owner, kind, self._version, self._trouble if owner == self._owner else None)
        except RegularsError:
            return
        self._noted[owner] = now
