"""Two customers of the shop turn out to be one: everything of the one that is gone becomes the other's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, exists, func, select, update

from regulars.adapters.database import identities
from regulars.adapters.database.erasure import end_journeys
from regulars.adapters.database.facts import lock_customers, refresh_facts
from regulars.adapters.database.referrals import count_friends, tie_friends
from regulars.adapters.database.schema import (
    consents,
    coupons,
    customer_tags,
    customers,
    events,
    journeys,
    memberships,
    messages,
    order_lines,
    order_tellings,
    orders,
    referrals,
    rewards,
    wishes,
)
from regulars.adapters.database.schema import identities as identity_table
from regulars.adapters.database.scores import replay_engagement
from regulars.definition.workspace import Scoring
from regulars.loyalty.calls import Merged

# Rows that simply change hands, and those of which one customer may have only one: by what.
_WHOLE: tuple[Table, ...] = (orders, order_lines, order_tellings, events, consents, coupons, rewards, identity_table)
_ONE_EACH: tuple[tuple[Table, tuple[tuple[str, ...], ...]], ...] = (
    (messages, (("launch_id", "step", "occurrence"),)),
    (customer_tags, (("tag_folded",),)),
    (wishes, (("sku",),)),
    (memberships, (("campaign",),)),
)


def merge(connection: Connection, merges: Sequence[Merged], scoring: Scoring, now: datetime) -> int:
    """How many pairs were two customers here; of a pair that is not, both names lead to the one there is."""
    count = 0
    for each in sorted(merges, key=lambda each: (each.kept, each.gone)):
        ids = identities.by_shop_id(connection, [each.kept, each.gone])
        kept, gone = ids.get(each.kept), ids.get(each.gone)
        if kept is not None and gone is not None and kept != gone:
            _unite(connection, kept, gone, scoring, now)
            count += 1
        elif (known := kept or gone) is not None:
            identities.remember(connection, identities.SHOP_ID, {each.kept: known, each.gone: known}, now)
    return count


def _unite(connection: Connection, kept: int, gone: int, scoring: Scoring, now: datetime) -> None:
    lock_customers(connection, [kept, gone])
    former = connection.execute(select(customers).where(customers.c.id == gone)).one()
    staying = connection.execute(select(customers).where(customers.c.id == kept)).one()
    for table in _WHOLE:
        connection.execute(update(table).where(table.c.customer_id == gone).values(customer_id=kept))
    for table, keys in _ONE_EACH:
        connection.execute(update(table).where(table.c.customer_id == gone, *(~_has(table, kept, key) for key in keys)).values(customer_id=kept))
    _move_journeys(connection, kept, gone)
    end_journeys(connection, gone, "they are on the way as the customer who they turned out to be", now)
    for column in ("advocate_id", "friend_id"):
        twin = referrals.alias()
        clash = exists(select(twin.c.id).where(twin.c.programme == referrals.c.programme, twin.c.friend_id == kept))
        mine = referrals.c[column] == gone
        connection.execute(update(referrals).where(mine if column == "advocate_id" else and_(mine, ~clash)).values({column: kept}))
    connection.execute(update(customers).where(customers.c.referred_by == gone).values(referred_by=kept))
    connection.execute(delete(customer_tags).where(customer_tags.c.customer_id == gone))
    connection.execute(update(customers).where(customers.c.id == gone).values(
        email=None, email_key=None, erased_at=now, updated_at=now, merged_into=kept))
    connection.execute(update(customers).where(customers.c.merged_into == gone).values(merged_into=kept))
    connection.execute(update(customers).where(customers.c.id == kept).values(_of_both(staying, former, now)))
    if former.email_key and staying.email_key:
        identities.remember(connection, identities.EMAIL, {former.email_key: kept}, now)
    refresh_facts(connection, [kept, gone])
    tie_friends(connection, now, live=False)
    count_friends(connection, [kept, gone])
    replay_engagement(connection, scoring, [kept, gone])


def _move_journeys(connection: Connection, kept: int, gone: int) -> None:
    """Behind those of the one who stays, who may have been on the same way; but not twice for the same."""
    twin = journeys.alias()
    theirs = select(func.coalesce(func.max(twin.c.occurrence), 0)).where(twin.c.customer_id == kept, twin.c.campaign == journeys.c.campaign)
    connection.execute(
        update(journeys).where(journeys.c.customer_id == gone, ~_has(journeys, kept, ("campaign", "entry")))
        .values(customer_id=kept, occurrence=journeys.c.occurrence + theirs.scalar_subquery()))


def _has(table: Table, customer_id: int, key: tuple[str, ...]) -> Any:
    twin = table.alias()
    return exists(select(twin.c[key[0]]).where(twin.c.customer_id == customer_id, *(twin.c[name] == table.c[name] for name in key)))


def _of_both(staying: Any, former: Any, now: datetime) -> dict[str, Any]:
    """What the one who stays has not told, the other's word fills. A no of either is a no, unless the yes came later."""
    told: dict[str, Any] = {
        name: getattr(former, name)
        for name in (
            "first_name", "last_name", "locale", "locale_folded", "timezone", "country", "country_folded", "city", "city_folded",
            "birth_date", "birth_month_day", "email", "email_key", "email_domain", "address_hash",
        )
        if getattr(staying, name) is None
    }
    told["attributes"] = {**former.attributes, **staying.attributes}
    told["attributes_folded"] = {**former.attributes_folded, **staying.attributes_folded}
    told["created_at"] = min(staying.created_at, former.created_at)
    told["updated_at"] = now
    answers = [
        (each.marketing_at is not None, each.marketing_at, each.marketing == "withdrawn", each.marketing)
        for each in (staying, former) if each.marketing is not None
    ]
    if answers:
        _, told["marketing_at"], _, told["marketing"] = max(answers, key=lambda each: (each[0], each[1] or now, each[2]))
    return told
