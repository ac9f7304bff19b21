"""Tells of changed products: once for each customer who wishes any of them, however many changed at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from regulars.journeys.gathering import GATHER, happenings, worth_telling
from regulars.operations.happen import happen
from regulars.operations.ports import Gatherings

BATCH = 500  # customers of one transaction


def spread(gatherings: Gatherings, now: datetime, go_on: Callable[[], bool] = lambda: True) -> int:
    """How many journeys began. May be broken off anywhere: nobody is told twice of one gathering, and the next call goes on."""
    began = 0
    for gathering in gatherings.open(now - GATHER):
        worth = worth_telling(gathering)
        while worth and (wishers := gatherings.wishers(gathering, sorted(worth), BATCH)):
            with gatherings.writing() as page:
                fresh = page.record(happenings(gathering, worth, wishers))
                began += happen(fresh, page.journeys, now)
            if not go_on():
                return began
        gatherings.close(gathering, now)
    return began
