"""A friend's order arrives by webhook: the advocate's automations hear of it, once, and of imported history nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.referral_codes import ensure_codes
from regulars.adapters.database.schema import customers, events, journeys, referrals, rewards
from regulars.operations.confirm_referrals import confirm_referrals
from tests.factories import OrderLineFactory
from tests.journeying import campaign, put_live, send
from tests.shop_systems import Caller, Systems, good
from tests.shops import ShopInDatabase, a_shop
from tests.telling import PLACED, at, shopify_customer, shopify_order
from tests.web import SHOP

pytestmark = pytest.mark.breaks_promises  # mails of automations are made without bundles' files

EVENTS = ("referral.ordered", "referral.confirmed", "referral.rewarded", "referral.reversed", "referral.milestone")
PROGRAMME = 'referral: {friend: 15%, advocate: 100 TRY, milestones: {1: "a mug"}}\n'


@pytest.fixture
def caller(database: Database, tmp_path: Path) -> Iterator[Caller]:
    put_live(database, *(campaign(send("mail"), trigger=event, name=event.partition(".")[2]) for event in EVENTS), at=PLACED - timedelta(days=30))
    with Systems(database, tmp_path, PLACED + timedelta(hours=1), SHOP + PROGRAMME).open() as caller:
        good(caller.shopify("customers/create", shopify_customer(id=1, email="advocate@mail.example")))
        yield caller


def code(caller: Caller) -> str:
    database = caller.systems.database
    with database.write() as connection:
        id_ = connection.scalar(select(customers.c.id).where(customers.c.email_key == "advocate@mail.example"))
        return ensure_codes(connection, [id_], b"a secret of some length", PLACED)[id_]


def ordered(caller: Caller, minute: float = 0, **changes) -> dict:
    who = shopify_customer(id=2, email="friend@mail.example", first_name="Ben")
    told = {
        "landing_site": f"/?ref={code(caller)}", "customer": who, "email": who["email"], "contact_email": who["email"],
        "financial_status": "paid", "updated_at": at(minute), **changes,
    }
    return shopify_order(**told)


def begun(caller: Caller) -> list[tuple[str, object]]:
    return caller.systems.rows(journeys, "campaign", "trigger")


def names(caller: Caller) -> list[str]:
    return sorted(name for name, _ in begun(caller))


def beat(caller: Caller, days: int) -> None:
    systems = caller.systems
    systems.clock.moment = PLACED + timedelta(days=days)
    confirm_referrals(systems.house.shop, systems.house.segments_now, systems.house.referral_book, systems.clock, lambda: True)


def test_an_advocate_hears_of_each_step_once_with_the_friends_first_name(caller):
    good(caller.shopify("customers/create", shopify_customer(id=2, email="friend@mail.example", first_name="Ben")))
    for _ in range(3):
        good(caller.shopify("orders/paid", ordered(caller)))
    assert names(caller) == ["ordered"]

    beat(caller, 14)
    beat(caller, 15)

    assert names(caller) == ["confirmed", "milestone", "ordered", "rewarded"]
    data = {name: trigger["data"] for name, trigger in begun(caller)}
    assert data["ordered"] == {"friend": "Ben"}
    assert data["rewarded"] == {"friend": "Ben", "friends": 1, "reward": "100 TRY"}
    assert data["milestone"] == {"friends": 1, "reward": "a mug"}
    assert "friend@mail.example" not in str(data)
    assert "Ben" not in str(caller.systems.rows(events, "data"))  # who asks to be forgotten must not live on in a friend's timeline


def test_an_order_that_comes_back_is_told_and_taken_back(caller):
    good(caller.shopify("orders/paid", ordered(caller)))
    beat(caller, 14)
    good(caller.shopify("orders/cancelled", ordered(caller, 30, cancelled_at=at(30), financial_status="voided")))

    assert "reversed" in names(caller)
    assert sum(caller.systems.rows(rewards, "value")) == 0


def test_an_order_to_the_advocates_own_address_on_the_same_device_is_held(caller):
    own = shopify_customer(id=1, email="advocate@mail.example")
    good(caller.shopify("orders/paid", shopify_order(
        id=5, name="#5", customer=own, email=own["email"], contact_email=own["email"], landing_site="/", financial_status="paid")))
    good(caller.shopify("orders/paid", ordered(caller)))

    ((state, reason),) = caller.systems.rows(referrals, "state", "reason")
    assert state == "held"
    assert "delivered to the same address as the advocate's own order" in reason
    assert names(caller) == []


def test_the_code_may_be_typed_as_a_coupon(caller):
    typed = [{"code": f"{code(caller)[:4].lower()}-{code(caller)[4:]}", "amount": "50.00", "type": "fixed_amount"}]
    good(caller.shopify("orders/paid", ordered(caller, landing_site="/", discount_codes=typed)))

    assert caller.systems.rows(referrals, "state") == ["ordered"]


def test_imported_history_earns_and_starts_nothing(caller):
    shop = ShopInDatabase(caller.systems.database, shop=a_shop())
    shop.orders(OrderLineFactory(email="friend@mail.example", ordered_at="2026-11-19 10:00", unit_price="500", referral_code=code(caller)))
    beat(caller, 13)

    assert caller.systems.rows(referrals, "state") == ["rewarded"]
    assert names(caller) == []
