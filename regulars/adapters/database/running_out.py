"""Who needs more by now: the customer's own rhythm, else that of what they bought last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Connection, Float, and_, case, cast, exists, func, not_, or_, select

from regulars.adapters.database.facts import COUNTS
from regulars.adapters.database.schema import customers, memberships, order_lines, orders, products
from regulars.adapters.database.types import EPOCH, MICROSECOND, micros
from regulars.definition.quantities import Duration
from regulars.journeys.live import LiveAutomation

DAY = 86_400_000_000  # microseconds


def running_out(
    connection: Connection, live: LiveAutomation, since: datetime, now: datetime, most: int
) -> Sequence[tuple[int, datetime, str]]:
    """(customer, moment, id of their last order), after `since` up to `now`, those that were found before left out."""
    last, first, count = micros(customers.c.orders_last_at), micros(customers.c.orders_first_at), customers.c.orders_count
    own = case(
        (and_(count > 1, customers.c.orders_last_at > customers.c.orders_first_at), cast(cast(last - first, Float) / (count - 1), BigInteger))
    )
    goods = (
        select(cast(func.min(products.c.usual_gap_days), BigInteger) * DAY)
        .join(order_lines, order_lines.c.sku == products.c.sku)
        .where(order_lines.c.order_key == orders.c.id).correlate(orders).scalar_subquery()
    )
    before = _micros(live.automation.trigger.before)
    at = (last + func.coalesce(own, goods) - before).label("at")
    known = exists().where(
        memberships.c.campaign == live.name, memberships.c.customer_id == customers.c.id, micros(memberships.c.since) >= at
    )
    query = (
        select(customers.c.id, at, func.max(orders.c.order_id).label("order_id"))
        .join(orders, and_(orders.c.customer_id == customers.c.id, orders.c.ordered_at == customers.c.orders_last_at, COUNTS))
        .where(
            customers.c.erased_at.is_(None), customers.c.orders_last_at <= now, not_(known),
            or_(own.is_(None), and_(last + own > _since_epoch(since) + before, last + own <= _since_epoch(now) + before)),  # few are left to join
            at > _since_epoch(since), at <= _since_epoch(now),
        )
        .group_by(customers.c.id, at, customers.c.orders_last_at).order_by(customers.c.id).limit(most)
    )
    return [(row.id, EPOCH + int(row.at) * MICROSECOND, row.order_id) for row in connection.execute(query)]


def _micros(before: Duration | None) -> int:
    """A month is thirty days here: rhythms are counted in days."""
    return 0 if before is None else (before.seconds + before.months * 30 * 86_400) * 1_000_000


def _since_epoch(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
