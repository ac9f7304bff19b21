"""Referrals on their way from an order to a reward: operations.ports.ReferralBook on the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, bindparam, func, select, update

from regulars.adapters.database.bulk import stage_ids
from regulars.adapters.database.engine import Database
from regulars.adapters.database.journeys import page_on
from regulars.adapters.database.referral_cases import (
    LIVE,
    cases_of,
    currencies_of,
    due_referrals,
    rewarded_times,
    segments_of,
)
from regulars.adapters.database.referral_events import new_events
from regulars.adapters.database.referrals import (
    count_friends,
    first_names,
    mark_friends,
    tie_friends,
)
from regulars.adapters.database.reward_times import expire_lots, is_running_out
from regulars.adapters.database.rewards import (
    confirmed_friends,
    milestones_of,
    purses_of,
    take_back_milestones,
    take_back_rewards,
    write_entries,
)
from regulars.adapters.database.schema import customers, orders, referrals, rewards
from regulars.adapters.database.types import among
from regulars.definition.workspace import Shop, Workspace
from regulars.journeys.happenings import Happening
from regulars.loyalty.confirming import Advocate, Case, Decision
from regulars.loyalty.referral_news import news
from regulars.loyalty.referrals import BROUGHT, KEPT, ReferralState
from regulars.loyalty.rewards import Entry, Purse
from regulars.operations.ports import JourneyPage, ReferralPage


@dataclass(frozen=True, slots=True)
class ReferralBookInDatabase:
    database: Database

    def has_work(self, shop: Shop, now: datetime) -> bool:
        with self.database.read() as connection:
            return bool(due_referrals(connection, shop, now, 1)) or is_running_out(connection, now)

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
        found = due_referrals(self.connection, shop, now, most)
        free = _locked(self.connection, {id_ for row in found for id_ in (row.advocate_id, row.friend_id)})
        ids = [row.id for row in found if {row.advocate_id, row.friend_id} <= free]
        return cases_of(self.connection, ids, shop.compare_in) if ids else ()

    def advocates(self, cases: Sequence[Case], workspace: Workspace, now: datetime) -> Mapping[int, Advocate]:
        programme = workspace.shop.referral
        assert programme is not None
        ids = {case.advocate_id for case in cases}
        members = {name: workspace.segments[name].where for name in programme.by_segment if name in workspace.segments}
        segments = segments_of(self.connection, ids, members, workspace.shop, now, workspace.segments)
        currencies, confirmed = currencies_of(self.connection, ids), confirmed_friends(self.connection, ids)
        milestones = milestones_of(self.connection, ids)
        rewarded = rewarded_times(self.connection, cases, programme) if programme.cap is not None else {}
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



def _locked(connection: Connection, customer_ids: Collection[int]) -> set[int]:
    """Those of the customers whom nobody else is writing at the moment: waiting for them while others wait for us could go round."""
    query = select(customers.c.id).where(among(customers.c.id, customer_ids)).order_by(customers.c.id)
    return set(connection.scalars(query.with_for_update(skip_locked=True))) if customer_ids else set()


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
