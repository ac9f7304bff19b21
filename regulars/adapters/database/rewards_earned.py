"""What mails say about the friends that customers brought and what they have earned: for a batch, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from regulars.adapters.database.referral_cases import segments_of
from regulars.adapters.database.rewards import purses_of
from regulars.adapters.database.schema import referrals
from regulars.adapters.database.types import among
from regulars.content.recipient import RewardsEarned
from regulars.definition.programme import RewardKind
from regulars.definition.workspace import Shop
from regulars.loyalty.codes import PROGRAMME
from regulars.loyalty.confirming import reward_of
from regulars.loyalty.referrals import KEPT, ReferralState


def rewards_earned(connection: Connection, customer_ids: Collection[int], as_of: datetime, shop: Shop) -> dict[int, RewardsEarned]:
    """Of every one of these customers. `shop`: as it was frozen, with the segments whose members get more."""
    friends = _friends(connection, customer_ids, as_of)
    purses = purses_of(connection, customer_ids, as_of)
    advocates = _advocates(connection, customer_ids, as_of, shop)
    earned = {}
    for id_ in customer_ids:
        confirmed, pending = friends.get(id_, (0, 0))
        left = [purse for purse in purses.get(id_, ()) if purse.value > 0]
        balances = tuple(purse.money for purse in left if purse.kind is RewardKind.AMOUNT and purse.money)
        earned[id_] = RewardsEarned(confirmed, pending, balances, tuple(map(str, left)), advocates.get(id_))
    return earned


def _friends(connection: Connection, customer_ids: Collection[int], as_of: datetime) -> dict[int, tuple[int, int]]:
    """(confirmed, on their way) of each."""
    row = referrals.c
    kept = case(((row.state.in_(sorted(KEPT))) & (row.confirmed_at <= as_of), 1), else_=0)
    pending = case(((row.state == ReferralState.ORDERED.value) & (row.ordered_at <= as_of), 1), else_=0)
    query = select(row.advocate_id, func.sum(kept).label("confirmed"), func.sum(pending).label("pending")).where(
        among(row.advocate_id, customer_ids), row.programme == PROGRAMME).group_by(row.advocate_id)
    return {found.advocate_id: (int(found.confirmed), int(found.pending)) for found in connection.execute(query)}


def _advocates(connection: Connection, customer_ids: Collection[int], as_of: datetime, shop: Shop) -> Mapping[int, str]:
    programme = shop.referral
    if programme is None or not programme.by_segment:
        return {}
    members = segments_of(connection, customer_ids, programme.segments, shop, as_of)
    return {id_: reward_of(programme, frozenset(members.get(id_, ()))).words for id_ in customer_ids}
