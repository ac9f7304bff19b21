"""`why` says of each part whether it holds and what is true instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from regulars.audience.explanation import explain
from regulars.audience.frame import Cuts, Frame
from regulars.audience.view import CustomerView, Line
from regulars.definition.conditions import (
    Aggregate,
    All,
    Any_,
    Condition,
    Emails,
    Fact,
    HasReferred,
    InSegment,
    InTop,
    Kind,
    LineField,
    Not,
    Op,
    Orders,
    Reaction,
    SegmentScore,
    Subscribed,
    Tagged,
    Test,
    Window,
)
from regulars.definition.facts import FACTS
from regulars.definition.quantities import Duration, Money
from regulars.definition.workspace import Segment
from tests.people import SHOP

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
LAST = NOW - timedelta(days=12)
MONTHS = Duration(seconds=60 * 86_400)
ADA = CustomerView(
    1, country="az", created_at=NOW - timedelta(days=400), orders_count=2, orders_spent=3_400_000, first_at=NOW - timedelta(days=52),
    last_at=LAST, tags=frozenset({"wholesale"}), marketing="withdrawn",
    lines=(Line(1, LAST, 1_200_000, category="beans", counts_from=LAST),),
)
FRAME = Frame(
    NOW, SHOP, {"quiet": Segment("quiet", Fact("orders.last_at", Kind.TIME, (Test(Op.OLDER_THAN, MONTHS),)))},
    Cuts(top={("orders.spent", Decimal(5)): 5_000_000}),
)


@pytest.mark.parametrize(("asked", "line"), [
    (Fact("orders.last_at", Kind.TIME, (Test(Op.OLDER_THAN, MONTHS),)),
     "orders.last_at older_than 60 days: no, the last order was 2026-11-08, 12 days ago"),
    (Fact("orders.count", Kind.WHOLE, (Test(Op.BETWEEN, (1, 3)),)), "orders.count between [1, 3]: yes, 2 orders"),
    (Fact("orders.spent", Kind.MONEY, (Test(Op.AT_LEAST, Money.of(500, "TRY")),)), "orders.spent at_least 500 TRY: no, it is 340 TRY"),
    (Fact("orders.usual_gap", Kind.SPAN, (Test(Op.AT_MOST, MONTHS),)), "orders.usual_gap at_most 60 days: yes, it is 40.0 days"),
    (Fact("orders.overdue", Kind.NUMBER, (Test(Op.AT_LEAST, Decimal("1.5")),)), "orders.overdue at_least 1.5: no, it is 0.3"),
    (Fact("customer.city", Kind.TEXT, (Test(Op.IS, "Bakı"),)), "customer.city is Bakı: no, nothing is known"),
    (Fact("engagement", Kind.NUMBER, (Test(Op.AT_LEAST, Decimal(10)),)), "engagement at_least 10: no, the score is 0.00"),
    (Tagged((Test(Op.IS, "vip"),)), "tag is vip: no, tagged wholesale"),
    (Orders(where=((LineField.CATEGORY, (Test(Op.IS, "beans"),)),), window=Window(within=MONTHS),
            aggregates=((Aggregate.SPENT, (Test(Op.AT_LEAST, Money.of(500, "TRY")),)),)),
     "orders where category is beans, within 60 days, spent at_least 500 TRY: no, 120 TRY spent"),
    (Emails(Reaction.CLICKED, "win-back"), "emails.clicked of win-back: no, 0 mails clicked"),
    (SegmentScore("vip", (Test(Op.AT_LEAST, Decimal(1)),)), "score_in vip at_least 1: no, the score is 0.00"),
    (InTop(Decimal(5), "orders.spent"), "in_top 5% by spent: no, 340 TRY; the top begins at 500 TRY"),
    (Subscribed(), "subscribed yes: no, said no to marketing mail"),
    (HasReferred((Test(Op.AT_LEAST, 1),)), "has_referred at_least 1: no, 0 friends came"),
])
def test_a_condition_is_answered_with_what_is_true_instead(asked: Condition, line: str) -> None:
    assert list(explain(asked, ADA, FRAME).lines()) == [line]


def test_parts_stand_below_what_they_are_part_of() -> None:
    asked = All((Not(InSegment("quiet")), Any_((Tagged((Test(Op.IS, "wholesale"),)),))))

    assert list(explain(asked, ADA, FRAME).lines()) == [
        "all: yes",
        "  not: yes",
        "    in_segment quiet: no",
        "      orders.last_at older_than 60 days: no, the last order was 2026-11-08, 12 days ago",
        "  any: yes",
        "    tag is wholesale: yes, tagged wholesale",
    ]


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_can_be_told_of_somebody_unknown(name: str) -> None:
    told = explain(Fact(name, FACTS[name].kind, (Test(Op.EXISTS, True),)), CustomerView(2), replace(FRAME, cuts=Cuts()))

    assert told.actual
