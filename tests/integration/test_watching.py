"""Whose moment has come: found on both databases, once each, however often somebody looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, select, update

from regulars.adapters.database.automations import AutomationsInDatabase
from regulars.adapters.database.engine import Database
from regulars.adapters.database.journey_records import JourneyRecordsInDatabase
from regulars.adapters.database.people import record_people
from regulars.adapters.database.recovery import RecoveryInDatabase
from regulars.adapters.database.registry import RegistryInDatabase
from regulars.adapters.database.schema import (
    customers,
    journeys,
    order_lines,
    orders,
    products,
)
from regulars.adapters.database.watchtower import WatchtowerInDatabase
from regulars.audience.addresses import read_address
from regulars.audience.people import PersonRow
from regulars.content import canonical
from regulars.definition.automation import Automation, OnStart, Schedule, Tag, Trigger
from regulars.definition.conditions import Any_, Fact, Kind, Op, Test
from regulars.definition.limits import Calendar
from regulars.definition.quantities import Duration
from regulars.definition.wording import Texts
from regulars.definition.workspace import Campaign, Segment
from regulars.errors import Refused
from regulars.journeys.live import EditionDraft
from regulars.operations.watch import look_at_once, watch
from tests.integration.launching import add_customers, workspace
from tests.shops import ShopInDatabase

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = Duration(seconds=86_400)
IN_IZMIR = Segment("izmir", Fact("customer.city", Kind.TEXT, (Test(Op.IS, "İzmir"),)))
EVERY_DAY = timedelta(days=1)


def put_live(database: Database, trigger: Trigger, at: datetime = NOW, **settings) -> None:
    shop = replace(workspace().shop, calendar=Calendar({"bayram": (date(2027, 5, 16),)}))
    everyone = settings.pop("everyone", False)
    automation = Automation(trigger, (Tag("note", add=("found",)),), **settings)
    campaign = Campaign("watching", Any_(()), "", Texts({}), automation=automation)
    text = canonical.dumped({"campaign": campaign, "segments": {"izmir": IN_IZMIR}, "shop": shop}).decode()
    draft = EditionDraft(campaign, text, f"{hash(text):x}", (), 0, "Ada", at, watches_anew=True, takes_everyone=everyone)
    AutomationsInDatabase(database).put_live([draft])


def entered(database: Database) -> list[tuple[int, str]]:
    with database.read() as connection:
        rows = connection.execute(select(journeys.c.customer_id, journeys.c.entry).order_by(journeys.c.id))
        return [(row.customer_id, row.entry) for row in rows]


def look(database: Database, now: datetime) -> int:
    return watch(WatchtowerInDatabase(database), now).began.total()


def test_a_birthday_comes_at_midnight_where_the_customer_lives(database: Database) -> None:
    tr, = add_customers(database, 1, birth_month_day=1124, country="TR")
    us, = add_customers(database, 1, birth_month_day=1124, timezone="America/New_York")
    add_customers(database, 1, birth_month_day=1125)
    put_live(database, Trigger("birthday", before=Duration(seconds=3 * 86_400)))
    midnight_in_istanbul = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)

    assert look(database, midnight_in_istanbul - timedelta(minutes=1)) == 0
    assert look(database, midnight_in_istanbul) == 1
    assert look(database, midnight_in_istanbul + timedelta(minutes=1)) == 0
    assert look(database, midnight_in_istanbul + timedelta(hours=8)) == 1
    assert entered(database) == [(tr, "2026"), (us, "2026")]


def test_who_was_born_on_the_29th_of_february_is_not_forgotten_in_common_years(database: Database) -> None:
    leapling, = add_customers(database, 1, birth_month_day=229)
    put_live(database, Trigger("birthday"))

    at = NOW
    while at < datetime(2028, 12, 31, tzinfo=UTC):
        look(database, at := at + timedelta(hours=23))
        with database.write() as connection:
            connection.execute(update(journeys).values(state="ended", reason="finished", ended_at=at, step=None, due_at=None))

    assert entered(database) == [(leapling, "2027"), (leapling, "2028")]
    with database.read() as connection:
        days = connection.scalars(select(journeys.c.trigger).order_by(journeys.c.id)).all()
    assert [each["data"]["day"] for each in days] == ["2027-02-28", "2028-02-29"]


def test_after_an_outage_what_is_too_old_is_counted_and_the_rest_happens(database: Database) -> None:
    add_customers(database, 2, birth_month_day=1122, country="TR")
    fresh, = add_customers(database, 1, birth_month_day=1124, country="TR")
    put_live(database, Trigger("birthday"))
    look(database, NOW)

    watched = watch(WatchtowerInDatabase(database), datetime(2026, 11, 24, 9, 0, tzinfo=UTC))

    assert watched.passed_over["watching"] == 2
    assert entered(database) == [(fresh, "2026")]
    note, = JourneyRecordsInDatabase(database).passed_over("watching")
    assert (note.day, note.customers) == (date(2026, 11, 22), 2)
    assert "older than the entry window" in note.reason


def test_who_moves_to_another_zone_has_one_birthday(database: Database) -> None:
    mover, = add_customers(database, 1, birth_month_day=1121, timezone="Asia/Tokyo")
    late, = add_customers(database, 1, birth_month_day=1121, timezone="America/Los_Angeles")
    put_live(database, Trigger("birthday"), NOW - EVERY_DAY, again=DAY)
    look(database, datetime(2026, 11, 20, 16, 0, tzinfo=UTC))
    assert entered(database) == [(mover, "2026")]

    with database.write() as connection:  # one flies to where it is not the day yet, the other to where it is over
        connection.execute(update(customers).where(customers.c.id == mover).values(timezone="America/Los_Angeles"))
        connection.execute(update(customers).where(customers.c.id == late).values(timezone="Asia/Tokyo"))
    for hour in range(48):
        look(database, datetime(2026, 11, 20, 16, 1, tzinfo=UTC) + timedelta(hours=hour))

    assert entered(database) == [(mover, "2026"), (late, "2026")]


@pytest.mark.parametrize(("schedule", "moment", "entry"), [
    (Schedule(time(10), weekdays=(0,)), datetime(2026, 11, 23, 7, 0, tzinfo=UTC), "2026-11-23"),
    (Schedule(time(10), day_of_month=1), datetime(2026, 12, 1, 7, 0, tzinfo=UTC), "2026-12-01"),
    (Schedule(time(10), occasion="bayram", before=Duration(seconds=7 * 86_400)), datetime(2027, 5, 9, 7, 0, tzinfo=UTC), "2027-05-16"),
])
def test_a_schedule_lets_in_whoever_may_enter(database: Database, schedule: Schedule, moment: datetime, entry: str) -> None:
    izmir = add_customers(database, 3, city="İzmir", city_folded="izmir")
    add_customers(database, 2, city="Bursa", city_folded="bursa")
    put_live(database, Trigger("schedule", schedule=schedule), when=IN_IZMIR.where)

    look(database, moment - timedelta(minutes=2))
    assert entered(database) == []
    look(database, moment)
    look(database, moment + timedelta(minutes=2))

    assert entered(database) == [(customer, entry) for customer in izmir]


def test_whoever_comes_into_a_segment_enters_and_may_come_again(database: Database) -> None:
    old = add_customers(database, 2, city="İzmir", city_folded="izmir")
    put_live(database, Trigger("segment.entered", segment="izmir"), again=Duration(seconds=1))
    look(database, NOW + timedelta(minutes=2))
    assert entered(database) == [], "who was in it before is no new member"

    new, = add_customers(database, 1, city="İzmir", city_folded="izmir")
    look(database, NOW + timedelta(minutes=4))
    look(database, NOW + timedelta(minutes=6))
    assert [customer for customer, _ in entered(database)] == [new]

    with database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == old[0]).values(city="Bursa", city_folded="bursa"))
    look(database, NOW + timedelta(minutes=8))
    with database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == old[0]).values(city="İzmir", city_folded="izmir"))
    look(database, NOW + timedelta(minutes=10))
    assert [customer for customer, _ in entered(database)] == [new, old[0]]


def test_everyone_in_it_enters_when_the_file_says_so(database: Database) -> None:
    old = add_customers(database, 3, city="İzmir", city_folded="izmir")
    put_live(database, Trigger("segment.entered", segment="izmir"), everyone=True, on_start=OnStart.EVERYONE)
    tower = WatchtowerInDatabase(database)
    live, _ = tower.watches()[0]

    assert tower.entering(live, NOW, everyone=True) == (3, 3, 3)
    assert look_at_once(tower, {"watching"}, NOW).began["watching"] == 3
    assert tower.entering(live, NOW, everyone=True) == (3, 3, 0)
    assert look(database, NOW + timedelta(minutes=5)) == 0
    assert [customer for customer, _ in entered(database)] == old


def test_a_score_is_crossed_upwards(database: Database) -> None:
    low, high = add_customers(database, 2)
    with database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == high).values(engagement=1e9))
    put_live(database, Trigger("score.crossed", at_least=Decimal(10)))
    assert look(database, NOW + timedelta(minutes=2)) == 0
    with database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == low).values(engagement=1e9))

    assert look(database, NOW + timedelta(minutes=4)) == 1
    assert [customer for customer, _ in entered(database)] == [low]


def add_orders(database: Database, customer: int, days_ago: list[int], sku: str = "GUJI") -> None:
    """Facts and all, as an import leaves them."""
    times = [NOW - timedelta(days=days) for days in days_ago]
    with database.write() as connection:
        for at in times:
            key = connection.scalar(insert(orders).values(
                order_id=f"{customer}-{at:%m%d}", customer_id=customer, ordered_at=at, counts_from=at, currency="TRY", total=1, total_compared=1,
                origin="imported", content_hash="x", recorded_at=at,
            ).returning(orders.c.id))
            connection.execute(insert(order_lines).values(
                order_key=key, position=0, customer_id=customer, ordered_at=at, counts_from=at, sku=sku, sku_folded=sku.lower(), product=sku,
                product_folded=sku, quantity=1, unit_price=1, amount=1, amount_compared=1, currency="TRY",
            ))
        connection.execute(update(customers).where(customers.c.id == customer).values(
            orders_count=len(times), orders_first_at=min(times), orders_last_at=max(times),
        ))


def test_beans_run_out_by_the_customers_own_rhythm_or_by_that_of_the_beans(database: Database) -> None:
    regular, once, _never = add_customers(database, 3)
    add_orders(database, regular, [56, 28])
    add_orders(database, once, [18])
    with database.write() as connection:
        connection.execute(insert(products).values(sku="GUJI", name="Guji", usual_gap_days=21, updated_at=NOW))
    put_live(database, Trigger("replenishment.due", before=Duration(seconds=2 * 86_400)), NOW - timedelta(days=5))
    # due: 28 - 28 - 2 = two days ago; 18 - 21 + 2 = in a day
    watched = watch(WatchtowerInDatabase(database), NOW - timedelta(days=2) + timedelta(minutes=1))
    assert watched.began["watching"] == 1
    look(database, NOW + timedelta(days=1, minutes=1))
    look(database, NOW + timedelta(days=1, minutes=9))

    assert entered(database) == [(regular, f"{regular}-{NOW - timedelta(days=28):%m%d}"), (once, f"{once}-{NOW - timedelta(days=18):%m%d}")]


def test_a_look_that_is_broken_off_goes_on_where_it_was(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    people = add_customers(database, 7, city="İzmir", city_folded="izmir")
    put_live(database, Trigger("segment.entered", segment="izmir"), everyone=True)
    monkeypatch.setattr("regulars.operations.watch.BATCH", 3)
    stops = iter([True, False])
    tower = WatchtowerInDatabase(database)

    watch(tower, NOW + timedelta(minutes=2), lambda: next(stops))
    assert len(entered(database)) == 6
    watch(tower, NOW + timedelta(minutes=2))

    assert [customer for customer, _ in entered(database)] == people


def test_of_two_who_look_at_once_one_finds_them(database: Database) -> None:
    customer, = add_customers(database, 1)
    put_live(database, Trigger("birthday"))
    tower = WatchtowerInDatabase(database)

    for moment in (NOW, NOW + timedelta(days=365)):
        found = []
        for _ in range(2):
            with tower.writing() as page:
                found.append(page.claim("watching", {customer: moment}))
        assert found == [{customer}, set()]


def test_who_came_in_while_it_was_disabled_does_not_enter(database: Database) -> None:
    put_live(database, Trigger("segment.entered", segment="izmir"))
    automations = AutomationsInDatabase(database)
    automations.disable("watching", "disabled by Ada")
    add_customers(database, 2, city="İzmir", city_folded="izmir")
    assert look(database, NOW + timedelta(minutes=5)) == 0

    assert automations.enable("watching", NOW + timedelta(minutes=10))
    assert look(database, NOW + timedelta(minutes=15)) == 0
    late, = add_customers(database, 1, city="İzmir", city_folded="izmir")
    assert look(database, NOW + timedelta(minutes=20)) == 1
    assert [customer for customer, _ in entered(database)] == [late]


def test_another_trigger_knows_nobody_of_before(database: Database) -> None:
    """What was found for the birthday says nothing of the segment, and a birthday of this morning is not made up for."""
    customer, = add_customers(database, 1, birth_month_day=1120, country="TR", city="İzmir", city_folded="izmir")
    put_live(database, Trigger("segment.entered", segment="izmir"), NOW - EVERY_DAY)
    automations = AutomationsInDatabase(database)
    live = automations.live()["watching"]
    changed = replace(live.campaign, automation=Automation(Trigger("birthday"), live.automation.steps))
    text = canonical.dumped({"campaign": changed, "segments": {}, "shop": live.shop}).decode()
    automations.put_live([EditionDraft(changed, text, "another", (), 1, "Ada", NOW + timedelta(hours=1), watches_anew=True)])

    assert look(database, NOW + timedelta(hours=2)) == 0
    assert look(database, datetime(2027, 11, 19, 21, 0, tzinfo=UTC)) == 1
    assert entered(database) == [(customer, "2027")]


def test_after_a_recovery_members_count_as_known(database: Database) -> None:
    """In the time that was lost they may have been found, and may have got their first mail."""
    put_live(database, Trigger("segment.entered", segment="izmir"))
    add_customers(database, 2, city="İzmir", city_folded="izmir")

    identity = RegistryInDatabase(database).identity()
    RecoveryInDatabase(database).recover(NOW, identity.generation, actor="Ada", why="tests", now=NOW + timedelta(minutes=5))

    assert look(database, NOW + timedelta(minutes=10)) == 0
    add_customers(database, 1, city="İzmir", city_folded="izmir")
    assert look(database, NOW + timedelta(minutes=15)) == 1


def test_nobody_is_looked_for_without_a_permit(database: Database) -> None:
    add_customers(database, 1, birth_month_day=1120)
    put_live(database, Trigger("birthday"), NOW - EVERY_DAY)

    def refuse() -> None:
        raise Refused("a restored backup")

    with pytest.raises(Refused):
        watch(WatchtowerInDatabase(database), NOW, permit=refuse)
    assert entered(database) == []
    assert look(database, NOW) == 1


def test_imported_history_makes_nobody_a_newcomer(database: Database) -> None:
    shop = ShopInDatabase(database)
    put_live(database, Trigger("segment.entered", segment="izmir"))
    look(database, NOW)
    shop.customers({"email": "ada@mail.example", "city": "İzmir"}, {"email": "ben@mail.example", "city": "Ankara"})

    assert look(database, NOW + timedelta(minutes=2)) == 0
    with database.write() as connection:
        record_people(connection, [PersonRow(read_address("ben@mail.example"), texts={"city": "İzmir"})], NOW)
    assert look(database, NOW + timedelta(minutes=4)) == 1


def test_imported_orders_and_reactions_raise_a_score_without_starting_anything(database: Database) -> None:
    shop = ShopInDatabase(database)
    add_customers(database, 1, email="ada@mail.example", email_key="ada@mail.example")
    put_live(database, Trigger("score.crossed", at_least=Decimal(5)))
    look(database, NOW)
    shop.orders({"order_id": "A", "ordered_at": "2026-11-20 10:00", "email": "ada@mail.example", "unit_price": "10"})

    assert look(database, NOW + timedelta(minutes=2)) == 0
