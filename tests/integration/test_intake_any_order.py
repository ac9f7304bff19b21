"""Whatever order a shop's calls arrive in, however often, and wherever at the same time: the same comes of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import (
    customers,
    events,
    intakes,
    journeys,
    order_lines,
    order_tellings,
    orders,
)
from tests.journeying import campaign, put_live, send, wait
from tests.shop_systems import Caller, Systems, good
from tests.telling import (
    PLACED,
    at,
    gmt,
    shopify_customer,
    shopify_fulfillment,
    shopify_line,
    shopify_order,
    shopify_refund,
    woocommerce_order,
)

pytestmark = pytest.mark.breaks_promises  # mails of automations are made without bundles' files

LATER = PLACED + timedelta(hours=14)
Told = tuple[str, str, dict[str, Any]]  # provider, topic, payload


@pytest.fixture
def systems(database: Database, tmp_path: Path) -> Systems:
    put_live(
        database,
        campaign(wait("later"), send("welcome"), trigger="order.placed", name="welcome", leave_when=("order.cancelled", "order.refunded")),
        campaign(wait("later"), send("how-was-it"), trigger="order.delivered", name="review"),
        campaign(wait("later"), send("sorry"), trigger="order.refunded", name="sorry"),
        at=PLACED - timedelta(days=30),
    )
    return Systems(database, tmp_path, LATER)


@pytest.fixture
def caller(systems: Systems) -> Iterator[Caller]:
    with systems.open() as caller:
        yield caller


def shopify_life(number: int, *, paid: float, edited: bool, shipped: bool, delivered: bool, refunds: int, cancelled: bool) -> list[Told]:
    """The calls of one order's life, in order: snapshots, parts of them, and two at the same second."""
    who = shopify_customer(id=9_000 + number, email=f"ada{number}@mail.example")
    lines = [shopify_line(1, "COF-1", "Kolombiya Huila", 2, "200.00"), shopify_line(2, "MUG-1", "Emaye kupa", 1, "100.00")]
    now: dict[str, Any] = {"id": number, "customer": who, "email": who["email"], "line_items": lines}
    placed = -3 * 24 * 60 if paid > 60 else 0
    now |= {"created_at": at(placed), "processed_at": at(placed)}
    told: list[Told] = []

    def tell(topic: str, minute: float, **changes: Any) -> None:
        now.update(changes, updated_at=at(minute))
        told.append(("shopify", topic, shopify_order(**json.loads(json.dumps(now)))))

    tell("orders/create", placed)
    tell("orders/updated", 10, financial_status="paid")
    tell("orders/paid", 10)
    if edited:
        tell("orders/updated", 20, line_items=[lines[0], {**lines[1], "current_quantity": 0}])
    if shipped:
        parcel = shopify_fulfillment(1, 60, order_id=number, id=number * 10 + 9)
        told.append(("shopify", "fulfillments/create", parcel))
        tell("orders/fulfilled", 61, fulfillments=[parcel], fulfillment_status="fulfilled")
        if delivered:
            told.append(("shopify", "fulfillments/update", {**parcel, "shipment_status": "delivered", "updated_at": at(400)}))
    for part in range(refunds):
        refund = shopify_refund(part, 500 + part, "150.00", order_id=number, id=number * 10 + part)
        told.append(("shopify", "refunds/create", refund))
        tell("orders/updated", 500 + part, refunds=[*now.get("refunds", []), refund], financial_status="partially_refunded")
    if cancelled:
        tell("orders/cancelled", 600, cancelled_at=at(600), cancel_reason="customer", financial_status="refunded" if refunds else "voided")
    return told


def woocommerce_life(number: int, *, paid: float, edited: bool, shipped: bool, delivered: bool, refunds: int, cancelled: bool) -> list[Told]:
    billing = {**woocommerce_order()["billing"], "email": f"ada{number}@mail.example"}
    now: dict[str, Any] = {"id": number, "customer_id": 9_000 + number, "billing": billing}
    told: list[Told] = []

    def tell(topic: str, minute: float, **changes: Any) -> None:
        now.update(changes, date_modified_gmt=gmt(minute))
        told.append(("woocommerce", topic, woocommerce_order(**json.loads(json.dumps(now)))))

    tell("order.created", 0)
    tell("order.updated", paid, status="processing", date_paid_gmt=gmt(paid))
    if edited:
        tell("order.updated", 200, line_items=woocommerce_order()["line_items"][:1])
    if shipped:
        tell("order.updated", 300, status="completed", date_completed_gmt=gmt(300))
    for part in range(refunds):
        back = [{"id": 700 + each, "reason": "", "total": "-100.00"} for each in range(part + 1)]
        tell("order.updated", 500 + part, refunds=back)
    if cancelled:
        tell("order.updated", 600, status="cancelled")
    if delivered:
        tell("order.deleted", 700)
    return told


LIVES = {"shopify": shopify_life, "woocommerce": woocommerce_life}


@st.composite
def _lives(draw: st.DrawFn) -> tuple[str, dict[str, Any], list[int]]:
    """A provider, what happens to the order, and the places of the calls in another order, all of them and some again."""
    provider = draw(st.sampled_from(sorted(LIVES)))
    story = {
        "paid": draw(st.sampled_from([10, 90])), "edited": draw(st.booleans()), "shipped": draw(st.booleans()), "delivered": draw(st.booleans()),
        "refunds": draw(st.integers(0, 2)), "cancelled": draw(st.booleans()),
    }
    length = len(LIVES[provider](1, **story))
    places = draw(st.permutations(range(length)))
    again = draw(st.lists(st.integers(0, length - 1), max_size=4))
    for place in again:
        places.insert(draw(st.integers(0, len(places))), place)
    return provider, story, list(places)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(life=_lives())
def test_any_order_and_repetition_of_an_orders_calls_comes_to_the_same(caller: Caller, life: tuple[str, dict[str, Any], list[int]]) -> None:
    provider, story, places = life
    first = 81_000 + 2 * caller.systems.count(order_tellings)
    straight, shuffled = (LIVES[provider](number, **story) for number in (first, first + 1))
    for told in straight:
        tell(caller, told)
    for place in places:
        tell(caller, shuffled[place])

    assert everything_of(caller.systems, first + 1) == everything_of(caller.systems, first)


def tell(caller: Caller, told: Told) -> None:
    provider, topic, payload = told
    good(getattr(caller, provider)(topic, payload))


def everything_of(systems: Systems, number: int) -> dict[str, Any]:
    """What is stored of one order and its customer, without the numbers that tell them apart from others.

    Of journeys not the minute: who is told of the payment before the order believes that it was paid at once, and begins then.
    """
    with systems.database.read() as connection:
        order = connection.execute(select(orders).where(orders.c.order_id == str(number))).mappings().one()
        whose = {table: table.c.customer_id == order["customer_id"] for table in (order_lines, events, journeys)}
        told = connection.scalar(select(order_tellings.c.told).where(order_tellings.c.order_id == str(number)))
        people = connection.execute(select(customers).where(customers.c.id == order["customer_id"])).mappings().one()
        found = {
            "order": _plain(order, "id", "order_id", "customer_id", "content_hash", "recorded_at"),
            "customer": _plain(people, "id", "email", "email_key", "address_hash", "updated_at"),
            "told": _plain(told, "rank", "announced"),
            "announced": sorted(told["announced"]),
            **{
                table.name: sorted(
                    json.dumps(_plain(row, "id", "customer_id", "order_key", *_MINUTES), default=str, sort_keys=True)
                    for row in connection.execute(select(table).where(of)).mappings() if row.get("state") != "ended")
                for table, of in whose.items()
            },
        }
    return json.loads(re.sub(rf"\b(ada)?({number}\d?|{9_000 + number})\b", "0", json.dumps(found, default=str)))


_MINUTES = ("due_at", "entered_at", "trigger", "occurrence")


def _plain(row: Any, *but: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in but}


def test_every_webhook_three_times_at_once_is_as_once(database: Database, systems: Systems, tmp_path: Path) -> None:
    story = {"paid": 10, "edited": True, "shipped": True, "delivered": True, "refunds": 1, "cancelled": False}
    once, thrice = shopify_life(501, **story), shopify_life(502, **story)
    doors = [systems, *(Systems(Database(database.url), _folder(tmp_path, number), LATER) for number in range(2))]
    with ExitStack() as stack:
        callers = [stack.enter_context(each.open()) for each in doors]
        threads = stack.enter_context(ThreadPoolExecutor(3))
        for told in once:
            tell(callers[0], told)
        for number, (_, topic, payload) in enumerate(thrice):
            answers = list(threads.map(lambda each: each.shopify(topic, payload, f"same-{number}"), callers))
            assert {answer.status_code for answer in answers} == {200}
            assert len({answer.text for answer in answers}) == 1
    for each in doors[1:]:
        each.database.close()

    assert everything_of(systems, 502) == everything_of(systems, 501)
    assert systems.count(orders) == 2
    assert systems.count(intakes) == len(once) + len(thrice)


def _folder(tmp_path: Path, number: int) -> Path:
    folder = tmp_path / f"door{number}"
    folder.mkdir()
    return folder


def test_an_order_paid_three_days_after_it_was_placed_starts_the_journey_when_it_is_paid(caller: Caller) -> None:
    for told in shopify_life(700, paid=90, edited=False, shipped=False, delivered=False, refunds=0, cancelled=False):
        tell(caller, told)

    assert caller.systems.rows(journeys, "campaign", "state") == [("welcome", "waiting")]


def test_an_old_order_that_is_told_for_the_first_time_starts_nothing(caller: Caller) -> None:
    old = shopify_order(
        created_at=at(-9_000), processed_at=at(-9_000), updated_at=at(0), financial_status="paid", fulfillment_status="fulfilled",
        fulfillments=[shopify_fulfillment(1, -8_000, -7_000, shipment_status="delivered")],
    )
    tell(caller, ("shopify", "orders/updated", old))

    assert caller.systems.count(orders) == 1
    assert caller.systems.rows(journeys, "campaign") == []


def test_what_was_imported_is_no_news_when_it_is_told_live(caller: Caller, now: datetime) -> None:
    from tests.factories import OrderLineFactory
    from tests.shops import ShopInDatabase

    ShopInDatabase(caller.systems.database, LATER).orders(OrderLineFactory(
        order_id="820982911946154508", ordered_at="2026-11-20T11:30:00", email="ada@mail.example", paid_at="2026-11-20T11:31:00"))
    tell(caller, ("shopify", "orders/updated", shopify_order(financial_status="paid")))

    assert caller.systems.rows(journeys, "campaign") == []
    assert caller.systems.count(orders) == 1


def test_two_orders_of_a_customer_are_the_first_and_the_second(database: Database, tmp_path: Path) -> None:
    from regulars.definition.automation import Trigger

    put_live(database, *(
        campaign(wait("later"), send("mail"), trigger=Trigger("order.placed", nth=nth), name=f"{nth}-order") for nth in (1, 2, 3)
    ), at=PLACED - timedelta(days=30))
    with Systems(database, tmp_path, LATER).open() as caller:
        for number in (1, 2):
            tell(caller, ("shopify", "orders/create", shopify_order(
                id=number, financial_status="paid", created_at=at(number), processed_at=at(number), updated_at=at(number))))

        assert caller.systems.rows(journeys, "campaign") == ["1-order", "2-order"]




def test_who_turns_out_to_be_somebody_else_goes_on_as_that_one(caller: Caller) -> None:
    for number in (1, 2):
        tell(caller, ("shopify", "orders/create", shopify_order(
            id=number, financial_status="paid", email=f"ada{number}@mail.example", customer=shopify_customer(id=number, email=f"ada{number}@mail.example"),
            fulfillments=[shopify_fulfillment(number, 1, 2, order_id=number, shipment_status="delivered")] if number == 2 else [])))
    tell(caller, ("shopify", "customers/merge", {
        "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1", "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2",
        "status": "completed"}))

    [kept] = [id_ for id_, gone_at in caller.systems.rows(customers, "id", "erased_at") if gone_at is None]
    assert caller.systems.rows(journeys, "campaign", "state", "occurrence", "customer_id")[:1] == [("review", "waiting", 1, kept)]
    ways = [row for row in caller.systems.rows(journeys, "campaign", "state", "customer_id") if row[0] == "welcome"]
    assert sorted(state for _, state, _ in ways) == ["ended", "waiting"]
    assert ("welcome", "waiting", kept) in ways


def test_who_is_forgotten_is_on_no_way_any_more(caller: Caller) -> None:
    tell(caller, ("shopify", "orders/create", shopify_order(financial_status="paid")))
    tell(caller, ("shopify", "customers/redact", {"customer": {"id": 115310627314723954, "email": "ada@mail.example"}, "orders_to_redact": []}))

    [(state, due_at, trigger)] = caller.systems.rows(journeys, "state", "due_at", "trigger")
    assert (state, due_at, trigger["data"]) == ("ended", None, {})
