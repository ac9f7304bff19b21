"""Sample customers are as complete as real ones."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from regulars.adapters.workspace import read_files
from regulars.content.samples import sample_recipient
from regulars.definition.quantities import Money
from regulars.definition.reading import workspace_of
from regulars.errors import UsageError


@pytest.fixture(scope="module")
def workspace():
    return workspace_of(read_files("."))


def doubled(amount: Money, _when: datetime) -> Money:
    return Money(amount.units * 2, "TRY")


def line(order_id="1", sku="A", **more):
    return {"order_id": order_id, "ordered_at": "2026-11-02T21:14:00+03:00", "sku": sku, "product": f"Coffee {sku}",
            "quantity": 2, "unit_price": "520.00", "currency": "EUR", **more}


def person(workspace, **more):
    return sample_recipient({"email": "ada@posta.example", **more}, workspace.shop, doubled)


def test_purchases_come_newest_first_with_their_totals(workspace):
    ada = person(workspace, purchases=[
        line("1", ordered_at="2026-01-01T00:00:00+00:00"), line("2"), line("2", "B", unit_price="1.5", quantity=1.5)])

    assert [purchase.order_id for purchase in ada.purchases] == ["2", "2", "1"]
    assert ada.purchases[0].ordered_at == datetime(2026, 11, 2, 18, 14, tzinfo=UTC)
    assert ada.purchases[1].amount == Money.of(Decimal("2.25"), "EUR")
    assert ada.orders.count == 2
    assert ada.orders.spent == Money.of(Decimal("4164.5"), "TRY")
    assert ada.orders.first_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_the_usual_stands_in_most_orders(workspace):
    ada = person(workspace, purchases=[line("1"), line("2"), line("3", "B"), line("3", "B"), line("3", "B")])

    assert ada.usual.sku == "A"


def test_who_tells_nothing_has_nothing_but_a_code(workspace):
    nobody = person(workspace)

    assert (nobody.first_name, nobody.purchases, nobody.usual, nobody.orders.count, nobody.orders.last_at) == (None, (), None, 0, None)
    assert nobody.attributes["taste"] == workspace.shop.attributes["taste"].default
    assert len(nobody.referral_code) == 8


def test_all_people_of_the_sample_workspace_can_be_read(workspace):
    assert [sample_recipient(each, workspace.shop, doubled).email for each in workspace.samples] == [
        each["email"] for each in workspace.samples]


@pytest.mark.parametrize(("more", "said"), [
    ({"purchases": [{"order_id": "1"}]}, "ada@posta.example has no unit_price"),
    ({"purchases": [line(unit_price="a lot")]}, "ada@posta.example cannot be read"),
    ({"purchases": ["beans"]}, "ada@posta.example cannot be read"),
    ({"attributes": {"taste": "umami"}}, "ada@posta.example cannot be read"),
    ({"attributes": "fruity"}, "ada@posta.example cannot be read"),
])
def test_a_mistake_is_named_with_its_person(workspace, more, said):
    with pytest.raises(UsageError, match=said):
        person(workspace, **more)


def test_a_person_needs_an_address(workspace):
    with pytest.raises(UsageError, match="a person has no email"):
        sample_recipient({"first_name": "Ada"}, workspace.shop, doubled)
