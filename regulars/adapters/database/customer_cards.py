"""Looks up one customer by any address they ever had, with everything that is stored about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.identities import by_email_key
from regulars.adapters.database.referral_codes import stored_codes
from regulars.adapters.database.rewards import purses_of
from regulars.adapters.database.schema import (
    consents,
    coupons,
    customers,
    identities,
    launches,
    messages,
    orders,
    suppressions,
)
from regulars.audience.card import Answer, Card, Code
from regulars.audience.people import PLAIN
from regulars.definition.quantities import Money

LATEST_ORDERS = 5
LATEST_CODES = 10
LATEST_MESSAGES = 10


@dataclass(frozen=True, slots=True)
class CardsInDatabase:
    database: Database

    def of(self, email_key: str, compare_in: str) -> Card | None:
        with self.database.read() as connection:
            customer_id = by_email_key(connection, [email_key]).get(email_key)
            return None if customer_id is None else _card(connection, customer_id, compare_in)


def _card(connection: Connection, customer_id: int, compare_in: str) -> Card:
    row = connection.execute(select(customers).where(customers.c.id == customer_id)).one()
    received = select(func.count()).where(messages.c.customer_id == customer_id, messages.c.accepted_at.is_not(None))
    reason = select(suppressions.c.reason).where(suppressions.c.channel == "email", suppressions.c.address_hash == row.address_hash)
    return Card(
        customer_id=customer_id, email=row.email, person=_person(row), attributes=row.attributes, created_at=row.created_at,
        marketing=row.marketing, answers=_answers(connection, customer_id), suppressed=connection.scalar(reason),
        orders_count=row.orders_count, spent=Money(row.orders_spent, compare_in), first_at=row.orders_first_at,
        last_at=row.orders_last_at, orders=_orders(connection, customer_id), identities=_identities(connection, customer_id),
        messages_received=connection.scalar(received) or 0, messages=_messages(connection, customer_id), referral_code=stored_codes(connection, [customer_id]).get(customer_id),
        referred_by=connection.scalar(select(customers.c.email).where(customers.c.id == row.referred_by)),
        codes=_codes(connection, customer_id), has_referred=row.has_referred, rewards=tuple(map(str, purses_of(connection, [customer_id]).get(customer_id, ()))),
    )


def _person(row: Any) -> dict[str, Any]:
    born = row.birth_date.isoformat() if row.birth_date else None
    if born is None and row.birth_month_day:
        born = f"--{row.birth_month_day // 100:02}-{row.birth_month_day % 100:02}"
    return {name: getattr(row, name) for name in PLAIN} | {"birthday": born}


def _codes(connection: Connection, customer_id: int) -> tuple[Code, ...]:
    query = select(coupons.c.code, coupons.c.offer, coupons.c.state, coupons.c.valid_until).where(
        coupons.c.customer_id == customer_id).order_by(coupons.c.bound_at.desc(), coupons.c.code_folded).limit(LATEST_CODES)
    return tuple(Code(row.code, row.offer, row.state, row.valid_until) for row in connection.execute(query))


def _answers(connection: Connection, customer_id: int) -> tuple[Answer, ...]:
    query = select(consents).where(consents.c.customer_id == customer_id).order_by(consents.c.recorded_at.desc(), consents.c.id.desc())
    return tuple(Answer(row.purpose, row.topic, row.state, row.at, row.source) for row in connection.execute(query))


def _orders(connection: Connection, customer_id: int) -> tuple[tuple[str, Any, Money], ...]:
    query = select(orders.c.order_id, orders.c.ordered_at, orders.c.total, orders.c.currency).where(
        orders.c.customer_id == customer_id).order_by(orders.c.ordered_at.desc(), orders.c.id.desc()).limit(LATEST_ORDERS)
    return tuple((row.order_id, row.ordered_at, Money(row.total, row.currency)) for row in connection.execute(query))


def _messages(connection: Connection, customer_id: int) -> tuple[tuple[str, Any], ...]:
    query = (
        select(launches.c.campaign, messages.c.accepted_at).join(launches, launches.c.id == messages.c.launch_id)
        .where(messages.c.customer_id == customer_id, messages.c.accepted_at.is_not(None))
        .order_by(messages.c.accepted_at.desc()).limit(LATEST_MESSAGES)
    )
    return tuple((campaign, at) for campaign, at in connection.execute(query))


def _identities(connection: Connection, customer_id: int) -> tuple[tuple[str, str], ...]:
    query = select(identities.c.kind, identities.c.value).where(
        identities.c.customer_id == customer_id).order_by(identities.c.kind, identities.c.value)
    return tuple((kind, value) for kind, value in connection.execute(query))
