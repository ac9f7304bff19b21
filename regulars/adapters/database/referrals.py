"""Who brought whom: the code on a customer's first order, followed to its owner. A pure function of the orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.sql import Select

from regulars.adapters.database.bulk import in_batches, load, staged_ids
from regulars.adapters.database.facts import COUNTS
from regulars.adapters.database.schema import customers, orders, referral_codes, referrals
from regulars.loyalty.codes import PROGRAMME, may_refer, read_code


@dataclass(frozen=True, slots=True)
class _Tie:
    advocate_id: int
    code: str
    order_id: str
    ordered_at: datetime


def tie_friends(connection: Connection) -> None:
    """Ties, re-ties or unties everybody in `staged_ids` by the code on their first order that counts."""
    wanted = _wanted(connection)
    stored = {
        row.friend_id: _Tie(row.advocate_id, row.code, row.order_id, row.ordered_at)
        for row in connection.execute(select(referrals).where(
            referrals.c.programme == PROGRAMME, referrals.c.state == "ordered",
            referrals.c.friend_id.in_(select(staged_ids.c.id))))
    }
    outdated = {friend for friend, tie in stored.items() if wanted.get(friend) != tie}
    new = {friend: tie for friend, tie in wanted.items() if stored.get(friend) != tie}
    if not outdated and not new:
        return
    _replace(connection, outdated, new)
    _count_again(connection, {tie.advocate_id for tie in (*new.values(), *(stored[friend] for friend in outdated))})


def _wanted(connection: Connection) -> dict[int, _Tie]:
    """The tie of each customer in `staged_ids` whose first order names somebody else's code."""
    first: dict[int, tuple[str, str, datetime, str]] = {}
    for row in connection.execute(_first_orders()):
        first.setdefault(row.customer_id, (row.referral_code, row.order_id, row.ordered_at, row.email_key))
    codes = {code for written, *_ in first.values() if written and (code := read_code(written))}
    owners = _owners(connection, codes) if codes else {}
    ties = {}
    for friend, (written, order_id, ordered_at, email_key) in first.items():
        code = read_code(written) if written else None
        if code in owners and may_refer(owners[code], (friend, email_key)):
            ties[friend] = _Tie(owners[code][0], code, order_id, ordered_at)
    return ties


def _first_orders() -> Select[tuple[int, str, str, datetime, str]]:
    return select(
        orders.c.customer_id, orders.c.referral_code, orders.c.order_id, orders.c.ordered_at, customers.c.email_key,
    ).join(customers, customers.c.id == orders.c.customer_id).where(
        customers.c.id.in_(select(staged_ids.c.id)), orders.c.ordered_at == customers.c.orders_first_at, COUNTS,
    ).order_by(orders.c.customer_id, orders.c.order_id)


def _owners(connection: Connection, codes: Iterable[str]) -> dict[str, tuple[int, str | None]]:
    found: dict[str, tuple[int, str | None]] = {}
    for some in in_batches(sorted(codes)):
        query = select(referral_codes.c.code, customers.c.id, customers.c.email_key).join(
            customers, customers.c.id == referral_codes.c.customer_id,
        ).where(referral_codes.c.programme == PROGRAMME, referral_codes.c.code.in_(some))
        found.update({code: (id_, key) for code, id_, key in connection.execute(query)})
    return found


def _replace(connection: Connection, outdated: Iterable[int], new: Mapping[int, _Tie]) -> None:
    gone = sorted(outdated)
    connection.execute(delete(referrals).where(referrals.c.programme == PROGRAMME, referrals.c.friend_id.in_(gone)))
    connection.execute(update(customers).where(customers.c.id.in_(gone)).values(referred_by=None))
    load(connection, referrals, [
        {
            "programme": PROGRAMME, "code": tie.code, "advocate_id": tie.advocate_id, "friend_id": friend,
            "order_id": tie.order_id, "state": "ordered", "ordered_at": tie.ordered_at,
        }
        for friend, tie in new.items()
    ])
    if new:
        brought = update(customers).where(customers.c.id == bindparam("friend")).values(referred_by=bindparam("advocate"))
        connection.execute(brought, [{"friend": friend, "advocate": tie.advocate_id} for friend, tie in new.items()])


def _count_again(connection: Connection, advocates: Iterable[int]) -> None:
    brought = select(func.count()).where(referrals.c.advocate_id == customers.c.id).scalar_subquery()
    connection.execute(update(customers).where(customers.c.id.in_(sorted(set(advocates)))).values(has_referred=brought))
