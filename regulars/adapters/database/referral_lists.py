"""Referrals, advocates and rewards as the shop looks at them: operations.ports.ReferralLists on the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.identities import by_email_key
from regulars.adapters.database.referral_codes import stored_codes
from regulars.adapters.database.rewards import purses_of, read_entries
from regulars.adapters.database.schema import CODED, customers, hits, orders, referrals, rewards
from regulars.adapters.database.types import among
from regulars.definition.quantities import Money
from regulars.loyalty.codes import PROGRAMME
from regulars.loyalty.referrals import BROUGHT, KEPT, AdvocateCard, Referral, ReferralState
from regulars.loyalty.rewards import Entry, EntryKind

_FORGOTTEN = "forgotten"  # stands for who asked to be
_friend = customers.alias("friend")


@dataclass(frozen=True, slots=True)
class ReferralListsInDatabase:
    database: Database

    def counts(self) -> Mapping[ReferralState, int]:
        with self.database.read() as connection:
            query = select(referrals.c.state, func.count().label("friends")).where(referrals.c.programme == PROGRAMME).group_by(referrals.c.state)
            return {ReferralState(row.state): row.friends for row in connection.execute(query)}

    def newest(self, states: Collection[ReferralState], most: int) -> Sequence[Referral]:
        with self.database.read() as connection:
            return _referrals(connection, referrals.c.state.in_(states), most=most)

    def get(self, referral_id: int) -> Referral | None:
        with self.database.read() as connection:
            return next(iter(_referrals(connection, referrals.c.id == referral_id, most=1)), None)

    def customer(self, email_key: str) -> int | None:
        with self.database.read() as connection:
            return by_email_key(connection, [email_key]).get(email_key)

    def brought(self, customer_id: int, most: int) -> Sequence[Referral]:
        with self.database.read() as connection:
            return _referrals(connection, referrals.c.advocate_id == customer_id, most=most)

    def came_through(self, customer_id: int) -> Referral | None:
        with self.database.read() as connection:
            return next(iter(_referrals(connection, referrals.c.friend_id == customer_id, most=1)), None)

    def coded_orders(self, customer_id: int) -> Sequence[tuple[str, str, datetime]]:
        query = select(orders.c.order_id, orders.c.referral_code, orders.c.ordered_at).where(
            orders.c.customer_id == customer_id, CODED).order_by(orders.c.ordered_at, orders.c.order_id)
        with self.database.read() as connection:
            return [(row.order_id, row.referral_code, row.ordered_at) for row in connection.execute(query)]

    def entries(self, customer_id: int) -> Sequence[Entry]:
        with self.database.read() as connection:
            return read_entries(connection, rewards.c.customer_id == customer_id)

    def advocate(self, customer_id: int, compare_in: str) -> AdvocateCard:
        with self.database.read() as connection:
            found = _advocates(connection, _brought().where(referrals.c.advocate_id == customer_id), compare_in)
            if found:
                return found[0]
            code = stored_codes(connection, [customer_id]).get(customer_id)
            email = connection.scalar(select(customers.c.email).where(customers.c.id == customer_id))
            left = purses_of(connection, [customer_id]).get(customer_id, ())
            return AdvocateCard(email or _FORGOTTEN, code, _visits(connection, [code] if code else []).get(code or "", 0), 0, 0, 0,
                            Money(0, compare_in), tuple(map(str, left)))

    def top(self, most: int, compare_in: str) -> Sequence[AdvocateCard]:
        with self.database.read() as connection:
            first = _brought().order_by(_count(KEPT).desc(), _count(BROUGHT).desc(), _spent().desc(), referrals.c.advocate_id)
            return _advocates(connection, first.having(_count(BROUGHT) > 0).limit(most), compare_in)


def _referrals(connection: Connection, *where: ColumnElement[bool], most: int) -> list[Referral]:
    """The newest first."""
    advocate = customers.alias("advocate")
    earned = select(rewards.c.words).where(
        rewards.c.referral_id == referrals.c.id, rewards.c.entry == EntryKind.EARNED.value,
    ).order_by(rewards.c.id.desc()).limit(1).scalar_subquery()
    query = (
        select(referrals, advocate.c.email.label("advocate"), _friend.c.email.label("friend"), orders.c.total, orders.c.currency,
               earned.label("reward"))
        .outerjoin(advocate, advocate.c.id == referrals.c.advocate_id).outerjoin(_friend, _friend.c.id == referrals.c.friend_id)
        .outerjoin(orders, orders.c.order_id == referrals.c.order_id)
        .where(referrals.c.programme == PROGRAMME, *where).order_by(referrals.c.ordered_at.desc(), referrals.c.id.desc()).limit(most)
    )
    return [_referral(row) for row in connection.execute(query)]


def _referral(row: Any) -> Referral:
    total = None if row.total is None else Money(row.total, row.currency)
    return Referral(
        row.id, row.advocate or _FORGOTTEN, row.friend or _FORGOTTEN, row.code, row.order_id, row.ordered_at, ReferralState(row.state), total,
        row.reason, row.reward, row.confirmed_at, row.rewarded_at, row.reversed_at, row.decided_by, row.decided_at,
    )


def _brought() -> Select[Any]:
    """A row for each advocate."""
    return select(
        referrals.c.advocate_id, _count(BROUGHT).label("friends"), _count(KEPT).label("confirmed"),
        _count({ReferralState.HELD}).label("waiting"), _spent().label("spent"),
    ).join(_friend, _friend.c.id == referrals.c.friend_id).where(referrals.c.programme == PROGRAMME).group_by(referrals.c.advocate_id)


def _count(states: Collection[ReferralState]) -> ColumnElement[int]:
    return func.sum(case((referrals.c.state.in_(sorted(states)), 1), else_=0))


def _spent() -> ColumnElement[int]:
    return func.sum(case((referrals.c.state.in_(sorted(BROUGHT)), _friend.c.orders_spent), else_=0))


def _advocates(connection: Connection, query: Select[Any], compare_in: str) -> list[AdvocateCard]:
    rows = connection.execute(query).all()
    ids = [row.advocate_id for row in rows]
    names = {row.id: row.email for row in connection.execute(select(customers.c.id, customers.c.email).where(among(customers.c.id, ids)))}
    codes, left = stored_codes(connection, ids), purses_of(connection, ids)
    visits = _visits(connection, list(codes.values()))
    return [
        AdvocateCard(
            names.get(row.advocate_id) or _FORGOTTEN, codes.get(row.advocate_id), visits.get(codes.get(row.advocate_id, ""), 0), int(row.friends),
            int(row.confirmed), int(row.waiting), Money(int(row.spent), compare_in), tuple(map(str, left.get(row.advocate_id, ()))),
        )
        for row in rows
    ]


def _visits(connection: Connection, codes: Sequence[str]) -> dict[str, int]:
    """By people, as far as anybody can tell."""
    query = select(hits.c.code, func.count().label("visits")).where(
        hits.c.code.is_not(None), among(hits.c.code, codes, texts=True), hits.c.verdict != "machine").group_by(hits.c.code)
    return {row.code: row.visits for row in connection.execute(query)} if codes else {}
