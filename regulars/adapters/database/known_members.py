"""Imported history starts nothing: whom it puts into a watched segment is no newcomer there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, literal, select

from regulars.adapters.database.automations import live_on
from regulars.adapters.database.bulk import stage_ids, staged_ids
from regulars.adapters.database.schema import memberships
from regulars.adapters.database.types import UtcTime
from regulars.adapters.database.upsert import upsert
from regulars.adapters.database.watched import members
from regulars.journeys.watching import MEMBERSHIPS


def take_for_known(connection: Connection, customer_ids: Collection[int], now: datetime) -> None:
    """Call it in the transaction that recorded their history. Who enters later, by what they do or as time passes, is found as ever."""
    watched = [live for live in live_on(connection).values() if live.automation.trigger.event in MEMBERSHIPS]
    if not watched or not customer_ids:
        return
    stage_ids(connection, customer_ids)
    for live in watched:
        inside = members(connection, live, now).subquery("inside")
        rows = select(literal(live.name), inside.c.id, literal(now, UtcTime())).where(inside.c.id.in_(select(staged_ids.c.id)))
        known = upsert(connection, memberships).from_select(["campaign", "customer_id", "since"], rows)
        connection.execute(known.on_conflict_do_nothing())
