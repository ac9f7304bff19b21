"""Journeys: operations.ports.JourneyBook on the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from regulars.adapters.database.engine import Database
from regulars.adapters.database.facts import lock_customers
from regulars.journeys.live import LiveAutomation
from regulars.operations.ports import JourneyPage


@dataclass(frozen=True, slots=True)
class JourneyBookInDatabase:
    database: Database

    @contextmanager
    def writing(self) -> Iterator[JourneyPage]:
        with self.database.write() as connection:
            yield page_on(connection)


def page_on(connection: Connection) -> JourneyPage:
    """For whoever records an event in a transaction of their own."""
    return _Page(connection)


@dataclass(frozen=True, slots=True)
class _Page:
    connection: Connection

    def automations(self) -> Mapping[str, LiveAutomation]:
        return {}

    def lock(self, customer_ids: Collection[int]) -> None:
        lock_customers(self.connection, customer_ids)
