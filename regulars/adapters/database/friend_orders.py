"""What friends' orders say: whose code the first one names that counts, and whose rows change with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select
from sqlalchemy.sql import Select

from regulars.adapters.database.bulk import in_batches, staged_ids
from regulars.adapters.database.facts import COUNTS
from regulars.adapters.database.identities import EMAIL
from regulars.adapters.database.schema import (
    CODED,
    customers,
    identities,
    orders,
    referral_codes,
    referrals,
)
from regulars.adapters.database.types import among
from regulars.loyalty.codes import PROGRAMME, read_code
from regulars.loyalty.referrals import Coded, Tie, lapsed, tie_of

_OWNER = func.coalesce(customers.c.merged_into, customers.c.id)


def wanted_ties(connection: Connection) -> dict[int, Tie]:
    """What ties each customer in `staged_ids` to somebody, if anything does."""
    coded: dict[int, list[Coded]] = defaultdict(list)
    first_at: dict[int, datetime | None] = {}
    for row in connection.execute(_coded_orders()):
        counts = row.order_id == row.first_order
        gone = None if row.still_counts else lapsed(row.status, row.total, row.cancelled_at, row.refunded)
        coded[row.customer_id].append(Coded(row.order_id, row.ordered_at, row.referral_code, counts, gone))
        first_at[row.customer_id] = row.orders_first_at
    if not coded:
        return {}
    owners = _owners(connection, {code for some in coded.values() for one in some if (code := read_code(one.code))})
    known = _addresses(connection, {*coded, *owners.values()})
    by_code = {code: (id_, known.get(id_, ())) for code, id_ in owners.items()}
    ties = {friend: tie_of((friend, known.get(friend, ())), some, first_at[friend], by_code) for friend, some in coded.items()}
    return {friend: tie for friend, tie in ties.items() if tie is not None}


def advocates_of(connection: Connection, friends: Collection[int], codes: Iterable[str | None]) -> set[int]:
    """Whose rows change when these customers' orders do: whom they are tied to, and the owners of the codes that they name now."""
    tied = set(connection.scalars(select(referrals.c.advocate_id).where(
        referrals.c.programme == PROGRAMME, among(referrals.c.friend_id, friends))))
    named = {code for written in codes if written and (code := read_code(written))}
    owners = select(_OWNER).join(referral_codes, customers.c.id == referral_codes.c.customer_id).where(referral_codes.c.programme == PROGRAMME, among(referral_codes.c.code, named, texts=True))
    return tied | (set(connection.scalars(owners)) if named else set())


def _coded_orders() -> Select[Any]:
    """Those of customers in `staged_ids`; each with the id of its customer's first order that counts."""
    other = orders.alias("other")
    counts = and_(other.c.is_refund.is_(False), other.c.counts_from.is_not(None), other.c.counts_until.is_(None))
    first = select(func.min(other.c.order_id)).where(
        other.c.customer_id == customers.c.id, other.c.ordered_at == customers.c.orders_first_at, counts).scalar_subquery()
    columns = ("customer_id", "order_id", "ordered_at", "referral_code", "status", "total", "cancelled_at", "refunded")
    return select(
        *(orders.c[name] for name in columns), COUNTS.label("still_counts"), customers.c.orders_first_at, first.label("first_order"),
    ).join(customers, customers.c.id == orders.c.customer_id).where(
        customers.c.id.in_(select(staged_ids.c.id)), CODED, orders.c.is_refund.is_(False))


def _owners(connection: Connection, codes: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in in_batches(sorted(codes)):
        query = select(referral_codes.c.code, _OWNER.label("owner")).join(customers, customers.c.id == referral_codes.c.customer_id).where(
            referral_codes.c.programme == PROGRAMME, referral_codes.c.code.in_(some))
        found |= {row.code: row.owner for row in connection.execute(query)}
    return found


def _addresses(connection: Connection, customer_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Every key of an address that each is, or was, known by."""
    known: dict[int, set[str]] = defaultdict(set)
    former = select(identities.c.customer_id, identities.c.value).where(identities.c.kind == EMAIL, among(identities.c.customer_id, customer_ids))
    present = select(customers.c.id, customers.c.email_key).where(among(customers.c.id, customer_ids), customers.c.email_key.is_not(None))
    for query in (former, present):
        for id_, key in connection.execute(query):
            known[id_].add(key)
    return {id_: tuple(sorted(keys)) for id_, keys in known.items()}
