"""Orders with their lines, events and sums, a batch in one transaction: the same order again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, func, literal, select, text

from regulars.adapters.database.bulk import Row, in_batches, load, look_up, stage, staging_table
from regulars.adapters.database.buyers import find_or_make
from regulars.adapters.database.engine import Database
from regulars.adapters.database.facts import COUNTS, lock_customers, refresh_facts
from regulars.adapters.database.friend_orders import advocates_of
from regulars.adapters.database.known_members import take_for_known
from regulars.adapters.database.redemptions import redeem
from regulars.adapters.database.referrals import tie_friends
from regulars.adapters.database.schema import events, order_lines, orders
from regulars.adapters.database.scores import replay_engagement
from regulars.adapters.database.upsert import upsert
from regulars.definition.text import fold
from regulars.definition.workspace import Scoring
from regulars.journeys.happenings import Happening
from regulars.loyalty.codes import code_typed_as_coupon
from regulars.loyalty.purchases import Order, Person

IMPORTED, LIVE = "imported", "live"
_KEPT = {"id", "order_id", "origin", "recorded_at"}  # of the first time the order was seen

_columns = [column for column in orders.columns if column.name != "id"]
staged_orders: Table = staging_table("staged_orders", *(Column(column.name, column.type) for column in _columns))


@dataclass(frozen=True, slots=True)
class Mark:
    """What only a live order has: when the shop told it last, and hashes of where and by what it was made."""

    told_at: datetime | None = None
    postal_hash: str | None = None
    network_hash: str | None = None
    device_hash: str | None = None


_UNMARKED = Mark()
_NO_MARKS: Mapping[str, Mark] = MappingProxyType({})
_MARKS = tuple(field.name for field in fields(Mark))


@dataclass(frozen=True, slots=True)
class Orders:
    """`scoring`: what an order weighs in its customer's engagement."""

    database: Database
    scoring: Scoring

    def changed(self, batch: Sequence[Order]) -> set[str]:
        """Ids of those that are not stored exactly so."""
        with self.database.read() as connection:
            return {order.order_id for order in _unlike_stored(connection, batch)}

    def record(self, batch: Sequence[Order], now: datetime) -> set[str]:
        """Stores what is new or different; returns its ids. An order's new version replaces the old one whole."""
        with self.database.write() as connection:
            changed = _unlike_stored(connection, batch)
            if changed:
                touched = record_orders(connection, changed, now)
                replay_engagement(connection, self.scoring, sorted(touched))
                take_for_known(connection, touched, now)
            return {order.order_id for order in changed}


def record_orders(
    connection: Connection, batch: Sequence[Order], now: datetime, origin: str = IMPORTED, marks: Mapping[str, Mark] = _NO_MARKS,
    told: list[Happening] | None = None,
) -> set[int]:
    """Orders, lines, events, customers' facts and referrals. Returns the touched customers, for scores to follow.

    `marks`: by order id, of orders that are told live; `told`: gathers what advocates may hear of it.
    """
    people = find_or_make(connection, batch, now)
    former = look_up(connection, orders.c.order_id, orders.c.customer_id, [order.order_id for order in batch])
    touched = {people[order.person] for order in batch} | set(former.values())
    lock_customers(connection, touched | advocates_of(connection, touched, (_referral_code(order) for order in batch)))
    rows = [_order_row(order, people[order.person], now, origin) | asdict(marks.get(order.order_id, _UNMARKED)) for order in batch]
    keys = _write_orders(connection, rows)
    _write_lines(connection, batch, people, keys, [keys[order_id] for order_id in former])
    _write_events(connection, origin)
    redeem(connection, batch, former, now)
    refresh_facts(connection, touched)
    tied = tie_friends(connection, now, live=origin == LIVE)
    if told is not None:
        told.extend(tied)
    return touched


def _unlike_stored(connection: Connection, batch: Sequence[Order]) -> list[Order]:
    stored = look_up(connection, orders.c.order_id, orders.c.content_hash, [order.order_id for order in batch])
    return [order for order in batch if stored.get(order.order_id) != order.content_hash]


def _write_orders(connection: Connection, rows: Sequence[Row]) -> dict[str, int]:
    """The database's key of every order id. A file that tells no marks leaves those that are there."""
    stage(connection, staged_orders, rows)
    names = [column.name for column in staged_orders.columns]
    insert = upsert(connection, orders).from_select(names, select(staged_orders).where(text("true")).order_by(staged_orders.c.order_id))
    told: dict[str, Any] = {name: insert.excluded[name] for name in names if name not in _KEPT}
    told |= {name: func.coalesce(insert.excluded[name], orders.c[name]) for name in _MARKS}
    statement = insert.on_conflict_do_update(index_elements=[orders.c.order_id], set_=told)
    return {row.order_id: row.id for row in connection.execute(statement.returning(orders.c.order_id, orders.c.id))}


def _write_lines(
    connection: Connection, batch: Sequence[Order], people: Mapping[Person, int], keys: Mapping[str, int], replaced: Iterable[int]
) -> None:
    for some in in_batches(replaced):
        connection.execute(delete(order_lines).where(order_lines.c.order_key.in_(some)))
    rows = [row for order in batch for row in _line_rows(order, keys[order.order_id], people[order.person])]
    load(connection, order_lines, rows)


def _write_events(connection: Connection, origin: str) -> None:
    """One `order.placed` for each staged order that counts, and none for one that does no longer."""
    ids = select(staged_orders.c.order_id)
    counting = select(
        orders.c.ordered_at, orders.c.customer_id, literal("order.placed"), orders.c.total_compared, literal("order"),
        orders.c.order_id, literal(origin),
    ).where(orders.c.order_id.in_(ids), COUNTS)
    insert = upsert(connection, events).from_select(
        ["at", "customer_id", "kind", "value", "source", "source_id", "origin"], counting)
    connection.execute(insert.on_conflict_do_update(
        index_elements=[events.c.source, events.c.source_id],
        set_={name: insert.excluded[name] for name in ("at", "customer_id", "value")}))
    gone = select(orders.c.order_id).where(orders.c.order_id.in_(ids), ~COUNTS)
    connection.execute(delete(events).where(events.c.source == "order", events.c.source_id.in_(gone)))


def _order_row(order: Order, customer_id: int, now: datetime, origin: str) -> Row:
    head = order.head
    return {
        "order_id": order.order_id, "customer_id": customer_id, "ordered_at": order.ordered_at, "is_refund": order.is_refund,
        "counts_from": order.counts_from, "counts_until": order.counts_until, "status": head.status, "paid_at": head.paid_at,
        "shipped_at": head.shipped_at, "delivered_at": head.delivered_at, "cancelled_at": head.cancelled_at,
        "currency": order.currency, "total": order.total, "total_compared": order.total_compared,
        "refunded": head.refunded or 0, "discount": head.discount or 0, "channel": head.channel,
        "channel_folded": _folded(head.channel), "coupon": head.coupon, "coupon_folded": _folded(head.coupon),
        "referral_code": _referral_code(order), "served_by": head.served_by, "other": dict(order.other) or None,
        "origin": origin, "content_hash": order.content_hash, "recorded_at": now,
    }


def _line_rows(order: Order, key: int, customer_id: int) -> list[Row]:
    whole = {
        "order_key": key, "customer_id": customer_id, "ordered_at": order.ordered_at, "is_refund": order.is_refund,
        "counts_from": order.counts_from, "counts_until": order.counts_until, "coupon_folded": _folded(order.head.coupon),
        "channel_folded": _folded(order.head.channel), "currency": order.currency,
    }
    return [
        {
            **whole, "position": position, "sku": line.sku, "sku_folded": _folded(line.sku), "product": line.product,
            "product_folded": _folded(line.product), "category": line.category, "category_folded": _folded(line.category),
            "quantity": line.quantity, "unit_price": line.unit_price, "unit_cost": line.unit_cost, "discount": line.discount,
            "amount": line.amount, "amount_compared": amount,
        }
        for position, (line, amount) in enumerate(zip(order.lines, order.amounts_compared, strict=True), start=1)
    ]


def _referral_code(order: Order) -> str | None:
    return order.head.referral_code or code_typed_as_coupon(order.head.coupon)


def _folded(value: str | None) -> str | None:
    return None if value is None else _fold(value)


_fold = lru_cache(maxsize=65_536)(fold)  # a shop has few products and many lines
