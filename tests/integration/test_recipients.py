"""What a mail may say about its customer, as it was at a moment, in a constant number of queries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import event, func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.recipients import RecipientsInDatabase
from regulars.adapters.database.referral_book import ReferralBookInDatabase
from regulars.adapters.database.schema import customers, referral_codes
from regulars.content.recipient import Needs, Recipient, RewardsEarned
from regulars.definition.conditions import Fact, Kind, Op, Test
from regulars.definition.programme import ReferralProgramme
from regulars.definition.quantities import Money
from regulars.definition.units import reward
from regulars.definition.workspace import Segment
from regulars.operations.confirm_referrals import confirm_referrals
from tests.factories import (
    BirthdayCustomerFactory,
    CancelledLineFactory,
    CustomerFactory,
    OrderLineFactory,
    ProductFactory,
    RefundLineFactory,
)
from tests.integration.launching import StoppedClock
from tests.shops import NOW, ShopInDatabase

ALL = Needs(purchases=True, usual=True, referral=True, rewards=True)


@pytest.fixture
def shop(database: Database) -> ShopInDatabase:
    return ShopInDatabase(database)


@pytest.fixture
def recipients(database: Database) -> RecipientsInDatabase:
    return RecipientsInDatabase(database, b"a secret of some length")


def ids(shop: ShopInDatabase) -> list[int]:
    with shop.database.read() as connection:
        return list(connection.scalars(select(customers.c.id)))


def one(shop: ShopInDatabase, recipients: RecipientsInDatabase, as_of: datetime = NOW, needs: Needs = ALL) -> Recipient:
    (recipient,) = recipients.load(ids(shop), needs, as_of, shop.shop).values()
    return recipient


def test_purchases_come_newest_first_with_what_the_catalogue_knows(shop, recipients):
    shop.products(ProductFactory(sku="SKU-1", name="Guji", url="https://kahve.example/guji", price="110"))
    shop.orders(
        OrderLineFactory(order_id="old", ordered_at="2026-04-01", sku="GONE", product="Old filter"),
        OrderLineFactory(order_id="new", ordered_at="2026-05-01", quantity="2"),
    )

    new, old = one(shop, recipients).purchases

    assert (new.order_id, new.product.name, new.product.url, str(new.product.price)) == (
        "new", "Guji", "https://kahve.example/guji", "110 TRY")
    assert (new.quantity, str(new.unit_price), str(new.amount)) == (Decimal(2), "100 TRY", "200 TRY")
    assert (old.product.sku, old.product.name, old.product.url, old.product.price) == ("GONE", "Old filter", None, None)


def test_nothing_newer_than_the_moment_is_shown(shop, recipients):
    shop.orders(OrderLineFactory(ordered_at="2026-05-01"), OrderLineFactory(ordered_at="2026-07-01", sku="LATER"))

    then = one(shop, recipients, as_of=datetime(2026, 6, 1, tzinfo=UTC))

    assert (then.orders.count, str(then.orders.spent), len(then.purchases), then.usual.sku) == (1, "100 TRY", 1, "SKU-1")
    assert one(shop, recipients).orders.count == 2


def test_an_order_cancelled_later_still_counted_before(shop, recipients):
    shop.orders(CancelledLineFactory(ordered_at="2026-05-01 10:00", cancelled_at="2026-05-02 10:00"))

    assert one(shop, recipients, as_of=datetime(2026, 5, 2, 0, 0, tzinfo=UTC)).orders.count == 1
    assert one(shop, recipients).orders.count == 0
    assert one(shop, recipients).purchases == ()


def test_refunds_lower_what_was_spent_and_are_no_purchases(shop, recipients):
    shop.orders(OrderLineFactory(quantity="2"), RefundLineFactory())

    ada = one(shop, recipients)

    assert (ada.orders.count, str(ada.orders.spent), len(ada.purchases)) == (1, "100 TRY", 1)


def test_the_usual_product_is_in_most_orders_and_of_several_the_latest(shop, recipients):
    shop.orders(
        OrderLineFactory(sku="A", ordered_at="2026-01-01", quantity="50"), OrderLineFactory(sku="B", ordered_at="2026-02-01"),
        OrderLineFactory(sku="B", ordered_at="2026-03-01"), OrderLineFactory(sku="C", ordered_at="2026-04-01"),
        OrderLineFactory(sku="C", ordered_at="2026-05-01"),
    )

    assert one(shop, recipients).usual.sku == "C"


def test_attributes_have_their_defaults_and_birthdays_their_form(shop, recipients):
    shop.customers(BirthdayCustomerFactory(visits="3"))

    ada = one(shop, recipients)

    assert ada.attributes == {"taste": "dark", "visits": 3}
    assert (ada.birthday, ada.locale, ada.orders.count) == ("1990-05-17", "tr", 0)


def test_a_look_shows_the_code_that_will_be_made_and_writes_nothing(shop, recipients):
    shop.customers(CustomerFactory())
    (shown,) = recipients.look(ids(shop), ALL, NOW, shop.shop).values()
    with shop.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(referral_codes)) == 0

    assert one(shop, recipients).referral_code == shown.referral_code


def test_a_hundred_customers_take_as_many_queries_as_one(shop, recipients):
    shop.orders(*(OrderLineFactory(email=f"c{n}@mail.example") for n in range(100)))
    everybody = ids(shop)

    assert _queries(shop, recipients, everybody) == _queries(shop, recipients, everybody[:1]) <= 10


def _queries(shop: ShopInDatabase, recipients: RecipientsInDatabase, wanted: list[int]) -> int:
    seen = []
    event.listen(shop.database.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    recipients.look(wanted, ALL, NOW, shop.shop)
    return sum("SELECT" in statement for statement in seen)


def test_friends_and_what_they_earned_are_as_they_were_then_and_by_segment(shop, recipients):
    referred = replace(shop.shop, referral=ReferralProgramme(reward("15%"), reward("100 TRY"), by_segment={"turks": reward("150 TRY")}, segments={
        "turks": Fact("customer.country", Kind.TEXT, (Test(Op.IS, "TR"),))}))
    shop = replace(shop, shop=referred)
    shop.customers(CustomerFactory(email="ada@mail.example"), CustomerFactory(email="cem@mail.example", country="DE"))
    needs = Needs(referral=True, rewards=True)
    code = next(one for one in recipients.load(ids(shop), needs, NOW, shop.shop).values() if one.email == "ada@mail.example").referral_code
    shop.orders(OrderLineFactory(email="ben@mail.example", ordered_at="2026-11-01", unit_price="500", referral_code=code),
                OrderLineFactory(email="eve@mail.example", ordered_at="2026-11-15", unit_price="500", referral_code=code))
    members = {"turks": Segment("turks", shop.shop.referral.segments["turks"])}
    confirm_referrals(shop.shop, lambda: members, ReferralBookInDatabase(shop.database), StoppedClock(NOW), lambda: True)

    def told(email: str, as_of: datetime) -> RewardsEarned:
        return next(one.rewards for one in recipients.load(ids(shop), needs, as_of, shop.shop).values() if one.email == email)

    assert told("ada@mail.example", NOW) == RewardsEarned(1, 1, (Money.of(150, "TRY"),), ("150 TRY",), "150 TRY")
    assert told("ada@mail.example", datetime(2026, 11, 10, tzinfo=UTC)) == RewardsEarned(0, 0, (), (), "150 TRY")
    assert told("cem@mail.example", NOW) == RewardsEarned(0, 0, (), (), "100 TRY")
