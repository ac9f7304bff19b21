"""What a marketer writes under `where:` is what the conditions say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from regulars.definition.condition_words import CONDITION, SEGMENTS_OR_CONDITION, WORDS
from regulars.definition.conditions import (
    Aggregate,
    All,
    Any_,
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
    Referred,
    SegmentScore,
    Subscribed,
    Tagged,
    Test,
    Window,
)
from regulars.definition.facts import FACTS, OPERATORS
from regulars.definition.nodes import compose
from regulars.definition.notebook import Notebook
from regulars.definition.quantities import Duration, Money
from regulars.definition.workspace import Attribute

DAY = 86_400


def read(text, kind=CONDITION):
    notes = Notebook(currency="TRY", attributes={"taste": Attribute("taste", Kind.TEXT, ("fruity", "dark")),
                                                 "points": Attribute("points", Kind.WHOLE)})
    condition = kind.read(compose("segments/x.yaml", text).node, notes)
    assert notes.findings == []
    return condition


@pytest.mark.parametrize(("text", "condition"), [
    ("orders.count: 3", Fact("orders.count", Kind.WHOLE, (Test(Op.IS, 3),))),
    ("orders.count: {at_least: 3, less_than: 10}", Fact("orders.count", Kind.WHOLE, (Test(Op.AT_LEAST, 3), Test(Op.LESS_THAN, 10)))),
    ("orders.spent: {more_than: 500}", Fact("orders.spent", Kind.MONEY, (Test(Op.MORE_THAN, Money.of(500, "TRY")),))),
    ("orders.spent: {between: [99.50 TRY, 100 TRY]}",
     Fact("orders.spent", Kind.MONEY, (Test(Op.BETWEEN, (Money(995_000, "TRY"), Money(1_000_000, "TRY"))),))),
    ("orders.last_at: {older_than: 60 days}", Fact("orders.last_at", Kind.TIME, (Test(Op.OLDER_THAN, Duration(seconds=60 * DAY)),))),
    ("orders.first_at: 2026-12-01", Fact("orders.first_at", Kind.TIME, (Test(Op.ON, date(2026, 12, 1)),))),
    ("orders.usual_gap: {at_most: 6 weeks}", Fact("orders.usual_gap", Kind.SPAN, (Test(Op.AT_MOST, Duration(seconds=42 * DAY)),))),
    ("orders.overdue: {at_least: 1.5}", Fact("orders.overdue", Kind.NUMBER, (Test(Op.AT_LEAST, Decimal("1.5")),))),
    ("customer.birthday: {older_than: 18 years}", Fact("customer.birthday", Kind.DATE, (Test(Op.OLDER_THAN, Duration(months=216)),))),
    ("customer.country: {none_of: [TR, AZ]}", Fact("customer.country", Kind.TEXT, (Test(Op.NONE_OF, ("TR", "AZ")),))),
    ("customer.city: {exists: no}", Fact("customer.city", Kind.TEXT, (Test(Op.EXISTS, False),))),
    ("customer.taste: dark", Fact("customer.taste", Kind.TEXT, (Test(Op.IS, "dark"),))),
    ("customer.points: {at_least: 10}", Fact("customer.points", Kind.WHOLE, (Test(Op.AT_LEAST, 10),))),
    ("engagement: {at_least: 10}", Fact("engagement", Kind.NUMBER, (Test(Op.AT_LEAST, Decimal(10)),))),
    ("rfm.monetary: {one_of: [4, 5]}", Fact("rfm.monetary", Kind.WHOLE, (Test(Op.ONE_OF, (4, 5)),))),
    ('tag: {starts_with: "b2b"}', Tagged((Test(Op.STARTS_WITH, "b2b"),))),
    ("orders: {}", Orders()),
    ("orders: {where: {category: beans, sku: {one_of: [A1, B2]}}, within: 2 years, spent: {at_least: 500 TRY}, count: 3}",
     Orders(((LineField.CATEGORY, (Test(Op.IS, "beans"),)), (LineField.SKU, (Test(Op.ONE_OF, ("A1", "B2")),))),
            Window(within=Duration(months=24)),
            ((Aggregate.COUNT, (Test(Op.IS, 3),)), (Aggregate.SPENT, (Test(Op.AT_LEAST, Money.of(500, "TRY")),))))),
    ("orders: {after: 2026-01-01, before: 2026-02-01}", Orders(window=Window(before=date(2026, 2, 1), after=date(2026, 1, 1)))),
    ("emails.clicked: {campaign: win-back, link: hero, within: 30 days, count: {at_least: 2}}",
     Emails(Reaction.CLICKED, "win-back", "hero", Window(within=Duration(seconds=30 * DAY)), (Test(Op.AT_LEAST, 2),))),
    ("emails.received: {}", Emails(Reaction.RECEIVED)),
    ("score_in: {segment: vip, at_least: 10}", SegmentScore("vip", (Test(Op.AT_LEAST, Decimal(10)),))),
    ("in_top: 0.5% by count", InTop(Decimal("0.5"), "orders.count")),
    ("in_segment: vip", InSegment("vip")),
    ("subscribed: no", Subscribed(None, wanted=False)),
    ("topic: news", Subscribed("news")),
    ("referred: yes", Referred()),
    ("has_referred: {at_least: 1}", HasReferred((Test(Op.AT_LEAST, 1),))),
    ("not: {in_segment: a}", Not(InSegment("a"))),
    ("any: [{in_segment: a}, {in_segment: b}]", Any_((InSegment("a"), InSegment("b")))),
    ("any: {in_segment: a, referred: yes}", Any_((InSegment("a"), Referred()))),
    ("[{in_segment: a}, {in_segment: b}]", All((InSegment("a"), InSegment("b")))),
    ("{in_segment: a, referred: yes}", All((InSegment("a"), Referred()))),
    ("not: [{in_segment: a}, {in_segment: b}]", Not(All((InSegment("a"), InSegment("b"))))),
])
def test_a_condition_is_read_to_its_value(text, condition):
    assert read(text) == condition


def test_bare_names_are_segments_where_an_audience_is_asked_for():
    assert read("any: [gold, {orders.count: 1}]", SEGMENTS_OR_CONDITION) == Any_((
        InSegment("gold"), Fact("orders.count", Kind.WHOLE, (Test(Op.IS, 1),))))


def test_every_example_of_the_manual_can_be_read():
    for word in WORDS.values():
        read(f"{word.name}: {word.example}")


def test_every_fact_takes_every_operator_of_its_kind():
    value = {Kind.TEXT: "abc", Kind.NUMBER: "1.5", Kind.WHOLE: "3", Kind.MONEY: "5 TRY", Kind.TIME: "2026-01-01",
             Kind.DATE: "2026-01-01", Kind.YES_NO: "yes", Kind.SPAN: "3 days"}
    for fact in FACTS.values():
        for operator in OPERATORS[fact.kind]:
            one = {Op.EXISTS: "yes", Op.OLDER_THAN: "3 days", Op.YOUNGER_THAN: "3 days"}.get(operator, value[fact.kind])
            said = {Op.BETWEEN: f"[{one}, {one}]", Op.ONE_OF: f"[{one}]", Op.NONE_OF: f"[{one}]"}.get(operator, one)

            assert read(f"{fact.name}: {{{operator}: {said}}}").tests[0].op is operator
