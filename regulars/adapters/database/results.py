"""Counts of what a campaign's launches brought, each by an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, or_, select

from regulars.adapters.database.coupon_results import codes_used, static_code_used
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import events, hits, launches, messages, orders
from regulars.measurement.attribution import Sale, Touch
from regulars.measurement.results import CodesUsed, Opens

HOUR = timedelta(hours=1)


class ResultsInDatabase:
    """operations.ports.ResultsStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def launches(self, campaign: str) -> Sequence[tuple[int, datetime]]:
        query = (
            select(launches.c.id, launches.c.created_at).where(launches.c.campaign == campaign)
            .order_by(launches.c.created_at, launches.c.id)
        )
        with self._database.read() as connection:
            return [(row.id, row.created_at) for row in connection.execute(query)]

    def steps(self, campaign: str) -> Mapping[str, Sequence[int]]:
        query = (
            select(launches.c.step, launches.c.id).where(launches.c.campaign == campaign, launches.c.step != "").order_by(launches.c.id)
        )
        found: dict[str, list[int]] = {}
        with self._database.read() as connection:
            for step, launch_id in connection.execute(query):
                found.setdefault(step, []).append(launch_id)
        return found

    def states(self, launches: Sequence[int]) -> Mapping[str, int]:
        query = (
            select(messages.c.state, func.count().label("messages")).where(messages.c.launch_id.in_(launches))
            .group_by(messages.c.state).order_by(messages.c.state)
        )
        with self._database.read() as connection:
            return {row.state: row.messages for row in connection.execute(query)}

    def opens(self, launches: Sequence[int]) -> Opens:
        """A message counts once, by the best verdict among its hits."""
        best = self._best_verdicts(launches, "open")
        return Opens(best["human"], best["unknown"], best["machine"])

    def clicks(self, launches: Sequence[int]) -> tuple[int, int]:
        best = self._best_verdicts(launches, "click")
        return best["human"], best["machine"] + best["unknown"]

    def links(self, launches: Sequence[int]) -> Mapping[str, int]:
        clicked = func.count(distinct(events.c.launch_id * 2**32 + events.c.number)).label("messages")
        query = (
            select(events.c.link, clicked)
            .where(events.c.launch_id.in_(launches), events.c.kind == "email.clicked", events.c.verdict == "human")
            .group_by(events.c.link).order_by(clicked.desc(), events.c.link)
        )
        with self._database.read() as connection:
            return {row.link or "(no name)": row.messages for row in connection.execute(query)}

    def unsubscribes(self, launches: Sequence[int]) -> int:
        query = select(func.count()).where(messages.c.launch_id.in_(launches), messages.c.unsubscribed_at.is_not(None))
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def clicks_by_hour(self, launches: Sequence[int], since: datetime, hours: int) -> tuple[int, ...]:
        query = select(events.c.at).where(
            events.c.launch_id.in_(launches), events.c.kind == "email.clicked", events.c.verdict == "human",
            events.c.at < since + hours * HOUR,
        )
        with self._database.read() as connection:
            by_hour = Counter(max(0, (row.at - since) // HOUR) for row in connection.execute(query))
        return tuple(by_hour[hour] for hour in range(hours))

    def codes(self, launches: Sequence[int], static: str | None, compare_in: str) -> CodesUsed:
        with self._database.read() as connection:
            return codes_used(connection, launches, compare_in) if static is None else static_code_used(connection, launches, static, compare_in)

    def touches(self, launches: Sequence[int], of: str) -> Sequence[Touch]:
        everywhere = _touches(of).where(_column(of, "customer_id").in_(_who_touched(launches, of)))
        with self._database.read() as connection:
            return [Touch(row.customer_id, row.at, row.launch_id) for row in connection.execute(everywhere)]

    def sales(self, launches: Sequence[int], of: str, since: datetime, now: datetime) -> Sequence[Sale]:
        counts_now = and_(
            ~orders.c.is_refund, orders.c.counts_from <= now, or_(orders.c.counts_until.is_(None), orders.c.counts_until > now)
        )
        query = select(orders.c.customer_id, orders.c.ordered_at, orders.c.order_id, orders.c.total_compared).where(
            orders.c.customer_id.in_(_who_touched(launches, of)), orders.c.ordered_at >= since, orders.c.ordered_at <= now, counts_now
        )
        with self._database.read() as connection:
            return [
                Sale(row.customer_id, row.ordered_at, row.order_id, row.total_compared) for row in connection.execute(query)
            ]

    def _best_verdicts(self, launches: Sequence[int], kind: str) -> Counter[str]:
        human, unknown = (
            func.max(case((hits.c.verdict == verdict, 1), else_=0)).label(verdict) for verdict in ("human", "unknown")
        )
        query = (
            select(human, unknown).where(hits.c.launch_id.in_(launches), hits.c.kind == kind)
            .group_by(hits.c.launch_id, hits.c.number)
        )
        with self._database.read() as connection:
            return Counter(
                "human" if row.human else "unknown" if row.unknown else "machine" for row in connection.execute(query)
            )


def _who_touched(launches: Sequence[int], of: str) -> Select[Any]:
    return select(_column(of, "customer_id")).where(_column(of, "launch_id").in_(launches), _is_touch(of))


def _touches(of: str) -> Select[Any]:
    at = messages.c.accepted_at if of == "receipt" else events.c.at
    return select(_column(of, "customer_id"), at.label("at"), _column(of, "launch_id")).where(_is_touch(of))


def _is_touch(of: str) -> ColumnElement[bool]:
    if of == "receipt":
        return messages.c.accepted_at.is_not(None)
    return and_(events.c.kind == {"click": "email.clicked", "open": "email.opened"}[of], events.c.verdict == "human")


def _column(of: str, name: str) -> ColumnElement[int]:
    return (messages if of == "receipt" else events).c[name]
