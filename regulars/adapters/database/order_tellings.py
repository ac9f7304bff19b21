"""What was told of each order, and the timeline that follows from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, delete, literal, select, true, type_coerce, update
from sqlalchemy.types import TypeEngine

from regulars.adapters.database.bulk import in_batches
from regulars.adapters.database.given import ROWS, TEXT, TIME, as_parameter, given
from regulars.adapters.database.schema import events, order_tellings, orders
from regulars.adapters.database.types import Document
from regulars.adapters.database.upsert import upsert
from regulars.loyalty.intake import Recorded
from regulars.loyalty.order_news import KINDS, SOURCE
from regulars.loyalty.purchases import Row
from regulars.loyalty.tellings import Gathered, Hints, as_json, from_json

NEVER = Gathered()
BIG = BigInteger()


def locked(connection: Connection, order_ids: Collection[str]) -> Mapping[str, Gathered]:
    """Of each order, also of unknown ones; nobody else takes in anything of them until this transaction ends."""
    wanted = sorted(order_ids)
    if not wanted:
        return {}
    sqlite = connection.dialect.name == "sqlite"
    new = given({"order_id": TEXT}, sqlite=sqlite)
    rows = select(new.c.order_id, literal(as_json(NEVER), Document)).where(true()).order_by(new.c.order_id)
    connection.execute(
        upsert(connection, order_tellings).from_select(["order_id", "told"], rows).on_conflict_do_nothing(),
        {ROWS: as_parameter([{"order_id": id_} for id_ in wanted], sqlite=sqlite)})
    found: dict[str, Gathered] = {}
    for some in in_batches(wanted):
        query = select(order_tellings).where(order_tellings.c.order_id.in_(some)).order_by(order_tellings.c.order_id).with_for_update()
        found |= {row.order_id: from_json(row.told) for row in connection.execute(query)}
    return found


def last_rows(connection: Connection, order_ids: Collection[str]) -> Mapping[str, tuple[Row, ...]]:
    """Of those orders that were told whole, as they were told last; nothing is locked."""
    found: dict[str, tuple[Row, ...]] = {}
    for some in in_batches(sorted(order_ids)):
        query = select(order_tellings.c.order_id, order_tellings.c.told).where(order_tellings.c.order_id.in_(some))
        found |= {row.order_id: rows for row in connection.execute(query) if (rows := from_json(row.told).rows)}
    return found


def keep(connection: Connection, told: Mapping[str, tuple[Gathered, int | None]]) -> None:
    """With the customer whose order it is, once that is known."""
    if not told:
        return
    sqlite = connection.dialect.name == "sqlite"
    one = given({"order_id": TEXT, "customer_id": BIG, "told": TEXT if sqlite else Document}, sqlite=sqlite)
    statement = update(order_tellings).where(order_tellings.c.order_id == one.c.order_id).values(
        told=type_coerce(one.c.told, Document), customer_id=one.c.customer_id)
    rows = [
        {"order_id": order_id, "customer_id": customer_id, "told": as_json(gathered)} for order_id, (gathered, customer_id) in sorted(told.items())]
    connection.execute(statement, {ROWS: as_parameter(rows, sqlite=sqlite)})


def stored(connection: Connection, order_ids: Collection[str]) -> Mapping[str, Recorded]:
    found: dict[str, Recorded] = {}
    for some in in_batches(sorted(order_ids)):
        for row in connection.execute(select(orders).where(orders.c.order_id.in_(some))):
            known = (row.counts_from, row.paid_at, row.shipped_at, row.delivered_at, row.cancelled_at, row.ordered_at if row.refunded else None)
            moments = {kind: at for kind, at in zip(KINDS, known, strict=True) if at is not None}
            found[row.order_id] = Recorded(
                row.order_id, row.id, row.customer_id, row.content_hash, row.told_at,
                Hints(row.postal_hash, row.network_hash, row.device_hash), moments)
    return found


def note_moments(connection: Connection, noted: Sequence[tuple[Recorded, Mapping[str, datetime]]]) -> None:
    """An event for each moment of an order but `placed`, which is noted where orders are; none for what turned out not to be."""
    rows, gone = [], []
    for recorded, moments in noted:
        for kind in KINDS[1:]:
            source_id = f"{recorded.order_id}:{kind}"
            if kind in moments:
                rows.append({
                    "at": moments[kind], "customer_id": recorded.customer_id, "kind": f"order.{kind}", "source": SOURCE,
                    "source_id": source_id, "origin": "live",
                })
            else:
                gone.append(source_id)
    for some in in_batches(sorted(gone)):
        connection.execute(delete(events).where(events.c.source == SOURCE, events.c.source_id.in_(some)))
    if rows:
        sqlite = connection.dialect.name == "sqlite"
        columns: dict[str, TypeEngine[Any]] = {"at": TIME, "customer_id": BIG, "kind": TEXT, "source": TEXT, "source_id": TEXT, "origin": TEXT}
        one = given(columns, sqlite=sqlite)
        insert = upsert(connection, events).from_select(list(columns), select(one).where(true()).order_by(one.c.source_id))
        told = {name: insert.excluded[name] for name in ("at", "customer_id")}
        connection.execute(
            insert.on_conflict_do_update(index_elements=[events.c.source, events.c.source_id], set_=told), {ROWS: as_parameter(rows, sqlite=sqlite)})
