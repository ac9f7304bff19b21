"""A customer's facts as SQL: columns of the row, or recomputed from what had happened by a moment."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Select,
    Table,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
)

from regulars.adapters.database.schema import customers, events, orders, referrals
from regulars.adapters.database.scores import score_sums
from regulars.adapters.database.sets import Sets
from regulars.adapters.database.types import EPOCH, MICROSECOND, micros
from regulars.audience.frame import Frame
from regulars.loyalty.referrals import BROUGHT

Column = ColumnElement[Any]


class Facts(Protocol):
    """Never NULL but for `first_at` and `last_at`."""

    @property
    def orders_count(self) -> Column: ...
    @property
    def orders_spent(self) -> Column: ...
    @property
    def first_at(self) -> Column: ...
    @property
    def last_at(self) -> Column: ...
    @property
    def engagement(self) -> Column: ...
    @property
    def is_referred(self) -> ColumnElement[bool]: ...
    @property
    def has_referred(self) -> Column: ...


def has_bought(facts: Facts) -> ColumnElement[bool]:
    """As in audience/eligibility.py."""
    return or_(facts.orders_count > 0, facts.orders_spent < 0)


class RowFacts:
    """As the writes that brought the orders and events left them."""

    orders_count: Column = customers.c.orders_count
    orders_spent: Column = customers.c.orders_spent
    first_at: Column = customers.c.orders_first_at
    last_at: Column = customers.c.orders_last_at
    engagement: Column = customers.c.engagement
    is_referred: ColumnElement[bool] = customers.c.referred_by.is_not(None)
    has_referred: Column = customers.c.has_referred


class RecomputedFacts:
    """Each group of facts is brought in when a condition first asks for it."""

    def __init__(self, frame: Frame, sets: Sets) -> None:
        self._frame = frame
        self._sets = sets

    @property
    def orders_count(self) -> Column:
        return func.coalesce(self._of_orders("count"), 0)

    @property
    def orders_spent(self) -> Column:
        return func.coalesce(self._of_orders("spent"), 0)

    @property
    def first_at(self) -> Column:
        return self._of_orders("first_at")

    @property
    def last_at(self) -> Column:
        return self._of_orders("last_at")

    @property
    def engagement(self) -> Column:
        sums = score_sums(self._frame.shop.scoring, self._frame.decay).where(events.c.at <= self._frame.as_of)
        return func.coalesce(self._sets.value("engagement", sums, "total"), 0.0)

    @property
    def is_referred(self) -> ColumnElement[bool]:
        friends = select(referrals.c.friend_id.label("customer_id")).where(self._referred_by_then).distinct()
        return self._sets.has("friends", friends)

    @property
    def has_referred(self) -> Column:
        advocates = (
            select(referrals.c.advocate_id.label("customer_id"), func.count().label("friends"))
            .where(self._referred_by_then).group_by(referrals.c.advocate_id)
        )
        return func.coalesce(self._sets.value("advocates", advocates, "friends"), 0)

    @cached_property
    def _referred_by_then(self) -> ColumnElement[bool]:
        return and_(referrals.c.ordered_at <= self._frame.as_of, referrals.c.state.in_(BROUGHT))

    def _of_orders(self, name: str) -> Column:
        return self._sets.value("orders", order_totals(self._frame), name)


def facts_in(frame: Frame, sets: Sets) -> Facts:
    return RecomputedFacts(frame, sets) if frame.recomputed else RowFacts()


def fact_column(name: str, facts: Facts, frame: Frame) -> tuple[Column, bool]:
    """The column of a word of definition.facts.FACTS but rfm.*, and whether it may be NULL."""
    match name:
        case "orders.count":
            return facts.orders_count, False
        case "orders.spent":
            return facts.orders_spent, False
        case "orders.first_at":
            return facts.first_at, True
        case "orders.last_at":
            return facts.last_at, True
        case "orders.usual_gap":
            return _usual_gap(facts), True
        case "orders.overdue":
            since_last = literal((frame.as_of - EPOCH) // MICROSECOND, BigInteger) - micros(facts.last_at)
            return cast(since_last, Float) / _usual_gap(facts), True
        case "engagement":
            return facts.engagement, False
        case _:
            return _OWN[name]


_OWN: Mapping[str, tuple[Column, bool]] = {
    "customer.country": (customers.c.country_folded, True),
    "customer.locale": (customers.c.locale_folded, True),
    "customer.city": (customers.c.city_folded, True),
    "customer.birthday": (customers.c.birth_date, True),
    "customer.created_at": (customers.c.created_at, False),
}


def _usual_gap(facts: Facts) -> Column:
    """Microseconds, as a float: the same operations in the same order as audience.facts, so to the same last bit."""
    regular = and_(facts.orders_count > 1, facts.last_at > facts.first_at)
    span = cast(micros(facts.last_at) - micros(facts.first_at), Float)
    return case((regular, span / cast(facts.orders_count - 1, Float)))


def order_totals(frame: Frame) -> Select[Any]:
    """customer_id, count, spent, first_at and last_at of the orders that count at `as_of`; refunds lower `spent`."""
    placed = case((orders.c.is_refund.is_(false()), orders.c.ordered_at))
    return (
        select(
            orders.c.customer_id, func.count(placed).label("count"), func.sum(orders.c.total_compared).label("spent"),
            func.min(placed).label("first_at"), func.max(placed).label("last_at"),
        )
        .where(counts(orders, frame)).group_by(orders.c.customer_id)
    )


def counts(table: Table, frame: Frame) -> ColumnElement[bool]:
    """Rows of `orders` or `order_lines` that count at `as_of`."""
    columns, then = table.c, frame.as_of
    return and_(
        columns.ordered_at <= then,
        or_(columns.is_refund, and_(columns.counts_from <= then, or_(columns.counts_until.is_(None), columns.counts_until > then))),
    )
