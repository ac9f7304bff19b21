"""What an advocate hears of their friends: happenings that automations start on. A friend is a first name, never an address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from regulars.journeys.happenings import Happening
from regulars.loyalty.confirming import Decision
from regulars.loyalty.referrals import KEPT, ReferralState
from regulars.loyalty.rewards import Entry, EntryKind

SOURCE = "referral"


def news(
    event: str, advocate_id: int, friend_id: int, order_id: str, at: datetime, *, friend: str | None, live: bool, **data: Any
) -> Happening:
    """`event`: ordered | confirmed | rewarded | reversed. Of one friend's order each is told once."""
    return Happening(
        f"referral.{event}", advocate_id, at, SOURCE, f"{friend_id}:{advocate_id}:{order_id}:{event}", order_id, {"friend": friend, **data}, live=live)


def news_of(decided: Decision) -> Iterator[Happening]:
    """`friends` is how many are confirmed now; `reward` is in words."""
    case = decided.case

    def told(event: str, **data: Any) -> Happening:
        return news(event, case.advocate_id, case.friend_id, case.order_id, decided.at, friend=case.friend, live=case.is_live, **data)

    if decided.state in KEPT:
        yield told("confirmed", friends=decided.friends)
    if decided.reward is not None:
        yield told("rewarded", friends=decided.friends, reward=decided.reward.words)
    if decided.state is ReferralState.REVERSED:
        yield told("reversed", reason=decided.reason)


def news_of_milestone(friends: int, entry: Entry, *, live: bool) -> Iterator[Happening]:
    if entry.entry is EntryKind.EARNED:
        yield Happening(
            "referral.milestone", entry.customer_id, entry.at, "milestone", entry.source_id, entry.source_id,
            {"friends": friends, "reward": entry.words}, live=live)
