"""Mail that people are owed goes to who wants no marketing too, but never to an address that bounces, and never with an offer."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import insert, select, update

from regulars.adapters.database.eligibility import judged, standings
from regulars.adapters.database.schema import consents, customers, launches, suppressions
from regulars.adapters.database.suppressions import SuppressionsInDatabase
from regulars.audience.addresses import read_address
from regulars.audience.eligibility import Question, objection
from regulars.audience.suppression import OF_MARKETING, REASONS, Suppression
from regulars.definition.workspace import CampaignKind, ConsentRule
from regulars.delivery.life import LaunchState
from regulars.delivery.schedule import timetable
from regulars.errors import Refused
from tests.integration.launching import NOW, ShopFloor, add_customers, workspace


def transactional(**changed):
    files = workspace()
    hello = replace(files.campaigns["hello"], kind=CampaignKind.TRANSACTIONAL, **changed)
    return replace(files, campaigns={"hello": hello})


@pytest.fixture
def floor(database):
    return ShopFloor(database, transactional())


def suppress(database, customer_id, reason):
    with database.write() as connection:
        connection.execute(insert(suppressions).values(
            channel="email", address_hash=f"hash{customer_id}", reason=reason, masked="c***", source="tests", added_at=NOW,
        ))


def leave_topic(database, customer_id):
    with database.write() as connection:
        connection.execute(insert(consents).values(
            customer_id=customer_id, channel="email", purpose="marketing", topic="news", state="withdrawn", at=NOW, recorded_at=NOW, source="tests",
        ))


def test_who_never_agreed_and_who_left_still_get_what_they_are_owed(floor):
    people = add_customers(floor.database, 1, marketing=None) + add_customers(floor.database, 1, marketing="withdrawn") + add_customers(floor.database, 1)
    leave_topic(floor.database, people[2])
    made = floor.launch()
    assert made.kind is CampaignKind.TRANSACTIONAL
    floor.drain(made.id)
    assert floor.states(made.id) == {"accepted": 3}


@pytest.mark.parametrize("reason", REASONS)
def test_only_a_wish_to_be_left_alone_is_not_asked(floor, reason):
    suppress(floor.database, *add_customers(floor.database, 1), reason)
    add_customers(floor.database, 1)
    made = floor.launch()
    floor.drain(made.id)
    assert floor.states(made.id) == {"accepted": 2 if reason in OF_MARKETING else 1}


def test_whoever_bounces_between_the_launch_and_the_claim_or_the_dot_gets_none(floor):
    before_claim, before_dot = add_customers(floor.database, 2)
    made = floor.launch()
    suppress(floor.database, before_claim, "bounce")
    compose = floor.composer.letters

    def letters(room, jobs):
        suppress(floor.database, before_dot, "bounce")
        return compose(room, jobs)

    floor.composer.letters = letters
    floor.drain(made.id)
    assert floor.transport.mailbox == []
    floor.composer.letters = compose
    floor.work()
    assert floor.states(made.id) == {"skipped": 2}


def test_who_leaves_while_it_is_composed_still_gets_it(floor):
    person, = add_customers(floor.database, 1)
    made = floor.launch()
    compose = floor.composer.letters

    def letters(room, jobs):
        with floor.database.write() as connection:
            connection.execute(update(customers).where(customers.c.id == person).values(marketing="withdrawn"))
        return compose(room, jobs)

    floor.composer.letters = letters
    floor.drain(made.id)
    assert floor.states(made.id) == {"accepted": 1}


def test_an_address_that_left_and_then_bounces_is_not_written_to_any_more(database):
    book = SuppressionsInDatabase(database)
    address = read_address("c@example.com")
    assert book.add([Suppression(address, "unsubscribed")], NOW) == [True]
    assert book.add([Suppression(address, "bounce", "launch 1: 550 5.1.1")], NOW) == [False]
    assert [(entry.reason, entry.source) for entry in book.all()] == [("bounce", "launch 1: 550 5.1.1")]
    book.add([Suppression(address, "unsubscribed")], NOW)
    assert [entry.reason for entry in book.all()] == ["bounce"]


@pytest.mark.parametrize("kind", CampaignKind)
@pytest.mark.parametrize("rule", ConsentRule)
def test_the_launch_and_the_send_loop_ask_the_same_of_everybody(database, kind, rule):
    for marketing, left_topic, suppressed, valid, orders in product(
        (None, "granted", "withdrawn", "pending"), (False, True), (None, "bounce", "unsubscribed", "sunset"), (True, False), (0, 2)
    ):
        person, = add_customers(database, 1, marketing=marketing, email_valid=valid, orders_count=orders)
        if left_topic:
            leave_topic(database, person)
        if suppressed:
            suppress(database, person, suppressed)
    files = workspace(consent=rule.value)
    campaign = replace(files.campaigns["hello"], kind=kind)
    question = Question(campaign, files, NOW + timedelta(hours=1))
    with database.read() as connection:
        times = timetable(campaign, "Europe/Istanbul", [], question.as_of)
        people = judged(connection, question, times).subquery("judged")
        at_launch = {row.id: row.reason for row in connection.execute(select(people.c.id, people.c.reason))}
        found = standings(connection, list(at_launch), campaign.topic, kind)
    assert len(found) == 128
    assert at_launch == {person: objection(standing, rule, kind) for person, standing in found.items()}


def test_an_offer_in_transactional_mail_is_refused_at_launch_and_leaves_with_no_turn(database):
    add_customers(database, 1)
    floor = ShopFloor(database, transactional(offer="comeback"))
    with pytest.raises(Refused, match="transactional"):
        floor.prepare()
    floor.workspace = replace(floor.workspace, campaigns={"hello": replace(floor.workspace.campaigns["hello"], kind=CampaignKind.MARKETING)})
    planned = floor.prepare()
    made = floor.start(planned)
    with database.write() as connection:  # a launch that was made before there was the rule
        connection.execute(update(launches).values(kind="transactional"))
    assert floor.drain(made.id).done == 0
    assert floor.launches.get(made.id).state is LaunchState.PAUSED
    assert "transactional" in floor.launches.get(made.id).state_reason
