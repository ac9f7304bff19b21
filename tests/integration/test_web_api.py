"""/api/v1: what programs tell with a key, what they are told back, and what they cannot do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import (
    api_keys,
    customer_tags,
    customers,
    events,
    intakes,
    order_lines,
    orders,
    product_changes,
    products,
    wishes,
)
from regulars.doors.web.openapi import EXAMPLES
from regulars.errors import UsageError
from regulars.operations.keys import revoke_key, rotate_key
from tests.shop_systems import Caller, Systems, good
from tests.web import SHOP

YAML = SHOP + """\
attributes: {taste: {one_of: [fruity, dark], default: dark}, visits: {whole number: optional}}
events: {nps.answered: {score: whole number, why: text, at_price: money, on: date, useful: yes/no, weight: number}}
hold_while: [support.open]
"""
SCORE = {"event": "nps.answered", "email": "ada@mail.example", "data": {"score": 9}}


@pytest.fixture
def systems(database: Database, tmp_path: Path, now: datetime) -> Systems:
    return Systems(database, tmp_path, now, YAML)


@pytest.fixture
def caller(systems: Systems) -> Iterator[Caller]:
    with systems.open() as caller:
        yield caller


# ---- who may ----


def test_without_a_good_key_nothing_is_told(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    short, wrong, other = key[:-1], f"{key[:-1]}x", f"rk_nobody_{key[-40:]}"
    for written in ("", "x", short, wrong, other, f"{key} x", "rk__", "é" * 30):
        answer = caller.api("orders", EXAMPLES["orders"], "", authorization=f"Bearer {written}".encode())
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="regulars"'), written
    assert caller.client.post("/api/v1/orders", json={}).status_code == 401

    assert good(caller.api("orders", EXAMPLES["orders"], key))["recorded"] == 1


def test_a_key_opens_what_its_scopes_say_and_no_more(caller: Caller, systems: Systems) -> None:
    key = systems.key(scopes=("products:write",))

    assert caller.api("products", EXAMPLES["products"], key).status_code == 200
    refused = caller.api("orders", EXAMPLES["orders"], key)
    assert (refused.status_code, refused.json()["detail"]) == (403, "the key 'till' has no scope orders:write; it has products:write")


def test_a_key_ends_when_it_is_revoked_or_over_and_a_new_one_takes_over(systems: Systems) -> None:
    old, short = systems.key(), systems.key("short", lasts=timedelta(days=1))
    new = rotate_key(systems.house.api_keys, "till", systems.now, key_id="new", secret="s" * 43, grace=timedelta(hours=24))

    def works(key: str) -> bool:
        with systems.open() as caller:  # another process: nothing of a key is remembered
            return caller.api("products", EXAMPLES["products"], key).status_code == 200

    assert works(old)
    assert works(new)
    assert works(short)
    systems.clock.moment += timedelta(hours=25)
    assert not works(old)
    assert not works(short)
    assert works(new)
    assert revoke_key(systems.house.api_keys, "till", systems.clock.now()) == 1
    assert not works(new)


def test_keys_are_kept_as_hashes_and_say_when_they_were_used(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    good(caller.api("orders", EXAMPLES["orders"], key))

    [(stored, used)] = systems.rows(api_keys, "secret_hash", "used_at")
    assert (len(stored), used) == (64, systems.now)
    assert key.rpartition("_")[2] not in stored
    with pytest.raises(UsageError, match="there is a key 'till'"):
        systems.key()


# ---- what is told ----


def test_each_kind_is_recorded(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    for kind, example in EXAMPLES.items():
        assert good(caller.api(kind, example, key)) == {"recorded": 1, "unchanged": 0}

    assert systems.rows(orders, "order_id", "total", "coupon", "origin") == [("1001", 400_0000, "HOSGELDIN", "live")]
    assert systems.rows(customers, "email", "first_name", "marketing", "orders_count") == [("ada@mail.example", "Ada", "granted", 1)]
    assert systems.rows(products, "sku", "price", "stock") == [("COF-1", 180_0000, 12)]
    assert systems.rows(events, "kind") == ["cart.updated", "order.paid", "order.placed"]


def test_a_list_is_recorded_as_each_would_be(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    many = [{**EXAMPLES["orders"], "id": f"R-{number}", "email": f"ada{number % 7}@mail.example"} for number in range(100)]

    assert good(caller.api("orders", many, key)) == {"recorded": 100, "unchanged": 0}
    assert good(caller.api("orders", many, key)) == {"recorded": 0, "unchanged": 100}
    assert systems.count(orders) == 100
    assert caller.api("orders", [*many, many[0]], key).status_code == 422
    assert caller.api("orders", [], key).status_code == 422


def test_all_of_a_call_is_recorded_or_nothing_and_every_problem_has_its_place(caller: Caller, systems: Systems) -> None:
    order = EXAMPLES["orders"]
    wrong = [
        order, {**order, "id": "2", "lines": [order["lines"][0], {"sku": "X", "unit_price": "12,50"}]}, {**order, "id": "3", "email": "nobody"},
        {**order, "id": "4", "ordered_at": "2027-11-20"}, {**order, "id": "5", "curency": "TRY"}, {**order, "id": "6", "lines": [{"unit_price": 12.5}]},
        {**order, "id": "7", "currency": "JPY"}, {"id": "8"}, 5, {**order, "id": "9", "lines": []},
    ]
    answer = caller.api("orders", wrong, systems.key())

    assert answer.status_code == 422
    problems = {each["path"]: each["problem"] for each in answer.json()["errors"]}
    assert list(problems) == [
        "[1].lines[1].unit_price", "[2].email", "[3].ordered_at", "[4]", "[5].lines[0].unit_price", "[6]", "[7]", "[8]", "[9].lines"]
    assert "is not a mail address" in problems["[2].email"]
    assert "in the future" in problems["[3].ordered_at"]
    assert 'did you mean "currency"' in problems["[4]"]
    assert problems["[1].lines[1].unit_price"].startswith("an amount is a decimal number in quotes")
    assert '"12.50"' in problems["[5].lines[0].unit_price"]
    assert "JPY has no rate" in problems["[6]"]
    assert systems.count(orders) == systems.count(intakes) == 0


@pytest.mark.parametrize(("changed", "said"), [
    ({"currency": "lira"}, "a currency has three letters, as in TRY"),
    ({"discount": "1.000,00"}, "an amount is a decimal number in quotes"),
    ({"lines": [{"sku": "X", "unit_price": "1", "quantity": "two"}]}, "a quantity is a number"),
])
def test_nobody_has_to_read_a_pattern(changed: dict[str, object], said: str, caller: Caller, systems: Systems) -> None:
    [error] = caller.api("orders", EXAMPLES["orders"] | changed, systems.key()).json()["errors"]

    assert error["problem"].startswith(said)


def test_an_address_of_the_web_begins_as_one(caller: Caller, systems: Systems) -> None:
    [error] = caller.api("products", EXAMPLES["products"] | {"url": "kahve.example/guji"}, systems.key()).json()["errors"]

    assert error == {"path": "url", "problem": "an address begins with https://"}


def test_what_a_system_told_earlier_does_not_undo_what_it_told_later(caller: Caller, systems: Systems) -> None:
    key, order = systems.key(), EXAMPLES["orders"]
    good(caller.api("orders", {**order, "status": "shipped", "updated_at": "2026-11-20T11:00:00+03:00"}, key))
    good(caller.api("orders", {**order, "status": "open", "lines": [{"sku": "OLD"}], "updated_at": "2026-11-20T10:30:00+03:00"}, key))

    assert systems.rows(orders, "status") == ["shipped"]
    assert systems.rows(order_lines, "sku") == ["COF-1"]


def test_customers_keep_what_is_not_told(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    good(caller.api("customers", {
        "email": "ada@mail.example", "customer_id": "77", "first_name": "Ada", "birthday": "05-17", "tags": ["vip", "a, b"],
        "attributes": {"taste": "Fruity", "visits": 3}}, key))
    good(caller.api("customers", {"email": "ada@new.example", "customer_id": "77", "city": "Bakü"}, key))

    assert systems.rows(customers, "email", "first_name", "city", "birth_month_day", "attributes") == [
        ("ada@new.example", "Ada", "Bakü", 517, {"taste": "fruity", "visits": 3})]
    assert systems.rows(customer_tags, "tag") == ["a b", "vip"]
    wrong = caller.api("customers", {"email": "ada@mail.example", "attributes": {"tast": "dark"}}, key).json()["errors"]
    assert wrong == [{"path": "attributes.tast", "problem": 'customers have no such attribute; did you mean "taste"?'}]


def test_who_contradicts_what_is_stored_is_told_so(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    good(caller.api("customers", [{"email": "ada@mail.example", "customer_id": "1"}, {"email": "can@mail.example", "customer_id": "2"}], key))
    answer = good(caller.api("customers", {"email": "can@mail.example", "customer_id": "1"}, key))

    assert answer["recorded"] == 0
    assert "another customer" in answer["refused"][0]["reason"]


def test_a_price_that_fell_is_noted_for_who_waits_for_it(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    for price in ("200.00", "180.00", "190.00"):
        good(caller.api("products", {"sku": "COF-1", "name": "Huila", "price": price}, key))

    assert systems.rows(product_changes, "kind", "data") == [("product.price_dropped", {"before": 200_0000, "now": 180_0000, "currency": "TRY"})]


# ---- events ----


def test_declared_events_are_held_to_what_the_shop_declares(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    data = {"score": 9, "why": "Güzel 🙂", "at_price": "12.50", "on": "2026-11-20", "useful": True, "weight": "0.25"}
    good(caller.api("events", {**SCORE, "data": data}, key))
    assert systems.rows(events, "kind", "data") == [
        ("nps.answered", {**data, "at_price": {"amount": "12.50", "currency": "TRY"}})]

    def problem(**changes: object) -> tuple[str, str]:
        [error] = caller.api("events", {**SCORE, **changes}, key).json()["errors"]
        return error["path"], error["problem"]

    assert problem(event="nps.anwered") == ("event", 'there is no event "nps.anwered" that can be told here; did you mean "nps.answered"?')
    assert problem(event="order.placed")[0] == "event"
    assert problem(data={"scor": 9}) == ("data.scor", 'the event has no such field; did you mean "score"?')
    assert problem(data={"score": 9.5})[0] == "data.score"
    assert problem(data={"score": "nine"})[0] == "data.score"
    assert problem(data={"useful": "yes"}) == ("data.useful", "expected true or false")
    assert problem(data={"on": "20.11.2026"})[0] == "data.on"
    assert problem(email=None)[0] == "email"
    assert problem(at="2027-11-20")[0] == "at"


def test_an_event_happens_once_by_its_id_or_by_the_name_of_the_call(caller: Caller, systems: Systems) -> None:
    key, other = systems.key(), systems.key("other")
    for _ in range(2):
        good(caller.api("events", {**SCORE, "id": "answer-1"}, key))
        good(caller.api("events", [SCORE, SCORE], key, idempotency_key="a-call"))
    assert systems.count(events) == 3

    good(caller.api("events", SCORE, key))
    good(caller.api("events", SCORE, key))
    good(caller.api("events", [SCORE, SCORE], other, idempotency_key="a-call"))
    assert systems.count(events) == 7


def test_a_name_of_a_call_belongs_to_one_body(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    first = caller.api("events", SCORE, key, idempotency_key="a-call")
    again = caller.api("events", SCORE, key, idempotency_key="a-call")
    other = caller.api("events", {**SCORE, "data": {"score": 1}}, key, idempotency_key="a-call")

    assert good(first) == good(again) == {"recorded": 1, "unchanged": 0}
    assert other.status_code == 422
    assert "used for another call" in other.json()["detail"]
    assert caller.api("orders", EXAMPLES["orders"], key, idempotency_key="a-call").status_code == 200  # of another kind
    assert caller.api("events", SCORE, key, idempotency_key="x" * 300).status_code == 400


def test_of_two_calls_of_one_name_at_once_one_is_recorded(systems: Systems) -> None:
    key = systems.key()
    with systems.open() as one, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: one.api("events", SCORE, key, idempotency_key="a-call"), range(16)))

    assert {answer.text for answer in answers} == {'{"recorded":1,"unchanged":0}'}
    assert systems.count(events) == 1


def test_wishes_and_open_complaints_can_be_told(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    wish = {"event": "wishlist.added", "email": "ada@mail.example", "data": {"sku": "COF-1"}}
    good(caller.api("events", [wish, {**wish, "data": {"sku": "COF-2"}}], key))
    good(caller.api("events", {**wish, "event": "wishlist.removed"}, key))
    good(caller.api("events", {"event": "support.opened", "email": "ada@mail.example"}, key))

    assert systems.rows(wishes, "sku") == ["COF-2"]
    assert good(caller.api("events", {**wish, "email": None, "customer_id": "404"}, key))["refused"]


# ---- bodies ----


@pytest.mark.parametrize("body", [
    b"", b"{", b"\xff\xfe", b'{"id": NaN}', b'{"id": Infinity}', b'{"id": "1", "id": "2"}', b"[" * 200_000, b'{"id": "\\ud83d"}',
    b'{"id": "\\u0000"}', b"[" + b"1" * 5_000 + b"]", b'{"a": ' * 40 + b"1" + b"}" * 40,
], ids=range(11))
def test_what_is_no_json_is_refused_as_a_problem(sqlite_database: Database, tmp_path: Path, now: datetime, body: bytes) -> None:
    systems = Systems(sqlite_database, tmp_path, now, YAML)
    with systems.open() as caller:
        answer = caller.api("orders", body, systems.key())

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_letters_that_programs_escape_are_letters(caller: Caller, systems: Systems) -> None:
    body = json.dumps({"email": "ada@mail.example", "first_name": "Ayşe 🙂"}, ensure_ascii=True).encode()
    assert b"\\ud83d\\ude42" in body
    good(caller.api("customers", body, systems.key()))

    assert systems.rows(customers, "first_name") == ["Ayşe 🙂"]


@pytest.mark.parametrize("changes", [
    {"id": ""}, {"id": "x" * 300}, {"id": 5}, {"lines": [{}] * 10_001}, {"lines": [{"quantity": 10**30}]}, {"lines": [{"quantity": "1e9"}]},
    {"lines": [{"unit_price": "1e400"}]}, {"lines": [{"unit_price": "9" * 40}]}, {"refunded": "-1"}, {"other": {"a": "x" * 3_000}},
    {"other": {str(number): "x" for number in range(60)}}, {"ordered_at": "٢٠٢٦-١١-٢٠"}, {"email": "a@b\r\nc"}, {"lines": {"sku": "X"}},
    {"lines": [{"unit_price": "9999999999", "quantity": 9_999_999}]},
])
def test_orders_that_nobody_can_have_made_are_refused(sqlite_database: Database, tmp_path: Path, now: datetime, changes: dict) -> None:
    systems = Systems(sqlite_database, tmp_path, now, YAML)
    with systems.open() as caller:
        answer = caller.api("orders", {**EXAMPLES["orders"], **changes}, systems.key())

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["problem"]
    assert systems.count(orders) == 0


def test_only_json_as_it_is_is_read(caller: Caller, systems: Systems) -> None:
    key = systems.key()
    statuses = [
        caller.api("orders", EXAMPLES["orders"], key, **headers).status_code
        for headers in ({"content_type": "text/plain"}, {"content_type": "application/x-www-form-urlencoded"}, {"content_encoding": "gzip"})
    ]

    assert statuses == [415, 415, 415]
    assert caller.api("orders", b"[" + b" " * 2_200_000 + b"]", key).status_code == 413
    assert caller.client.get("/api/v1/orders").status_code == 405
    assert caller.client.get("/api/v1/nothing").headers["content-type"] == "application/problem+json"


# ---- the document ----


def test_the_document_describes_this_shop_and_its_examples_fit_it(caller: Caller) -> None:
    told = good(caller.client.get("/api/v1/openapi.json"))

    assert told["openapi"] == "3.1.0"
    assert "nps.answered" in told["components"]["schemas"]["Event"]["properties"]["event"]["enum"]
    assert list(told["components"]["schemas"]["nps.answered.data"]["properties"]) == ["score", "why", "at_price", "on", "useful", "weight"]
    for path, methods in told["paths"].items():
        body = methods["post"]["requestBody"]["content"]["application/json"]
        schema = {**body["schema"], "components": told["components"]}
        Draft202012Validator(schema).validate(body["example"])
        assert path.rpartition("/")[2] in EXAMPLES


def test_the_readable_page_runs_nothing_and_names_every_field(caller: Caller) -> None:
    page = caller.client.get("/api/v1/docs")

    assert page.status_code == 200
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for word in ("ordered_at", "consent_source", "compare_at", "nps.answered.data", "/api/v1/events", "taste"):
        assert word in page.text
