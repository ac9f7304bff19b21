"""Changes of products of some minutes, told together to those who wished them: operations.ports.Gatherings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, cast, exists, func, literal, not_, select, update

from regulars.adapters.database.engine import Database
from regulars.adapters.database.journeys import page_on
from regulars.adapters.database.schema import events, product_changes, products, wishes
from regulars.adapters.database.types import among
from regulars.adapters.database.upsert import upsert
from regulars.journeys.gathering import SOURCE, Gathering, ProductChange
from regulars.journeys.happenings import Happening
from regulars.operations.ports import GatheringPage, JourneyPage

change = product_changes.c


@dataclass(frozen=True, slots=True)
class GatheringsInDatabase:
    database: Database

    def open(self, before: datetime) -> Sequence[Gathering]:
        """What is still to be told of. Where a change of a kind is older than `before`, all of that kind are gathered, newer ones too."""
        with self.database.write() as connection:
            _gather(connection, before)
            query = select(product_changes).where(change.spread_at.is_(None), change.gathering.is_not(None)).order_by(change.id)
            rows = connection.execute(query).all()
            now = _products(connection, {row.sku for row in rows})
        gathered: dict[tuple[int, str], list[ProductChange]] = defaultdict(list)
        for row in rows:
            gathered[row.gathering, row.kind].append(ProductChange(row.sku, row.at, row.data, *now.get(row.sku, (None, None))))
        return [Gathering(number, kind, tuple(changes)) for (number, kind), changes in gathered.items()]

    def wishers(self, gathering: Gathering, skus: Sequence[str], most: int) -> Mapping[int, Sequence[str]]:
        """Customers who wish any of these and have not been told of this gathering yet, each with what they wish of it."""
        told = exists().where(
            events.c.source == SOURCE, events.c.source_id == literal(f"{gathering.number}:").concat(cast(wishes.c.customer_id, String)),
        )
        wished = among(wishes.c.sku, skus, texts=True)
        some = select(wishes.c.customer_id).where(wished, not_(told)).distinct().order_by(wishes.c.customer_id).limit(most).subquery()
        query = (
            select(wishes.c.customer_id, wishes.c.sku).join(some, some.c.customer_id == wishes.c.customer_id)
            .where(wished).order_by(wishes.c.customer_id, wishes.c.sku)
        )
        found: dict[int, list[str]] = defaultdict(list)
        with self.database.read() as connection:
            for customer_id, sku in connection.execute(query):
                found[customer_id].append(sku)
        return found

    @contextmanager
    def writing(self) -> Iterator[GatheringPage]:
        with self.database.write() as connection:
            yield _Page(connection)

    def close(self, gathering: Gathering, now: datetime) -> None:
        with self.database.write() as connection:
            done = update(product_changes).where(change.gathering == gathering.number, change.kind == gathering.kind)
            connection.execute(done.values(spread_at=now))


@dataclass(frozen=True, slots=True)
class _Page:
    connection: Connection

    @property
    def journeys(self) -> JourneyPage:
        return page_on(self.connection)

    def record(self, happenings: Sequence[Happening]) -> Sequence[Happening]:
        """On the customers' timelines; those that were not there yet."""
        rows: list[dict[str, Any]] = [
            {
                "at": each.at, "customer_id": each.customer_id, "kind": each.kind, "source": each.source, "source_id": each.source_id,
                "origin": "live", "data": dict(each.data),
            }
            for each in happenings
        ]
        new = upsert(self.connection, events).values(rows).on_conflict_do_nothing().returning(events.c.source_id)
        fresh = set(self.connection.scalars(new))
        return [each for each in happenings if each.source_id in fresh]


def _gather(connection: Connection, before: datetime) -> None:
    waiting = (change.spread_at.is_(None), change.gathering.is_(None))
    oldest = select(change.kind, func.min(change.id), func.min(change.at)).where(*waiting).group_by(change.kind)
    for kind, first, at in connection.execute(oldest).all():
        if at <= before:
            connection.execute(update(product_changes).where(*waiting, change.kind == kind).values(gathering=first))


def _products(connection: Connection, skus: set[str]) -> Mapping[str, tuple[int | None, int | None]]:
    """Price and stock as they are now."""
    rows = connection.execute(select(products.c.sku, products.c.price, products.c.stock).where(among(products.c.sku, skus, texts=True)))
    return {row.sku: (row.price, row.stock) for row in rows}
