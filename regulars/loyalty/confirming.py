"""When the time for returns is over: is a referral held, void or confirmed, and what does it earn its advocate?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from regulars.definition.programme import ReferralProgramme, Reward
from regulars.definition.quantities import Money
from regulars.definition.spans import plus
from regulars.loyalty.fraud import Evidence, in_words, suspicions
from regulars.loyalty.referrals import ReferralState
from regulars.loyalty.rewards import Entry, amount_in, earned, standing_lot, taken_back

TOO_FEW = "fewer friends are confirmed than the milestone asks for"


@dataclass(frozen=True, slots=True)
class Case:
    """A referral whose friend's order counts. `total`: in its own currency, less what came back; `compared`: the same in the shop's
    compare currency. `approved_at`: somebody looked at it and let it pass. `is_live`: the order was told by the shop as it happened,
    not by a file. `entries`: those of its reward so far. `friend`: their first name."""

    referral_id: int
    advocate_id: int
    friend_id: int
    order_id: str
    ordered_at: datetime
    total: Money
    compared: Money
    evidence: Evidence = field(default_factory=Evidence)
    approved_at: datetime | None = None
    is_live: bool = False
    entries: tuple[Entry, ...] = ()
    friend: str | None = None


@dataclass(frozen=True, slots=True)
class Advocate:
    """`segments`: those of the programme's that they are in. `currencies`: that they pay in, the best first. `confirmed`: friends so
    far; `rewarded`: when each reward was earned that can still count against the cap; `milestones`: entries of each so far."""

    customer_id: int
    segments: frozenset[str] = frozenset()
    currencies: tuple[str, ...] = ()
    confirmed: int = 0
    rewarded: tuple[datetime, ...] = ()
    milestones: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a case. `at`: when it became true, however late somebody looked; `friends`: confirmed ones of the advocate."""

    case: Case
    state: ReferralState
    at: datetime
    reason: str | None = None
    reward: Entry | None = None
    friends: int = 0


def reward_of(programme: ReferralProgramme, segments: frozenset[str]) -> Reward:
    """What a confirmed friend earns an advocate of these segments; of several that fit, the first in the file."""
    fitting = (reward for name, reward in programme.by_segment.items() if name in segments)
    return next(fitting, programme.advocate)


def due_at(ordered_at: datetime, programme: ReferralProgramme, zone: str) -> datetime:
    """When an order can no longer come back."""
    return plus(ordered_at, programme.confirmed_after, zone)


def decision(case: Case, advocate: Advocate, programme: ReferralProgramme, zone: str) -> Decision:
    """Of a case whose time has come."""
    at = max(due_at(case.ordered_at, programme, zone), case.approved_at or case.ordered_at)
    if too_small := _too_small(case, programme):
        return Decision(case, ReferralState.REVERSED, at, too_small)
    reward = reward_of(programme, advocate.segments)
    amount = amount_in(reward, (case.total.currency, *advocate.currencies))
    total = case.total if amount is None or amount.currency == case.total.currency else case.compared
    evidence = replace(case.evidence, total=total, reward=amount)
    if case.approved_at is None and (suspicion := in_words(suspicions(evidence))):
        return Decision(case, ReferralState.HELD, at, suspicion)
    if not fits_cap(programme, advocate.rewarded, at, zone):
        return Decision(case, ReferralState.CONFIRMED, at, f"no reward: {_cap_in_words(programme)}", friends=advocate.confirmed + 1)
    entry = earned(
        advocate.customer_id, reward, advocate.currencies, at, expiry(programme, at, zone), source="referral",
        cause=str(case.referral_id), referral_id=case.referral_id, entries_before=_told(case.entries),
    )
    return Decision(case, ReferralState.REWARDED, at, None, entry, advocate.confirmed + 1)


def after(advocate: Advocate, decided: Decision) -> Advocate:
    """The advocate, for the next of their cases."""
    if decided.state not in {ReferralState.CONFIRMED, ReferralState.REWARDED}:
        return advocate
    rewarded = (*advocate.rewarded, decided.at) if decided.reward else advocate.rewarded
    return replace(advocate, confirmed=advocate.confirmed + 1, rewarded=rewarded)


def milestone_entries(advocate: Advocate, programme: ReferralProgramme | None, at: datetime, zone: str) -> Iterator[tuple[int, Entry]]:
    """(how many friends, its entry) of each milestone that is reached now, and of those that are no longer. `programme`: None when
    only what is no longer true is looked for."""
    for friends, chain in advocate.milestones.items():
        lot = standing_lot(chain)
        if lot is not None and advocate.confirmed < friends:
            yield friends, taken_back(lot, chain, at, TOO_FEW)
    for friends, reward in sorted(programme.milestones.items()) if programme else ():
        chain = advocate.milestones.get(friends, ())
        if advocate.confirmed >= friends and standing_lot(chain) is None:
            yield friends, earned(
                advocate.customer_id, reward, advocate.currencies, at, expiry(programme, at, zone), source="milestone",
                cause=f"{advocate.customer_id}:{friends}", entries_before=_told(chain),
            )


def next_milestone(programme: ReferralProgramme, confirmed: int) -> tuple[int, Reward] | None:
    """The nearest one that so many confirmed friends do not reach yet."""
    return next(((friends, reward) for friends, reward in sorted(programme.milestones.items()) if friends > confirmed), None)


def fits_cap(programme: ReferralProgramme, rewarded: Sequence[datetime], at: datetime, zone: str) -> bool:
    """May one more be rewarded at `at`, so that no stretch of the cap's length has more than the cap?"""
    if programme.cap is None:
        return True
    if programme.cap_per is None:
        return len(rewarded) < programme.cap
    for end in (at, *(one for one in rewarded if at < one < plus(at, programme.cap_per, zone))):
        if sum(one <= end < plus(one, programme.cap_per, zone) for one in rewarded) >= programme.cap:
            return False
    return True


def expiry(programme: ReferralProgramme | None, at: datetime, zone: str) -> datetime | None:
    return plus(at, programme.expires_after, zone) if programme and programme.expires_after else None


def earliest_of_cap(programme: ReferralProgramme, at: datetime) -> datetime | None:
    """Rewards before this never count together with one at `at`; None: all do."""
    per = programme.cap_per
    return None if per is None else at - timedelta(days=31 * per.months, seconds=per.seconds)


def _too_small(case: Case, programme: ReferralProgramme) -> str | None:
    least = {money.currency: money for money in programme.minimum}
    total = case.total if case.total.currency in least else case.compared
    wanted = least.get(total.currency)
    return f"the order came to {total}, and the programme asks for {wanted}" if wanted and total.units < wanted.units else None


def _cap_in_words(programme: ReferralProgramme) -> str:
    friends = "1 rewarded friend" if programme.cap == 1 else f"{programme.cap} rewarded friends"
    return f"the cap of {friends}{f' in {programme.cap_per}' if programme.cap_per else ''} is reached"


def _told(chain: Sequence[Entry]) -> int:
    return sum(entry.source != "expiry" for entry in chain)
