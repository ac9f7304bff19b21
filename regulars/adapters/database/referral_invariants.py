"""What must be true of referrals and rewards at every moment, as queries that find what breaks it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select

from regulars.adapters.database.schema import customers, referrals, rewards
from regulars.loyalty.codes import PROGRAMME
from regulars.loyalty.referrals import BROUGHT, KEPT, ReferralState
from regulars.loyalty.rewards import EntryKind

referral, entry = referrals.c, rewards.c
_IS_REWARDED = referral.state == ReferralState.REWARDED.value


def _referrals(*where: ColumnElement[bool]) -> Select[Any]:
    return select(referral.id.label("referral")).where(referral.programme == PROGRAMME, *where)


def _of_its_entries(value: ColumnElement[Any]) -> Any:
    return select(func.coalesce(value, 0)).where(entry.referral_id == referral.id).correlate(referrals).scalar_subquery()


def _standing() -> Any:
    """How often it was earned more than it was taken back."""
    return _of_its_entries(func.sum(case((entry.entry == EntryKind.EARNED.value, 1), (entry.entry == EntryKind.REVERSED.value, -1), else_=0)))


def _orphans() -> Select[Any]:
    return select(entry.id.label("entry")).where(
        entry.referral_id.is_not(None), not_(exists().where(referral.id == entry.referral_id)))


_SUM = _of_its_entries(func.sum(entry.value))
_MOST = _of_its_entries(func.max(case((entry.entry == EntryKind.EARNED.value, entry.value), else_=0)))
_SAYS_WHY = [ReferralState.HELD.value, ReferralState.REVERSED.value, ReferralState.REJECTED.value]

REFERRAL_INVARIANTS: Mapping[str, Select[Any]] = MappingProxyType({
    "a rewarded referral has its reward, and no other has one": _referrals(
        or_(and_(_IS_REWARDED, _standing() != 1), and_(not_(_IS_REWARDED), _standing() != 0))
    ),
    "a referral comes to nothing or to one reward": _referrals(or_(_SUM < 0, _SUM > _MOST, and_(not_(_IS_REWARDED), _SUM != 0))),
    "every reward for a friend has its referral": _orphans(),
    "nothing is rewarded before it is confirmed": _referrals(or_(
        and_(referral.state.in_(sorted(KEPT)), referral.confirmed_at.is_(None)),
        and_(_IS_REWARDED, or_(referral.rewarded_at.is_(None), referral.rewarded_at < referral.confirmed_at)),
    )),
    "a referral that does not go on says why": _referrals(referral.state.in_(_SAYS_WHY), referral.reason.is_(None)),
    "nobody brings themselves": _referrals(referral.advocate_id == referral.friend_id),
    "a friend who counts knows who brought them": _referrals(
        referral.state.in_(sorted(BROUGHT)),
        not_(exists().where(customers.c.id == referral.friend_id, customers.c.referred_by == referral.advocate_id)),
    ),
})
