"""Referrals whose time has come, with all that the decision about them depends on: a batch in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Select, func, select

from regulars.adapters.database.cuts import frame_for
from regulars.adapters.database.predicates import compile_condition
from regulars.adapters.database.referral_evidence import evidence_on
from regulars.adapters.database.referrals import first_names
from regulars.adapters.database.rewards import entries_of_referrals
from regulars.adapters.database.schema import OPEN_REFERRAL, customers, orders, referrals
from regulars.adapters.database.types import among
from regulars.definition.conditions import All, Condition
from regulars.definition.programme import ReferralProgramme
from regulars.definition.quantities import Money
from regulars.definition.workspace import Segment, Shop, Workspace
from regulars.loyalty.confirming import Case, due_at, earliest_of_cap
from regulars.loyalty.referrals import ReferralState, Tie

LIVE = "live"
NO_SEGMENTS: Mapping[str, Segment] = MappingProxyType({})


def due_referrals(connection: Connection, shop: Shop, now: datetime, most: int) -> Sequence[Any]:
    """The oldest first; the index of open ones gives them in this order."""
    programme = shop.referral
    if programme is None:
        return ()
    latest = now - timedelta(days=28 * programme.confirmed_after.months, seconds=programme.confirmed_after.seconds)
    return [row for row in connection.execute(due_query(latest, most)) if due_at(row.ordered_at, programme, shop.timezone) <= now]


def due_query(latest: datetime, most: int) -> Select[Any]:
    return select(referrals.c.id, referrals.c.advocate_id, referrals.c.friend_id, referrals.c.ordered_at).where(
        OPEN_REFERRAL, referrals.c.state == ReferralState.ORDERED.value, referrals.c.ordered_at <= latest,
    ).order_by(referrals.c.ordered_at).limit(most)


def cases_of(connection: Connection, ids: Sequence[int], compare_in: str) -> Sequence[Case]:
    query = (
        select(referrals, orders.c.total, orders.c.refunded, orders.c.currency, orders.c.total_compared, orders.c.origin)
        .join(orders, orders.c.order_id == referrals.c.order_id)
        .where(among(referrals.c.id, ids), referrals.c.state == ReferralState.ORDERED.value)
        .order_by(referrals.c.ordered_at, referrals.c.order_id)
    )
    rows = connection.execute(query).all()
    evidence = evidence_on(connection, {row.friend_id: Tie(row.advocate_id, row.code, row.order_id, row.ordered_at) for row in rows})
    entries = entries_of_referrals(connection, [row.id for row in rows])
    names = first_names(connection, [row.friend_id for row in rows])
    return [
        Case(
            row.id, row.advocate_id, row.friend_id, row.order_id, row.ordered_at, Money(row.total - row.refunded, row.currency),
            Money(row.total_compared, compare_in), evidence[row.friend_id], row.decided_at, row.origin == LIVE,
            entries.get(row.id, ()), names.get(row.friend_id),
        )
        for row in rows
    ]


def currencies_of(connection: Connection, customer_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """In which each paid, the latest first."""
    latest = func.max(orders.c.ordered_at)
    query = select(orders.c.customer_id, orders.c.currency).where(among(orders.c.customer_id, customer_ids)).group_by(
        orders.c.customer_id, orders.c.currency).order_by(latest.desc(), orders.c.currency)
    found: dict[int, tuple[str, ...]] = {}
    for id_, currency in connection.execute(query):
        found[id_] = (*found.get(id_, ()), currency)
    return found


def rewarded_times(connection: Connection, cases: Sequence[Case], programme: ReferralProgramme) -> dict[int, list[datetime]]:
    since = earliest_of_cap(programme, min(case.ordered_at for case in cases))
    query = select(referrals.c.advocate_id, referrals.c.rewarded_at).where(
        among(referrals.c.advocate_id, {case.advocate_id for case in cases}), referrals.c.state == ReferralState.REWARDED.value,
        *(() if since is None else (referrals.c.rewarded_at > since,)))
    found: dict[int, list[datetime]] = defaultdict(list)
    for id_, at in connection.execute(query):
        found[id_].append(at)
    return found


def segments_of(
    connection: Connection, customer_ids: Collection[int], members: Mapping[str, Condition], shop: Shop, now: datetime,
    segments: Mapping[str, Segment] = NO_SEGMENTS,
) -> dict[int, set[str]]:
    """Which of these names fit each of the customers now; one query a name. `segments`: those that conditions name."""
    found: dict[int, set[str]] = defaultdict(set)
    if not members or not customer_ids:
        return found
    frame = frame_for(connection, Workspace(shop, segments, {}), now, All(tuple(members.values())))
    for name, where in members.items():
        inside = select(customers.c.id).where(among(customers.c.id, customer_ids), compile_condition(connection, where, frame))
        for id_ in connection.scalars(inside):
            found[id_].add(name)
    return found
