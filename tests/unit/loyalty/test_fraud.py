"""Each sign that one person stands on both sides, in words that a shop can check."""

from __future__ import annotations

import pytest

from regulars.definition.quantities import Money
from regulars.loyalty.fraud import MANY_FRIENDS, MANY_ON_NETWORK, Evidence, Signal, in_words, suspicions
from regulars.loyalty.throw_away import gives_throw_aways


def lira(amount: int) -> Money:
    return Money.of(amount, "TRY")


@pytest.mark.parametrize(("evidence", "signal", "words"), [
    (Evidence(address="1001"), Signal.SAME_ADDRESS, "the advocate's own order 1001"),
    (Evidence(device="1001"), Signal.SAME_DEVICE, "the same device as the advocate's own order 1001"),
    (Evidence(network="1001"), Signal.SAME_NETWORK, "within a day"),
    (Evidence(is_ring=True), Signal.RING, "the friend had brought the advocate"),
    (Evidence(friends_on_device=1), Signal.DEVICE_OF_FRIENDS, "another new friend ordered on the same device"),
    (Evidence(friends_at_address=100), Signal.ADDRESS_OF_FRIENDS, "100 or more other new friends"),
    (Evidence(friends_on_network=MANY_ON_NETWORK), Signal.NETWORK_OF_FRIENDS, "3 other new friends"),
    (Evidence(friends_of_code=MANY_FRIENDS + 1), Signal.MANY_AT_ONCE, "more than 20 friends"),
    (Evidence(domain="mailinator.com"), Signal.THROW_AWAY, "mailinator.com gives out addresses"),
    (Evidence(total=lira(80), reward=lira(100)), Signal.LESS_THAN_REWARD, "came to 80 TRY, less than the reward of 100 TRY"),
])
def test_a_sign_is_seen_and_said(evidence, signal, words):
    (found,) = suspicions(evidence)

    assert found.signal is signal
    assert words in found.words


@pytest.mark.parametrize("evidence", [
    Evidence(), Evidence(friends_of_code=MANY_FRIENDS), Evidence(friends_on_network=MANY_ON_NETWORK - 1),
    Evidence(total=lira(100), reward=lira(100)), Evidence(total=lira(1), reward=Money.of(100, "AZN")), Evidence(reward=lira(100)),
])
def test_what_happens_to_honest_people_is_no_sign(evidence):
    assert suspicions(evidence) == ()


def test_all_signs_are_told_the_strongest_first():
    said = in_words(suspicions(Evidence(domain="mailinator.com", address="1001")))

    assert said == "delivered to the same address as the advocate's own order 1001; mailinator.com gives out addresses for a few minutes"


def test_throw_away_addresses_are_known_by_their_domain_or_a_part_of_it():
    assert gives_throw_aways("mailinator.com")
    assert gives_throw_aways("any.mailinator.com")
    assert not gives_throw_aways("mail.example")
    assert not gives_throw_aways(None)
