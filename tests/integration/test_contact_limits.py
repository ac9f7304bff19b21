"""Contact limits in real launches: who gets the mail now, who later, who not, and what is said of it; on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from threading import Thread

import pytest
from sqlalchemy import insert, select, update

from regulars.adapters.database.buckets import BucketsInDatabase
from regulars.adapters.database.contacts import ContactsInDatabase
from regulars.adapters.database.customer_cards import CardsInDatabase
from regulars.adapters.database.quotas import QuotasInDatabase
from regulars.adapters.database.schema import customers, events, identities, messages
from regulars.adapters.database.slowdowns import SlowDownsInDatabase
from regulars.audience.eligibility import Question
from regulars.definition.limits import Calendar, Cap, ContactLimits, QuietHours
from regulars.definition.quantities import Duration
from regulars.definition.workspace import CampaignKind, RollOut, SendAt
from regulars.delivery.life import LaunchState, State
from regulars.delivery.outcomes import Outcome
from regulars.delivery.roll_out import Stage
from regulars.journeys.contact import Admitted, Later
from regulars.journeys.limits import Limits
from regulars.operations import plan as operations_plan
from regulars.operations.launch import Wishes, prepare
from regulars.operations.pace import Pace
from regulars.operations.why import why
from tests.integration.launching import NOW, FakeTransport, ShopFloor, add_customers, workspace
from tests.integration.test_statements import heard, plans, reads_all
from tests.journeying import campaign, happening, people, put_live, send, tell, turn

DAY = timedelta(days=1)
DAYS_2, DAYS_7 = Duration(seconds=2 * 86_400), Duration(seconds=7 * 86_400)
NIGHT = QuietHours(time(21), time(9))
_ids = count(1)


class LimitedShop(ShopFloor):
    """Any number of campaigns with `hello`'s mail; `launch_of(name, class_=…)` launches one more."""

    def limit(self, *caps, quiet_hours=None, **more):
        own = ContactLimits(caps, quiet_hours) if caps or quiet_hours else None
        self.workspace = replace(self.workspace, shop=replace(self.workspace.shop, contact_limits=own, **more))

    def launch_of(self, name, **more):
        campaign = replace(self.workspace.campaigns["hello"], name=name, **more)
        self.workspace = replace(self.workspace, campaigns={**self.workspace.campaigns, name: campaign})
        question = Question(campaign, self.workspace, self.clock.now())
        return self.start(prepare(question, Wishes(), self.desk, self.launches)).id

    def sent(self):
        """Addresses, one for each mail that arrived."""
        return sorted(mail.envelope_to for mail in self.transport.mailbox)

    def reasons(self, launch_id):
        return dict(self.launches.tally(launch_id).reasons)


@pytest.fixture
def shop(database):
    return LimitedShop(database, workspace())


def happened(database, customer_id, kind, at):
    with database.write() as connection:
        connection.execute(insert(events).values(
            at=at, customer_id=customer_id, kind=kind, source="tests", source_id=str(next(_ids)), origin="live",
        ))


def test_over_the_cap_a_mail_is_dropped_with_its_reason_and_the_launch_ends(shop):
    add_customers(shop.database, 3)
    shop.limit(Cap("all", 1, DAYS_7))
    first, second = shop.launch_of("first"), shop.launch_of("second")
    shop.drain(first)
    shop.drain(second)
    assert len(shop.transport.mailbox) == 3
    assert shop.states(second) == {"skipped": 3}
    assert shop.reasons(second) == {"skipped: contact limit reached: 1 per 7 days; over_limit: drop": 3}
    assert shop.launches.get(second).state is LaunchState.FINISHED


def test_who_may_wait_gets_it_when_the_window_has_room_and_not_earlier(shop):
    add_customers(shop.database, 2)
    shop.limit(Cap("all", 1, DAYS_2))
    shop.drain(shop.launch_of("first"))
    shop.wait(hours=1)
    second = shop.launch_of("second", over_limit=DAYS_2)
    shop.drain(second)
    assert shop.states(second) == {"pending": 2}
    assert shop.reasons(second) == {"pending: contact limit reached: 1 per 2 days": 2}
    assert shop.launches.tally(second).next_due == NOW + 2 * DAY
    shop.clock.at = NOW + 2 * DAY - timedelta(seconds=1)
    assert shop.sweep() == []  # nothing is due, so nobody is asked again and again
    shop.clock.at = NOW + 2 * DAY
    assert shop.work() == 2
    assert shop.states(second) == {"accepted": 2}
    assert shop.reasons(second) == {}


def test_patience_counts_from_when_the_mail_was_first_due(shop):
    add_customers(shop.database, 1)
    shop.limit(Cap("all", 1, DAYS_2))
    shop.drain(shop.launch_of("first"))
    waiting = shop.launch_of("second", over_limit=DAYS_2)
    shop.drain(waiting)
    shop.clock.at = NOW + 2 * DAY
    shop.drain(shop.launch_of("third"))  # takes the room before the one that waits for it
    assert shop.work() == 1
    assert shop.reasons(waiting) == {"skipped: contact limit reached: 1 per 2 days; no chance within 2 days": 1}


def test_patience_is_not_renewed_by_being_asked(shop):
    person, = add_customers(shop.database, 1)
    shop.limit(hold_while=("support.open",))
    happened(shop.database, person, "support.opened", NOW - DAY)
    waiting = shop.launch_of("waits", over_limit=Duration(seconds=2 * 3_600))
    shop.drain(waiting)
    for states in ({"pending": 1}, {"skipped": 1}):
        shop.wait(hours=1)
        shop.work()
        assert shop.states(waiting) == states


def test_a_mail_that_an_operator_sends_again_has_its_patience_again(shop):
    add_customers(shop.database, 1)
    shop.limit(Cap("all", 1, DAYS_2))
    shop.drain(shop.launch_of("first"))
    shop.transport.says = {1: Outcome.REJECTED}
    second = shop.launch_of("second", over_limit=DAYS_2)
    shop.drain(second)
    shop.wait(days=2)
    shop.work()
    assert shop.states(second) == {"rejected": 1}
    shop.transport.says = {}
    shop.wait(days=8)
    shop.drain(shop.launch_of("third"))
    shop.wait(days=1)
    shop.messages.decide(second, State.REJECTED, State.PENDING, actor="ada", why="", emails=[], now=shop.clock.now())
    shop.drain(second)
    assert shop.states(second) == {"pending": 1}


def test_a_cap_of_a_topic_or_class_counts_the_launches_of_it(shop):
    add_customers(shop.database, 1)
    shop.limit(Cap("cart", 1, DAYS_7), classes=())
    for name, class_, states in (("a", "cart", "accepted"), ("b", None, "accepted"), ("c", "cart", "skipped")):
        launch_id = shop.launch_of(name, class_=class_)
        shop.drain(launch_id)
        assert shop.states(launch_id) == {states: 1}


def test_mail_that_left_before_there_were_limits_counts(shop):
    add_customers(shop.database, 1)
    shop.drain(shop.launch_of("before"))
    shop.limit(Cap("all", 1, DAYS_7))
    after = shop.launch_of("after")
    shop.drain(after)
    assert shop.states(after) == {"skipped": 1}


def test_a_mail_that_ends_unsent_stops_counting(shop):
    add_customers(shop.database, 1)
    shop.limit(Cap("all", 1, DAYS_7))
    shop.transport.says = {1: Outcome.REJECTED}
    shop.drain(shop.launch_of("refused"))
    shop.transport.says = {}
    second = shop.launch_of("second")
    shop.drain(second)
    assert shop.states(second) == {"accepted": 1}


@pytest.mark.parametrize(("outcome", "state"), [(Outcome.LOST_AFTER_DOT, State.UNCERTAIN), (Outcome.DEFERRED, State.PENDING)])
def test_a_mail_in_doubt_and_one_that_is_tried_again_keep_their_place(shop, outcome, state):
    add_customers(shop.database, 1)
    shop.limit(Cap("all", 1, DAYS_7))
    first = shop.launch_of("first")
    shop.transport.says = {1: outcome}
    shop.drain(first)
    assert shop.states(first) == {state.value: 1}
    shop.transport.says = {}
    second = shop.launch_of("second")
    shop.drain(second)
    assert shop.states(second) == {"skipped": 1}
    shop.wait(hours=1)
    shop.work()
    if state is State.PENDING:
        assert shop.states(first) == {"accepted": 1}  # it was not in its own way


def test_a_worker_that_dies_after_the_limits_were_asked_takes_no_place_for_ever(shop):
    add_customers(shop.database, 1)
    shop.limit(Cap("all", 1, DAYS_7))
    first = shop.launch_of("first")
    claimed = shop.messages.claim(first, 10, "worker-1", 60, NOW)
    book = ContactsInDatabase(shop.database)
    book.admit(shop.launches.get(first), None, claimed, Limits.of(shop.workspace.shop), NOW)
    second = shop.launch_of("second")
    shop.drain(second)
    assert shop.states(second) == {"skipped": 1}
    shop.work()
    assert shop.states(first) == {"accepted": 1}


def test_at_night_it_waits_for_the_customers_morning(shop):
    zones = {"Europe/Istanbul": "06:00", "America/New_York": None, "Asia/Kolkata": "03:30"}
    people = {zone: add_customers(shop.database, 1, timezone=zone)[0] for zone in zones}
    add_customers(shop.database, 1, country="IN")
    shop.limit(quiet_hours=NIGHT)
    shop.clock.at = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)  # 22:00, 14:00, 00:30 of the next day
    launch_id = shop.launch_of("evening")
    shop.drain(launch_id)
    assert shop.sent() == [f"c{people['America/New_York']}@example.com"]
    assert shop.reasons(launch_id) == {"pending: quiet hours (21:00-09:00)": 3}
    shop.clock.at = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
    assert shop.work() == 2  # both in India
    shop.clock.at = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
    assert shop.work() == 1
    assert shop.states(launch_id) == {"accepted": 4}


def test_a_mail_that_would_expire_at_night_ends_with_that_reason(shop):
    add_customers(shop.database, 1)
    shop.limit(quiet_hours=NIGHT)
    shop.clock.at = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    launch_id = shop.launch_of("tonight", expires_after=Duration(seconds=7_200))
    shop.drain(launch_id)
    assert shop.reasons(launch_id) == {"skipped: quiet hours (21:00-09:00); it expires before its turn": 1}


def test_on_a_closed_day_nobody_there_gets_any(shop):
    add_customers(shop.database, 1, country="AZ")
    add_customers(shop.database, 1, country="TR")
    shop.limit(calendar=Calendar(closed={"AZ": {date(2026, 11, 20): "mourning"}}))
    launch_id = shop.launch_of("today")
    shop.drain(launch_id)
    assert shop.states(launch_id) == {"accepted": 1, "pending": 1}
    assert shop.reasons(launch_id) == {"pending: a closed day: mourning": 1}
    assert shop.launches.tally(launch_id).next_due == datetime(2026, 11, 20, 20, 0, tzinfo=UTC)  # midnight in Baku


def test_nobody_sells_to_who_has_an_open_complaint(shop):
    angry, _, done = add_customers(shop.database, 3)
    shop.limit(hold_while=("support.open",))
    happened(shop.database, angry, "support.opened", NOW - DAY)
    happened(shop.database, done, "support.opened", NOW - 2 * DAY)
    happened(shop.database, done, "support.closed", NOW - DAY)
    dropped, waits = shop.launch_of("drops"), shop.launch_of("waits", over_limit=DAYS_2)
    shop.drain(dropped)
    shop.drain(waits)
    assert shop.reasons(dropped) == {"skipped: on hold: support.open; over_limit: drop": 1}
    assert shop.reasons(waits) == {"pending: on hold: support.open": 1}
    happened(shop.database, angry, "support.closed", NOW + timedelta(minutes=5))
    shop.wait(hours=1)
    assert shop.work() == 1
    assert shop.sent().count(f"c{angry}@example.com") == 1


def test_of_mails_due_on_one_day_the_better_class_goes_and_the_other_says_why(shop):
    add_customers(shop.database, 1)
    shop.limit(classes=("cart", "news"))
    news, later = shop.launch_of("news", class_="news"), shop.launch_of("tips", class_="news", over_limit=DAYS_2)
    cart = shop.launch_of("cart", class_="cart")
    for launch_id in (news, later, cart):
        shop.drain(launch_id)
    assert len(shop.transport.mailbox) == 1
    assert shop.states(cart) == {"accepted": 1}
    assert shop.reasons(news) == {"skipped: another mail goes first on that day: cart; over_limit: drop": 1}
    assert shop.reasons(later) == {"pending: another mail goes first on that day: cart": 1}
    shop.clock.at = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)  # midnight in Istanbul
    assert shop.work() == 1


def test_a_launch_that_does_not_send_is_no_rival(shop):
    add_customers(shop.database, 1)
    shop.limit(classes=("cart", "news"))
    shop.launches.move(shop.launch_of("cart", class_="cart"), LaunchState.PAUSED, "by hand", NOW)
    news = shop.launch_of("news", class_="news")
    shop.drain(news)
    assert shop.states(news) == {"accepted": 1}


def test_transactional_mail_neither_asks_nor_counts(shop):
    add_customers(shop.database, 1)
    shop.limit(Cap("all", 1, DAYS_7), quiet_hours=NIGHT, classes=("news",))
    shop.clock.at = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    receipt = shop.launch_of("receipt", kind=CampaignKind.TRANSACTIONAL)
    shop.drain(receipt)
    assert shop.states(receipt) == {"accepted": 1}
    shop.clock.at = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    news = shop.launch_of("news", class_="news")
    shop.drain(news)
    assert shop.states(news) == {"accepted": 1}


def test_limits_are_those_of_the_file_as_it_is_now(shop):
    """Whoever tightens them stops a flood that is under way."""
    add_customers(shop.database, 1)
    shop.drain(shop.launch_of("first"))
    second = shop.launch_of("second")
    shop.limit(Cap("all", 1, DAYS_7))
    clock = shop.clock
    pace = Pace(
        BucketsInDatabase(shop.database, lambda: clock.at.timestamp()),  # noqa: PLW0108  `at` changes
        QuotasInDatabase(shop.database), SlowDownsInDatabase(shop.database), lambda: shop.workspace.shop, lambda _: None,
    )
    shop.drain(second, replace(shop.office(), pace=pace))
    assert shop.states(second) == {"skipped": 1}


def test_a_roll_out_goes_on_without_the_few_who_wait_but_not_through_the_night(shop):
    rolls = RollOut(Duration(seconds=3_600), mails=4)
    shop.limit(quiet_hours=NIGHT)
    add_customers(shop.database, 7)
    few = shop.launch_of("few", roll_out=rolls)
    with shop.database.write() as connection:
        one = connection.scalar(select(messages.c.customer_id).where(messages.c.launch_id == few, messages.c.number == 1))
        connection.execute(update(customers).where(customers.c.id == one).values(timezone="America/Los_Angeles"))
    shop.drain(few)
    assert shop.states(few) == {"accepted": 3, "pending": 4}
    assert shop.launches.get(few).roll_out.stage is Stage.PAUSE
    shop.clock.at = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    all_ = shop.launch_of("all", roll_out=rolls)
    shop.drain(all_)
    assert shop.launches.get(all_).roll_out.stage is Stage.FIRST


def test_why_names_the_reason_and_when_it_will_be_tried(shop):
    customer_id, = add_customers(shop.database, 1)
    shop.limit(quiet_hours=NIGHT)
    shop.clock.at = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    shop.drain(shop.launch_of("evening"))
    question = Question(shop.workspace.campaigns["evening"], shop.workspace, shop.clock.now())
    known = type("Known", (), {"customer": lambda _, __: customer_id})()
    answer = why(question, f"c{customer_id}@example.com", shop.desk.audiences, shop.launches, shop.messages, known)
    assert (answer.outcome.value, answer.reason) == ("will get it", "quiet hours (21:00-09:00)")
    assert answer.at == datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


def test_a_plan_says_how_many_would_be_held_back_and_the_launch_does_just_that(shop):
    add_customers(shop.database, 3)
    shop.limit(Cap("all", 1, DAYS_2))
    shop.drain(shop.launch_of("first"))
    add_customers(shop.database, 2)
    add_customers(shop.database, 4, timezone="Asia/Tokyo")  # where it is evening
    shop.limit(Cap("all", 1, DAYS_2), quiet_hours=QuietHours(time(17), time(9)))
    shop.wait(hours=1)
    campaign = replace(shop.workspace.campaigns["hello"], name="second", over_limit=Duration(seconds=3_600))
    planned = prepare(Question(campaign, shop.workspace, shop.clock.now()), Wishes(), shop.desk, shop.launches)
    assert planned.as_json()["limits"] == {
        "of": 9, "asked": 9,
        "waits": [{"reason": "quiet hours (17:00-09:00)", "count": 4, "first": "2026-11-21T00:00:00+00:00", "last": "2026-11-21T00:00:00+00:00"}],
        "dropped": [{"reason": "contact limit reached: 1 per 2 days; no chance within 1 hour", "count": 3}],
    }
    launch_id = shop.start(planned).id
    shop.drain(launch_id)
    assert shop.states(launch_id) == {"accepted": 2, "pending": 4, "skipped": 3}


def test_a_plan_asks_about_the_moment_at_which_each_mail_is_due(shop):
    add_customers(shop.database, 1)
    shop.limit(quiet_hours=NIGHT)
    for wall, waits in ((datetime(2026, 11, 20, 22, 0), 1), (datetime(2026, 11, 20, 14, 0), 0)):
        campaign = replace(shop.workspace.campaigns["hello"], send_at=SendAt(wall))
        planned = prepare(Question(campaign, shop.workspace, NOW), Wishes(), shop.desk, shop.launches)
        assert len(planned.limits.waits) == waits


def test_a_large_plan_asks_a_sample_and_counts_for_all(shop, monkeypatch):
    monkeypatch.setattr(operations_plan, "SAMPLE", 10)
    add_customers(shop.database, 100)
    shop.limit(quiet_hours=QuietHours(time(9), time(21)))
    planned = prepare(Question(shop.workspace.campaigns["hello"], shop.workspace, NOW), Wishes(), shop.desk, shop.launches)
    assert (planned.limits.of, planned.limits.asked, planned.limits.is_sample) == (100, 10, True)
    assert [wait.count for wait in planned.limits.waits.values()] == [100]


def test_without_limits_and_for_transactional_mail_a_plan_says_nothing_of_them(shop):
    add_customers(shop.database, 1)
    hello = shop.workspace.campaigns["hello"]
    assert prepare(Question(hello, shop.workspace, NOW), Wishes(), shop.desk, shop.launches).limits is None
    shop.limit(quiet_hours=NIGHT)
    receipt = replace(hello, kind=CampaignKind.TRANSACTIONAL)
    assert prepare(Question(receipt, shop.workspace, NOW), Wishes(), shop.desk, shop.launches).limits is None


def test_the_card_of_a_customer_has_the_latest_mails_first(shop):
    person, = add_customers(shop.database, 1)
    for name in ("first", "second"):
        shop.drain(shop.launch_of(name))
        shop.wait(hours=1)
    with shop.database.write() as connection:
        connection.execute(insert(identities).values(kind="email", value=f"c{person}@example.com", customer_id=person, since=NOW))
    card = CardsInDatabase(shop.database).of(f"c{person}@example.com", "TRY")
    assert [campaign for campaign, _ in card.messages] == ["second", "first"]
    assert card.as_json()["latest_messages"][1] == {"campaign": "first", "accepted_at": NOW.isoformat()}


def test_many_workers_at_once_never_exceed_a_cap(shop):
    people = add_customers(shop.database, 30)
    shop.limit(Cap("all", 2, DAYS_7))
    made = [shop.launch_of(f"flood-{number}") for number in range(8)]
    boxes = [FakeTransport() for _ in made]
    troubles = []

    def work(number):
        try:
            shop.drain(made[number], shop.office(f"worker-{number}", boxes[number]))
        except Exception as error:
            troubles.append(error)

    threads = [Thread(target=work, args=(number,)) for number in range(len(made))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    got = [mail.envelope_to for box in boxes for mail in box.mailbox]
    assert {got.count(f"c{person}@example.com") for person in people} == {2}


RICH = {"classes": ("cart",), "hold_while": ("support.open",)}


def asked(shop, name):
    """What the database hears of a batch of a new launch to everybody."""
    launch_id = shop.launch_of(name)
    claimed = shop.messages.claim(launch_id, 400, "worker-1", 60, NOW)
    with heard(shop.database) as said:
        shop.office().contacts.admit(shop.launches.get(launch_id), None, claimed, Limits.of(shop.workspace.shop), NOW)
    return said


def test_a_batch_takes_a_constant_number_of_statements_that_stay_on_indexes(shop):
    add_customers(shop.database, 20)
    shop.limit(Cap("all", 3, DAYS_7), **RICH)
    few = asked(shop, "few")
    add_customers(shop.database, 180)
    many = asked(shop, "many")
    assert len(few) == len(many) <= 3
    assert not any(reads_all(plan) for plan in plans(shop.database, many))


def test_who_limits_nothing_pays_nothing(shop):
    add_customers(shop.database, 2)
    launch_id = shop.launch_of("plain")
    office = replace(shop.office(), contacts=None)  # whom nobody asks
    assert shop.drain(launch_id, office).done == 2
    assert Limits.of(shop.workspace.shop) is None


def test_of_two_automations_on_one_day_the_better_class_goes_and_the_other_waits_for_the_next(database):
    two = [campaign(send("hello"), name=name, class_=name) for name in ("news", "cart")]
    put_live(database, *two)
    person, = people(database, "ada")
    assert tell(database, [happening(person)]) == 2
    turn(database, NOW)
    floor, limits = ShopFloor(database), Limits("Europe/Istanbul", classes=("cart", "news"))
    said = {}
    for launch_id in floor.messages.due(NOW):
        made, batch = floor.launches.get(launch_id), floor.messages.claim(launch_id, 10, "worker-1", 60, NOW)
        said[made.class_] = list(floor.office().contacts.admit(made, DAYS_2, batch, limits, NOW).values())
    assert said == {
        "cart": [Admitted()], "news": [Later(datetime(2026, 11, 20, 21, 0, tzinfo=UTC), "another mail goes first on that day: cart")],
    }
