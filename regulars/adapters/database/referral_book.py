"""Referrals on their way from an order to a reward: operations.ports.ReferralBook on the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, bindparam, func, select, update

from regulars.adapters.database.bulk import stage_ids
from regulars.adapters.database.cuts import frame_for
from regulars.adapters.database.engine import Database
from regulars.adapters.database.journeys import page_on
from regulars.adapters.database.predicates import compile_condition
from regulars.adapters.database.referral_events import new_events
from regulars.adapters.database.referral_evidence import evidence_on
from regulars.adapters.database.referrals import (
    count_friends,
    first_names,
    mark_friends,
    tie_friends,
)
from regulars.adapters.database.reward_times import expire_lots, is_running_out
from regulars.adapters.database.rewards import (
    confirmed_friends,
    entries_of_referrals,
    milestones_of,
    purses_of,
    take_back_milestones,
    take_back_rewards,
    write_entries,
)
from regulars.adapters.database.schema import OPEN_REFERRAL, customers, orders, referrals, rewards
from regulars.adapters.database.types import among
from regulars.definition.conditions import All, Condition
from regulars.definition.programme import ReferralProgramme
from regulars.definition.quantities import Money
from regulars.definition.workspace import Segment, Shop, Workspace
from regulars.journeys.happenings import Happening
from regulars.loyalty.confirming import Advocate, Case, Decision, due_at, earliest_of_cap
from regulars.loyalty.referral_news import news
from regulars.loyalty.referrals import BROUGHT, KEPT, ReferralState, Tie
from regulars.loyalty.rewards import Entry, Purse
from regulars.operations.ports import JourneyPage, ReferralPage

LIVE = "live"
NO_SEGMENTS: Mapping[str, Segment] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReferralBookInDatabase:
    database: Database

    def has_work(self, shop: Shop, now: datetime) -> bool:
        with self.database.read() as connection:
            return bool(_due(connection, shop, now, 1)) or is_running_out(connection, now)

    @contextmanager
    def writing(self) -> Iterator[ReferralPage]:
        with self.database.write() as connection:
            yield _Page(connection)


@dataclass(frozen=True, slots=True)
class _Page:
    connection: Connection

    @property
    def journeys(self) -> JourneyPage:
        return page_on(self.connection)

    def due(self, shop: Shop, now: datetime, most: int) -> Sequence[Case]:
        found = _due(self.connection, shop, now, most)
        free = _locked(self.connection, {id_ for row in found for id_ in (row.advocate_id, row.friend_id)})
        ids = [row.id for row in found if {row.advocate_id, row.friend_id} <= free]
        return _cases(self.connection, ids, shop.compare_in) if ids else ()

    def advocates(self, cases: Sequence[Case], workspace: Workspace, now: datetime) -> Mapping[int, Advocate]:
        programme = workspace.shop.referral
        assert programme is not None
        ids = {case.advocate_id for case in cases}
        members = {name: workspace.segments[name].where for name in programme.by_segment if name in workspace.segments}
        segments = segments_of(self.connection, ids, members, workspace.shop, now, workspace.segments)
        currencies, confirmed = _currencies(self.connection, ids), confirmed_friends(self.connection, ids)
        milestones = milestones_of(self.connection, ids)
        rewarded = _rewarded(self.connection, cases, programme) if programme.cap is not None else {}
        return {
            id_: Advocate(
                id_, frozenset(segments.get(id_, ())), currencies.get(id_, ()), confirmed.get(id_, 0), tuple(rewarded.get(id_, ())),
                milestones.get(id_, {}))
            for id_ in ids
        }

    def record(self, decisions: Sequence[Decision], entries: Sequence[Entry], news: Sequence[Happening], now: datetime) -> Sequence[Happening]:
        moved = update(referrals).where(referrals.c.id == bindparam("p_id")).values({
            **{name: bindparam(f"p_{name}") for name in ("state", "confirmed_at", "rewarded_at", "reversed_at")},
            "reason": func.coalesce(bindparam("p_reason", type_=Text), referrals.c.reason)})
        self.connection.execute(moved, [_row(decision, now) for decision in decisions])
        write_entries(self.connection, [*(decision.reward for decision in decisions if decision.reward), *entries])
        out = [decision.case for decision in decisions if decision.state not in BROUGHT]
        mark_friends(self.connection, {case.friend_id: None for case in out})
        count_friends(self.connection, {case.advocate_id for case in out})
        earned = {entry.customer_id for entry in entries} | {decision.case.advocate_id for decision in decisions if decision.reward}
        expire_lots(self.connection, earned, now)  # of old history a reward may have run out before it is written
        return new_events(self.connection, news)

    def expire(self, now: datetime, most: int) -> int:
        return expire_lots(self.connection, None, now, most)

    def lock(self, referral_id: int) -> ReferralState | None:
        row = self.connection.execute(select(referrals.c.advocate_id, referrals.c.friend_id).where(referrals.c.id == referral_id)).first()
        if row is None:
            return None
        query = select(customers.c.id).where(customers.c.id.in_([row.advocate_id, row.friend_id])).order_by(customers.c.id)
        self.connection.execute(query.with_for_update())
        return self.state(referral_id)

    def decide(self, referral_id: int, state: ReferralState, *, by: str, why: str, now: datetime) -> Sequence[Happening]:
        before = self.connection.execute(select(referrals).where(referrals.c.id == referral_id)).one()
        self.connection.execute(update(referrals).where(referrals.c.id == referral_id).values(
            state=state.value, reason=why or None, decided_by=by, decided_at=now))
        mark_friends(self.connection, {before.friend_id: before.advocate_id if state in BROUGHT else None})
        count_friends(self.connection, {before.advocate_id})
        if before.state == ReferralState.REWARDED:
            take_back_rewards(self.connection, {referral_id: why}, now)
        if before.state in KEPT:
            take_back_milestones(self.connection, {before.advocate_id}, now)
        if state in BROUGHT:
            stage_ids(self.connection, [before.friend_id])
            tie_friends(self.connection, now, live=False)  # a no outlasts what the order went through; now that counts again
            state = self.state(referral_id)
        return new_events(self.connection, [_news_of_decision(self.connection, before, state, why, now)] if _is_news(before.state, state) else [])

    def state(self, referral_id: int) -> ReferralState:
        return ReferralState(self.connection.execute(select(referrals.c.state).where(referrals.c.id == referral_id)).scalar_one())

    def purses(self, customer_id: int, now: datetime) -> Sequence[Purse]:
        self.connection.execute(select(customers.c.id).where(customers.c.id == customer_id).with_for_update())
        expire_lots(self.connection, [customer_id], now)
        return purses_of(self.connection, [customer_id]).get(customer_id, ())

    def use(self, entry: Entry) -> bool:
        same = select(rewards.c.id).where(rewards.c.source == entry.source, rewards.c.source_id == entry.source_id)
        if self.connection.scalar(same) is not None:
            return False
        write_entries(self.connection, [entry])
        return True



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


def _due(connection: Connection, shop: Shop, now: datetime, most: int) -> Sequence[Any]:
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


def _locked(connection: Connection, customer_ids: Collection[int]) -> set[int]:
    """Those of the customers whom nobody else is writing at the moment: waiting for them while others wait for us could go round."""
    query = select(customers.c.id).where(among(customers.c.id, customer_ids)).order_by(customers.c.id)
    return set(connection.scalars(query.with_for_update(skip_locked=True))) if customer_ids else set()


def _cases(connection: Connection, ids: Sequence[int], compare_in: str) -> Sequence[Case]:
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


def _currencies(connection: Connection, customer_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """In which each paid, the latest first."""
    latest = func.max(orders.c.ordered_at)
    query = select(orders.c.customer_id, orders.c.currency).where(among(orders.c.customer_id, customer_ids)).group_by(
        orders.c.customer_id, orders.c.currency).order_by(latest.desc(), orders.c.currency)
    found: dict[int, tuple[str, ...]] = {}
    for id_, currency in connection.execute(query):
        found[id_] = (*found.get(id_, ()), currency)
    return found


def _rewarded(connection: Connection, cases: Sequence[Case], programme: ReferralProgramme) -> dict[int, list[datetime]]:
    since = earliest_of_cap(programme, min(case.ordered_at for case in cases))
    query = select(referrals.c.advocate_id, referrals.c.rewarded_at).where(
        among(referrals.c.advocate_id, {case.advocate_id for case in cases}), referrals.c.state == ReferralState.REWARDED.value,
        *(() if since is None else (referrals.c.rewarded_at > since,)))
    found: dict[int, list[datetime]] = defaultdict(list)
    for id_, at in connection.execute(query):
        found[id_].append(at)
    return found


def _row(decision: Decision, now: datetime) -> dict[str, Any]:
    kept, earned = decision.state in KEPT, decision.reward is not None
    return {
        "p_id": decision.case.referral_id, "p_state": decision.state.value, "p_reason": decision.reason,
        "p_confirmed_at": decision.at if kept else None, "p_rewarded_at": decision.at if earned else None,
        "p_reversed_at": now if decision.state is ReferralState.REVERSED else None,
    }


def _is_news(before: str, state: ReferralState) -> bool:
    return (before in BROUGHT) != (state in BROUGHT)


def _news_of_decision(connection: Connection, row: Row[Any], state: ReferralState, why: str, now: datetime) -> Happening:
    event, more = ("ordered", {}) if state in BROUGHT else ("reversed", {"reason": why})
    name = first_names(connection, [row.friend_id]).get(row.friend_id)
    origin = connection.scalar(select(orders.c.origin).where(orders.c.order_id == row.order_id))
    return news(event, row.advocate_id, row.friend_id, row.order_id, now, friend=name, live=origin == LIVE, **more)
