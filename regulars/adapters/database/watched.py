"""Who was found before: members of watched segments, and those whose moment has come."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, literal, not_, or_, select

from regulars.adapters.database.predicates import frame_for, matching
from regulars.adapters.database.schema import customers, journeys, memberships, passed_over
from regulars.adapters.database.types import UtcTime, among
from regulars.adapters.database.upsert import upsert
from regulars.definition.conditions import All, Condition
from regulars.definition.workspace import Workspace
from regulars.journeys.entering import entry_condition
from regulars.journeys.journey import JourneyState
from regulars.journeys.live import LiveAutomation
from regulars.journeys.watching import MEMBERSHIPS, watched_condition


def members(connection: Connection, live: LiveAutomation, now: datetime, *, who_may_enter: bool = False) -> Select[tuple[int]]:
    """Ids of those in what it watches."""
    return _matching(connection, live, now, [watched_condition(live.automation.trigger)], who_may_enter)


def who_may_enter(connection: Connection, live: LiveAutomation, now: datetime) -> Select[tuple[int]]:
    """Ids of those for whom its own condition holds."""
    return _matching(connection, live, now, [], who_may_enter=True)


def _matching(
    connection: Connection, live: LiveAutomation, now: datetime, wanted: list[Condition], who_may_enter: bool
) -> Select[tuple[int]]:
    condition = entry_condition(live) if who_may_enter else None
    asked = All((*wanted, *([condition] if condition else [])))
    workspace = Workspace(live.shop, live.segments, {})
    return matching(connection, asked, frame_for(connection, workspace, now, asked))


def is_known(campaign: str, customer_id: ColumnElement[int] = customers.c.id) -> ColumnElement[bool]:
    return exists().where(memberships.c.campaign == campaign, memberships.c.customer_id == customer_id)


def begin_watching(connection: Connection, live: LiveAutomation, now: datetime, *, everyone: bool = False) -> None:
    """Forgets whom it knew. Who is in it now is known already, unless `everyone` is to be found at the first look."""
    connection.execute(delete(memberships).where(memberships.c.campaign == live.name))
    if live.automation.trigger.event not in MEMBERSHIPS or everyone:
        return
    inside = members(connection, live, now).subquery("inside")
    row = select(literal(live.name), inside.c.id, literal(now, UtcTime()))
    connection.execute(memberships.insert().from_select(["campaign", "customer_id", "since"], row))


def claim(connection: Connection, campaign: str, moments: Mapping[int, datetime], *, once: bool) -> set[int]:
    """Of these customers those whom nobody else has found for this moment; `once`: for any moment at all."""
    if not moments:
        return set()
    rows = [{"campaign": campaign, "customer_id": customer, "since": at} for customer, at in sorted(moments.items())]
    new = upsert(connection, memberships).values(rows)
    if once:
        found = new.on_conflict_do_nothing()
    else:
        found = new.on_conflict_do_update(
            index_elements=["campaign", "customer_id"], set_={"since": new.excluded.since}, where=memberships.c.since < new.excluded.since,
        )
    return set(connection.scalars(found.returning(memberships.c.customer_id)))


def forget(connection: Connection, campaign: str, customer_ids: Collection[int]) -> None:
    connection.execute(delete(memberships).where(memberships.c.campaign == campaign, among(memberships.c.customer_id, customer_ids)))


def pass_over(connection: Connection, campaign: str, day: date, count: int, reason: str, now: datetime) -> None:
    new = upsert(connection, passed_over).values(campaign=campaign, day=day, customers=count, reason=reason, noted_at=now)
    connection.execute(new.on_conflict_do_update(
        index_elements=["campaign", "day"], set_={"customers": passed_over.c.customers + count, "noted_at": now},
    ))


def count_entering(connection: Connection, live: LiveAutomation, now: datetime, *, everyone: bool) -> tuple[int, int, int]:
    """How many are in what it watches; of them, how many may enter; and of those, how many would now."""
    inside = members(connection, live, now).subquery("inside")
    allowed = members(connection, live, now, who_may_enter=True).subquery("allowed")
    mine = allowed.c.id
    unknown = [] if everyone else [not_(is_known(live.name, mine))]
    counts = (
        select(func.count()).select_from(inside),
        select(func.count()).select_from(allowed),
        select(func.count()).select_from(allowed).where(*unknown, not_(_had_their_turn(live, mine, now))),
    )
    first, second, third = (connection.scalar(query) or 0 for query in counts)
    return first, second, third


def _had_their_turn(live: LiveAutomation, customer_id: ColumnElement[int], now: datetime) -> ColumnElement[bool]:
    """Near enough for a number that is only shown: whoever enters is asked exactly."""
    mine = exists().where(journeys.c.campaign == live.name, journeys.c.customer_id == customer_id)
    again = live.automation.again
    if again is None:
        return mine
    since = now - timedelta(seconds=again.seconds, days=30 * again.months)
    return mine.where(or_(journeys.c.state != JourneyState.ENDED.value, journeys.c.entered_at > since))
