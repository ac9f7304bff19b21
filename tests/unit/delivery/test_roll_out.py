"""A launch in two parts: how many go first, when they have left, and what stops the rest."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from regulars.definition.quantities import Duration
from regulars.definition.units import Unfit, roll_out
from regulars.definition.workspace import RollOut
from regulars.delivery.roll_out import (
    FirstPart,
    RollOutState,
    Stage,
    harm,
    has_left,
    next_start,
    size_of_first,
)

HOUR = Duration(seconds=3600)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize("text", [
    "2% first, then 1 hour pause", "2 % first, then 1 hour pause", "2% first, 1 hour pause", "2% first, then 1 hour",
    "2%  first , then 60 minutes pause",
])
def test_a_share_goes_first(text):
    assert roll_out(text).share == 2
    assert roll_out(text).pause.seconds == 3600


@pytest.mark.parametrize("text", ["500 first, then 30 minutes pause", "500 mails first, then 30 minutes pause"])
def test_a_number_goes_first(text):
    assert roll_out(text) == RollOut(Duration(seconds=1800), mails=500)


@pytest.mark.parametrize(("text", "code"), [
    ("2%", "D317"), ("slowly", "D317"), ("then 1 hour pause", "D317"), ("2% first", "D317"), ("first 2%, then 1 hour pause", "D317"),
    ("2% first, then a while pause", "D304"), ("2% first, then 0 minutes pause", "D314"), ("2% first, then 1 hour pause, then all", "D304"),
    ("0% first, then 1 hour pause", "D314"), ("100% first, then 1 hour pause", "D314"), ("101% first, then 1 hour pause", "D314"),
    ("0 first, then 1 hour pause", "D314"), ("-5 first, then 1 hour pause", "D314"), ("1.5 first, then 1 hour pause", "D302"),
    ("1.500 first, then 1 hour pause", "D303"), ("two first, then 1 hour pause", "D302"),
])
def test_what_is_no_roll_out_says_why(text, code):
    with pytest.raises(Unfit) as told:
        roll_out(text)
    assert told.value.code == code
    assert told.value.hint


@pytest.mark.parametrize(("wanted", "mails", "first"), [
    (RollOut(HOUR, share=Decimal(2)), 50_000, 1000), (RollOut(HOUR, share=Decimal("0.5")), 1000, 5), (RollOut(HOUR, share=Decimal(2)), 10, 1),
    (RollOut(HOUR, mails=500), 50_000, 500), (RollOut(HOUR, mails=500), 20, 20), (RollOut(HOUR, share=Decimal(99)), 1, 1),
])
def test_the_first_part_has_at_least_one_mail_and_at_most_all(wanted, mails, first):
    assert size_of_first(wanted, mails) == first


@pytest.mark.parametrize(("part", "left"), [
    (FirstPart(1000), True), (FirstPart(1000, untried=1), False), (FirstPart(1000, put_off=100), True), (FirstPart(1000, put_off=101), False),
    (FirstPart(1, put_off=1), False),
])
def test_a_part_has_left_when_every_mail_was_offered_and_few_were_put_off(part, left):
    assert has_left(part) is left


@pytest.mark.parametrize(("part", "said"), [
    (FirstPart(1000), None),
    (FirstPart(1000, rejected=50), None),
    (FirstPart(1000, rejected=51), "51 of the first 1,000 mails rejected: 5.1%, and more than 5% stops a roll-out"),
    (FirstPart(1000, in_doubt=21), "21 of the first 1,000 mails of unknown fate: 2.1%"),
    (FirstPart(1000, uncomposed=80), "80 of the first 1,000 mails impossible to compose: 8%"),
    (FirstPart(1000, unsubscribed=11), "11 of the first 1,000 mails answered by leaving: 1.1%"),
    (FirstPart(10, rejected=1), None), (FirstPart(10, rejected=2), "2 of the first 10 mails rejected: 20%"),
    (FirstPart(9, rejected=1), "1 of the first 9 mails rejected"), (FirstPart(1, in_doubt=1), "1 of the first 1 mails of unknown fate"),
])
def test_more_harm_than_a_stated_share_stops_the_rest(part, said):
    assert (harm(part) is None) == (said is None)
    assert said is None or said in harm(part)


def test_the_stages_follow_from_the_times():
    assert [state.stage for state in (RollOutState(1), RollOutState(1, NOW), RollOutState(1, NOW, NOW))] == [Stage.FIRST, Stage.PAUSE, Stage.REST]


def test_the_pause_is_counted_from_when_the_first_part_has_left():
    assert next_start(RollOut(HOUR, mails=1), NOW, "Europe/Istanbul") == NOW + timedelta(hours=1)
    assert next_start(None, NOW, "Europe/Istanbul") == NOW  # files without a roll-out were taken meanwhile
