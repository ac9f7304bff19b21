"""After a recovery: who is in a watched segment by now may have been found there already, in the time that was lost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from regulars.adapters.database.automations import live_on
from regulars.adapters.database.watched import begin_watching
from regulars.journeys.watching import MEMBERSHIPS


def know_members(connection: Connection, now: datetime) -> None:
    """They count as known, and enter when they come into it the next time; else somebody would get a first mail twice."""
    for live in live_on(connection).values():
        if live.automation.trigger.event in MEMBERSHIPS:
            begin_watching(connection, live, now)
