"""Looks whom the moment has come for: operations.ports.Watchtower on the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, false, not_, or_, select, update

from regulars.adapters.database.automations import live_on
from regulars.adapters.database.engine import Database
from regulars.adapters.database.journeys import page_on
from regulars.adapters.database.running_out import running_out
from regulars.adapters.database.schema import automations, customers, memberships
from regulars.adapters.database.watched import (
    claim,
    count_entering,
    forget,
    is_known,
    members,
    pass_over,
    who_may_enter,
)
from regulars.journeys.live import LiveAutomation
from regulars.journeys.watching import Moment
from regulars.operations.ports import JourneyPage, WatchPage


@dataclass(frozen=True, slots=True)
class WatchtowerInDatabase:
    database: Database

    def watches(self) -> Sequence[tuple[LiveAutomation, datetime | None]]:
        """Those that are enabled, each with the moment up to which it has been looked."""
        with self.database.read() as connection:
            seen = {row.campaign: row.watched_at for row in connection.execute(select(automations.c.campaign, automations.c.watched_at))}
            return [(live, seen[name]) for name, live in live_on(connection).items()]

    def clocks(self) -> Sequence[tuple[str | None, str | None]]:
        """The distinct (time zone, country) of customers."""
        with self.database.read() as connection:
            rows = connection.execute(select(customers.c.timezone, customers.c.country).where(customers.c.erased_at.is_(None)).distinct())
            return [(row.timezone, row.country) for row in rows]

    def due(
        self, live: LiveAutomation, moment: Moment, clocks: Sequence[tuple[str | None, str | None]] | None, now: datetime, most: int
    ) -> Sequence[int]:
        """Customers by these clocks, or all, whose moment that is and for whom it has not been found yet."""
        known = exists().where(
            memberships.c.campaign == live.name, memberships.c.customer_id == customers.c.id, memberships.c.since >= moment.found_since
        )
        wanted = [customers.c.erased_at.is_(None), not_(known)]
        if moment.born:
            wanted.append(customers.c.birth_month_day.in_(moment.born))
        if clocks is not None:
            wanted.append(_by(clocks))
        with self.database.read() as connection:
            if not moment.born:  # of everybody only those who may enter, rather than asking a million one by one
                wanted.append(customers.c.id.in_(who_may_enter(connection, live, now)))
            return connection.scalars(select(customers.c.id).where(*wanted).order_by(customers.c.id).limit(most)).all()

    def running_out(
        self, live: LiveAutomation, since: datetime, now: datetime, most: int
    ) -> Sequence[tuple[int, datetime, str]]:
        """(customer, moment, order): who by their rhythm needs more, so long before as the trigger says."""
        with self.database.read() as connection:
            return running_out(connection, live, since, now, most)

    def newcomers(self, live: LiveAutomation, now: datetime, most: int) -> Sequence[int]:
        """Who is in what it watches, and was not when it was looked last."""
        with self.database.read() as connection:
            inside = members(connection, live, now).subquery("inside")
            query = select(inside.c.id).where(not_(is_known(live.name, inside.c.id))).order_by(inside.c.id).limit(most)
            return connection.scalars(query).all()

    def leavers(self, live: LiveAutomation, now: datetime, most: int) -> Sequence[int]:
        """Who was in it, and is not any more."""
        with self.database.read() as connection:
            inside = members(connection, live, now)
            query = (
                select(memberships.c.customer_id)
                .where(memberships.c.campaign == live.name, memberships.c.customer_id.not_in(inside)).limit(most)
            )
            return connection.scalars(query).all()

    def entering(self, live: LiveAutomation, now: datetime, *, everyone: bool) -> tuple[int, int, int]:
        """How many are in what it watches; of them, how many may enter; and of those, how many would at the next look.
        `everyone`: as if nobody had been in it before."""
        with self.database.read() as connection:
            return count_entering(connection, live, now, everyone=everyone)

    @contextmanager
    def writing(self) -> Iterator[WatchPage]:
        """One transaction: whoever is claimed in it has entered when it ends, or nothing of it is."""
        with self.database.write() as connection:
            yield _Page(connection)

    def looked(self, campaign: str, now: datetime) -> None:
        with self.database.write() as connection:
            connection.execute(update(automations).where(automations.c.campaign == campaign).values(watched_at=now))


@dataclass(frozen=True, slots=True)
class _Page:
    connection: Connection

    @property
    def journeys(self) -> JourneyPage:
        return page_on(self.connection)

    def claim(self, campaign: str, moments: Mapping[int, datetime], *, once: bool = False) -> set[int]:
        return claim(self.connection, campaign, moments, once=once)

    def forget(self, campaign: str, customer_ids: Collection[int]) -> None:
        forget(self.connection, campaign, customer_ids)

    def pass_over(self, campaign: str, day: date, count: int, reason: str, now: datetime) -> None:
        pass_over(self.connection, campaign, day, count, reason, now)


def _by(clocks: Sequence[tuple[str | None, str | None]]) -> ColumnElement[bool]:
    return or_(false(), *(and_(_is(customers.c.timezone, zone), _is(customers.c.country, country)) for zone, country in clocks))


def _is(column: ColumnElement[str | None], value: str | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value
