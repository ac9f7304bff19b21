"""What /metrics knows of the database: read at most every few seconds, however many ask."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock

from regulars.adapters.database.gauges import read_gauges
from regulars.adapters.database.traffic import Answers, Traffic
from regulars.bootstrap import House
from regulars.delivery.gauges import Gauges
from regulars.delivery.permission import Generation, Identity
from regulars.delivery.workers import Worker
from regulars.errors import RegularsError

GOOD_FOR = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Reading:
    """What the database said."""

    identity: Identity
    remembered: Generation | None
    gauges: Gauges
    workers: list[Worker]
    answers: Answers


class Meter:
    """Reads the database at most every few seconds, for any number of scrapers."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._traffic = Traffic(house.database)
        self._lock = Lock()
        self._reading: Reading | None = None
        self._read_at = 0.0

    def read(self) -> Reading | None:
        """None while the database does not answer."""
        with self._lock:
            if self._reading is None or time.monotonic() - self._read_at >= GOOD_FOR:
                self._reading, self._read_at = self._look(), time.monotonic()
            return self._reading

    def _look(self) -> Reading | None:
        house = self._house
        try:
            identity, remembered = house.permit.look()
            gauges = read_gauges(house.database, house.clock.now())
            return Reading(identity, remembered, gauges, list(house.workers.all()), self._traffic.look())
        except RegularsError:
            return None
