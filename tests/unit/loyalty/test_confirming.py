"""What a friend's order earns when it can no longer come back: conditions, cap, milestones, segments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.definition.programme import ReferralProgramme
from regulars.definition.quantities import Duration, Money
from regulars.definition.units import reward
from regulars.loyalty.confirming import (
    Advocate,
    Case,
    after,
    decision,
    due_at,
    fits_cap,
    milestone_entries,
    next_milestone,
    reward_of,
)
from regulars.loyalty.fraud import Evidence
from regulars.loyalty.referrals import ReferralState
from regulars.loyalty.rewards import EntryKind

S = ReferralState
ZONE = "Europe/Istanbul"
PLACED = datetime(2026, 5, 1, 10, tzinfo=UTC)
DAYS = lambda n: Duration(seconds=n * 86_400)  # noqa: E731  reads like a unit
PROGRAMME = ReferralProgramme(reward("15%"), reward("100 TRY"))
ADA = Advocate(1)


def case(total: str = "500", currency: str = "TRY", compared: str | None = None, **more) -> Case:
    return Case(9, 1, 2, "A", PLACED, Money.of(total, currency), Money.of(compared or total, "TRY"), **more)


def test_a_friend_is_confirmed_when_the_order_can_no_longer_come_back():
    found = decision(case(), ADA, PROGRAMME, ZONE)

    assert found.state is S.REWARDED
    assert found.at == due_at(PLACED, PROGRAMME, ZONE) == PLACED + timedelta(days=14)
    assert (str(found.reward.money), found.reward.source_id, found.reward.expires_at) == ("100 TRY", "9/1", None)


def test_months_of_the_time_for_returns_are_calendar_ones():
    assert due_at(PLACED, replace(PROGRAMME, confirmed_after=Duration(months=1)), ZONE) == datetime(2026, 6, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(("bought", "enough"), [
    (case("500"), True), (case("499.99"), False), (case("20", "AZN", "400"), True), (case("19", "AZN", "999"), False),
    (case("5", "EUR", "500"), True), (case("5", "EUR", "300"), False),
])
def test_the_friends_order_must_come_to_the_minimum_of_its_currency(bought, enough):
    programme = replace(PROGRAMME, minimum=(Money.of(500, "TRY"), Money.of(20, "AZN")), advocate=reward("15%"))

    found = decision(bought, ADA, programme, ZONE)

    assert found.state is (S.REWARDED if enough else S.REVERSED)
    assert enough or "and the programme asks for" in found.reason


def test_what_is_suspicious_waits_for_a_person_and_passes_once_they_said_so():
    doubtful = case(evidence=Evidence(device="1001"))
    later = PLACED + timedelta(days=20)

    assert decision(doubtful, ADA, PROGRAMME, ZONE).state is S.HELD
    let_pass = decision(replace(doubtful, approved_at=later), ADA, PROGRAMME, ZONE)
    assert (let_pass.state, let_pass.at) == (S.REWARDED, later)


def test_an_order_smaller_than_the_reward_is_held():
    assert decision(case("99"), ADA, PROGRAMME, ZONE).state is S.HELD
    assert decision(case("4", "AZN"), ADA, replace(PROGRAMME, advocate=reward("100 TRY / 5 AZN")), ZONE).state is S.HELD


@pytest.mark.parametrize(("compared", "state"), [("78.91", S.HELD), ("105", S.REWARDED)])
def test_an_order_in_a_currency_without_a_reward_is_held_by_what_it_is_worth(compared, state):
    assert decision(case("1.50", "EUR", compared), ADA, PROGRAMME, ZONE).state is state


def test_advocates_of_a_segment_get_more_and_the_first_that_fits_wins():
    programme = replace(PROGRAMME, by_segment={"gold": reward("200 TRY"), "silver": reward("150 TRY")})

    assert [str(reward_of(programme, frozenset(names))) for names in ((), ("silver",), ("silver", "gold"))] == ["100 TRY", "150 TRY", "200 TRY"]


def test_beyond_the_cap_a_friend_is_confirmed_and_earns_nothing():
    programme = replace(PROGRAMME, cap=2, cap_per=DAYS(30))
    at = due_at(PLACED, programme, ZONE)
    full = replace(ADA, rewarded=(at - timedelta(days=29), at - timedelta(days=1)))

    found = decision(case(), full, programme, ZONE)

    assert (found.state, found.reward, found.reason) == (S.CONFIRMED, None, "no reward: the cap of 2 rewarded friends in 30 days is reached")
    assert decision(case(), replace(full, rewarded=(at - timedelta(days=30), at - timedelta(days=1))), programme, ZONE).reward


@given(st.lists(st.integers(0, 100), max_size=20), st.integers(1, 4), st.sampled_from([DAYS(7), Duration(months=1), None]))
def test_no_stretch_of_time_has_more_rewards_than_the_cap(days, cap, per):
    programme = replace(PROGRAMME, cap=cap, cap_per=per)
    rewarded: list[datetime] = []
    for day in days:
        if fits_cap(programme, rewarded, at := PLACED + timedelta(days=day), ZONE):
            rewarded.append(at)

    if per is None:
        assert len(rewarded) <= cap
    for end in rewarded if per else ():
        assert sum(end - timedelta(days=28 if per.months else 7) < one <= end for one in rewarded) <= cap


def test_each_milestone_is_reached_once_and_lost_with_the_friends_that_made_it():
    programme = replace(PROGRAMME, milestones={2: reward("a mug"), 3: reward("250 g of beans")}, expires_after=DAYS(90))
    ada = after(after(ADA, decision(case(), ADA, programme, ZONE)), decision(case(), ADA, programme, ZONE))

    ((friends, mug),) = milestone_entries(ada, programme, PLACED, ZONE)
    known = replace(ada, milestones={2: (mug,)})

    assert (friends, mug.words, mug.source_id, mug.expires_at) == (2, "a mug", "1:2/1", PLACED + timedelta(days=90))
    assert list(milestone_entries(known, programme, PLACED, ZONE)) == []
    ((_, lost),) = milestone_entries(replace(known, confirmed=1), None, PLACED, ZONE)
    assert (lost.entry, lost.value, lost.source_id) == (EntryKind.REVERSED, -mug.value, "1:2/2")
    ((_, again),) = milestone_entries(replace(known, milestones={2: (mug, lost)}), programme, PLACED, ZONE)
    assert again.source_id == "1:2/3"


def test_the_next_milestone_is_the_nearest_that_is_not_reached():
    programme = replace(PROGRAMME, milestones={10: reward("a mug"), 5: reward("beans")})

    assert [next_milestone(programme, n) for n in (0, 5, 10)] == [(5, reward("beans")), (10, reward("a mug")), None]
