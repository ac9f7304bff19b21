"""What is known about friends' orders that may be their advocates' own: counted for a batch in a constant number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ScalarSelect,
    String,
    Text,
    and_,
    func,
    select,
)

from regulars.adapters.database.bulk import in_batches, look_up, stage, staging_table
from regulars.adapters.database.schema import CODED, customers, orders, referrals
from regulars.adapters.database.types import UtcTime, among
from regulars.loyalty.codes import PROGRAMME
from regulars.loyalty.fraud import GENERATIONS, MANY_FRIENDS, MOST_COUNTED, NEAR, SHARED, Evidence
from regulars.loyalty.referrals import BROUGHT, ReferralState, Tie
from regulars.loyalty.throw_away import gives_throw_aways

_HASHES = ("postal_hash", "network_hash", "device_hash")
_STANDING = BROUGHT | {ReferralState.HELD}  # else two who hold each other would be seen from one side only
_WINDOWS = ("day_before", "day_after", "month_before", "month_after")
staged_ties = staging_table(
    "staged_ties", Column("friend_id", BigInteger, primary_key=True), Column("advocate_id", BigInteger), Column("ordered_at", UtcTime()),
    *(Column(name, UtcTime()) for name in _WINDOWS), *(Column(name, String(64)) for name in _HASHES), Column("domain", Text),
)
_tie = staged_ties.c


def evidence_on(connection: Connection, ties: Mapping[int, Tie]) -> dict[int, Evidence]:
    """By friend. `ties`: friend -> what ties them to an advocate."""
    if not ties:
        return {}
    stage(connection, staged_ties, _rows(connection, ties))
    rings = _rings(connection, {friend: tie.advocate_id for friend, tie in ties.items()})
    return {
        row.friend_id: Evidence(
            row.address, row.device, row.network, row.friend_id in rings, row.friends_at_address, row.friends_on_device,
            row.friends_on_network, row.friends_of_code, row.domain if gives_throw_aways(row.domain) else None,
        )
        for row in connection.execute(_question())
    }


def _rows(connection: Connection, ties: Mapping[int, Tie]) -> Sequence[dict[str, Any]]:
    by_order = {tie.order_id: friend for friend, tie in ties.items()}
    hashes: dict[int, tuple[Any, ...]] = {}
    for some in in_batches(sorted(by_order)):
        query = select(orders.c.order_id, *(orders.c[name] for name in _HASHES)).where(orders.c.order_id.in_(some))
        hashes |= {by_order[row.order_id]: tuple(row)[1:] for row in connection.execute(query)}
    domains = look_up(connection, customers.c.id, customers.c.email_domain, ties)
    return [
        {"friend_id": friend, "advocate_id": tie.advocate_id, "ordered_at": tie.ordered_at, "domain": domains.get(friend),
         **dict(zip(_WINDOWS, _windows(tie.ordered_at), strict=True)),
         **dict(zip(_HASHES, hashes.get(friend, (None,) * len(_HASHES)), strict=True))}
        for friend, tie in ties.items()
    ]


def _windows(at: datetime) -> tuple[datetime, ...]:
    return at - NEAR, at + NEAR, at - SHARED, at + SHARED


def _question() -> Any:
    near = orders.c.ordered_at.between(_tie.day_before, _tie.day_after)
    return select(
        _tie.friend_id, _tie.domain,
        _own("postal_hash").label("address"), _own("device_hash").label("device"), _own("network_hash", near).label("network"),
        _of_friends("postal_hash", "month").label("friends_at_address"), _of_friends("device_hash", "month").label("friends_on_device"),
        _of_friends("network_hash", "day").label("friends_on_network"), _with_this_code().label("friends_of_code"),
    )


def _own(hash_: str, *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    """An order of the advocate's that has the same hash."""
    same = and_(orders.c.customer_id == _tie.advocate_id, orders.c[hash_] == _tie[hash_], *where)
    return select(func.min(orders.c.order_id)).where(same).correlate(staged_ties).scalar_subquery()


def _of_friends(hash_: str, window: str) -> ScalarSelect[Any]:
    """Customers besides these two who ordered with somebody's code and the same hash."""
    others = select(orders.c.customer_id).distinct().where(
        CODED, orders.c[hash_] == _tie[hash_], orders.c.ordered_at.between(_tie[f"{window}_before"], _tie[f"{window}_after"]),
        orders.c.customer_id != _tie.friend_id, orders.c.customer_id != _tie.advocate_id,
    ).limit(MOST_COUNTED).correlate(staged_ties).subquery()
    return select(func.count()).select_from(others).scalar_subquery()


def _with_this_code() -> ScalarSelect[Any]:
    before = select(referrals.c.id).where(
        referrals.c.programme == PROGRAMME, referrals.c.advocate_id == _tie.advocate_id, referrals.c.friend_id != _tie.friend_id,
        referrals.c.ordered_at > _tie.day_before, referrals.c.ordered_at <= _tie.ordered_at,
    ).limit(MANY_FRIENDS).correlate(staged_ties).subquery()
    return (select(func.count() + 1).select_from(before)).scalar_subquery()


def _rings(connection: Connection, advocates: Mapping[int, int]) -> set[int]:
    """Friends who stand among those who brought their advocate, and who brought those …"""
    found: set[int] = set()
    above = dict(advocates)
    for _ in range(GENERATIONS):
        query = select(referrals.c.friend_id, referrals.c.advocate_id).where(
            referrals.c.programme == PROGRAMME, among(referrals.c.friend_id, set(above.values())), referrals.c.state.in_(_STANDING))
        brought_by = {row.friend_id: row.advocate_id for row in connection.execute(query)}
        above = {friend: brought_by[one] for friend, one in above.items() if one in brought_by}
        found |= {friend for friend, one in above.items() if friend == one}
        if not above:
            break
    return found
