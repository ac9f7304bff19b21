"""Customers who are to be forgotten: who they were goes at once, what they bought stays as a sum without a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from regulars.adapters.database import identities
from regulars.adapters.database.consents import note_consents
from regulars.adapters.database.schema import (
    attempts,
    customer_tags,
    customers,
    errands,
    events,
    journeys,
    messages,
    order_tellings,
    orders,
    wishes,
)
from regulars.adapters.database.schema import identities as identity_table
from regulars.audience.consent import Consent, overrides
from regulars.journeys.journey import JourneyState
from regulars.loyalty.calls import CustomerGone

_NAMES = (
    "email", "email_key", "email_domain", "address_hash", "first_name", "last_name", "locale", "locale_folded", "timezone", "country",
    "country_folded", "city", "city_folded", "birth_date", "birth_month_day",
)


def erase(connection: Connection, customer_id: int, now: datetime) -> None:
    """The suppression list knows them by a hash only and stays, so that nobody writes to them by mistake later."""
    connection.execute(select(customers.c.id).where(customers.c.id == customer_id).with_for_update())
    connection.execute(update(customers).where(customers.c.id == customer_id).values(
        **dict.fromkeys(_NAMES), attributes={}, attributes_folded={}, erased_at=now, updated_at=now, marketing="withdrawn", marketing_at=now))
    for table in (identity_table, customer_tags, wishes):
        connection.execute(delete(table).where(table.c.customer_id == customer_id))
    connection.execute(delete(order_tellings).where(order_tellings.c.customer_id == customer_id))
    connection.execute(update(orders).where(orders.c.customer_id == customer_id).values(
        postal_hash=None, network_hash=None, device_hash=None, other=None))
    mine = select(messages.c.number).where(
        messages.c.customer_id == customer_id, messages.c.launch_id == attempts.c.launch_id, messages.c.number == attempts.c.number)
    connection.execute(update(attempts).where(mine.exists()).values(reply=None))  # relays repeat addresses
    connection.execute(update(messages).where(messages.c.customer_id == customer_id).values(email="", reply=None))
    end_journeys(connection, customer_id, "the customer asked to be forgotten", now)
    ways = select(journeys.c.id, journeys.c.trigger).where(journeys.c.customer_id == customer_id)
    for row in connection.execute(ways).all():
        connection.execute(update(journeys).where(journeys.c.id == row.id).values(trigger={**row.trigger, "data": {}}))
    of_journeys = select(journeys.c.id).where(journeys.c.customer_id == customer_id)
    connection.execute(update(errands).where(errands.c.journey_id.in_(of_journeys)).values(payload={}))
    connection.execute(update(errands).where(errands.c.journey_id.in_(of_journeys), errands.c.state == "pending").values(
        state="failed", answer="the customer asked to be forgotten", lease_until=None))
    connection.execute(update(events).where(events.c.customer_id == customer_id, events.c.data.is_not(None)).values(data=None))


def end_journeys(connection: Connection, customer_id: int, reason: str, now: datetime) -> None:
    """Those that the customer is on; what they have had stays written down."""
    connection.execute(
        update(journeys).where(journeys.c.customer_id == customer_id, journeys.c.state != JourneyState.ENDED.value)
        .values(state=JourneyState.ENDED.value, reason=reason, ended_at=now, due_at=None, waits_for=None, fence=journeys.c.fence + 1))


def withdraw(connection: Connection, gone: Sequence[CustomerGone], source: str, now: datetime) -> int:
    """How many of them had agreed to mail."""
    ids = identities.by_shop_id(connection, [each.shop_id for each in gone])
    left_at = {ids[each.shop_id]: each.at for each in gone if each.shop_id in ids}
    query = select(customers.c.id, customers.c.marketing, customers.c.marketing_at).where(
        customers.c.id.in_(sorted(left_at))).order_by(customers.c.id).with_for_update()
    answers = []
    for row in connection.execute(query):
        no = Consent("withdrawn", left_at[row.id], source)
        if row.marketing is not None and overrides(no, row.marketing, row.marketing_at):
            answers.append((row.id, no))
    note_consents(connection, answers, now)
    return len(answers)
