"""Conditions in memory, law by law."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from regulars.audience.evaluation import holds
from regulars.audience.frame import Cuts, Frame
from regulars.audience.view import CustomerView, Line, MailEvent, MessageRef, Receipt
from regulars.definition.conditions import (
    Aggregate,
    All,
    Any_,
    Condition,
    Emails,
    Fact,
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
from regulars.definition.quantities import Duration, Money
from regulars.definition.workspace import ConsentRule, Segment
from tests.people import SHOP

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
FRAME = Frame(NOW, SHOP)
ADA = CustomerView(1)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def line(order: int, days: float, lira: int, category: str = "beans", **more: object) -> Line:
    at = ago(days)
    return Line(order, at, lira * 10_000, category=category, **{"counts_from": at, **more})


def lira(amount: int) -> Money:
    return Money.of(amount, "TRY")


COUNTRY = Fact("customer.country", Kind.TEXT, (Test(Op.IS_NOT, "TR"),))


def test_an_absent_value_fails_every_comparison_and_not_is_the_complement() -> None:
    assert not holds(COUNTRY, ADA, FRAME)
    assert holds(Not(COUNTRY), ADA, FRAME)
    assert holds(COUNTRY, replace(ADA, country="az"), FRAME)


def test_exists_no_is_the_one_word_for_absence() -> None:
    assert holds(Fact("customer.city", Kind.TEXT, (Test(Op.EXISTS, False),)), ADA, FRAME)
    assert not holds(Fact("customer.city", Kind.TEXT, (Test(Op.EXISTS, False),)), replace(ADA, city="baku"), FRAME)


def test_nothing_is_true_of_all_and_false_of_any() -> None:
    assert holds(All(()), ADA, FRAME)
    assert not holds(Any_(()), ADA, FRAME)


def test_text_is_compared_folded_with_the_turkish_dot_dropped() -> None:
    assert holds(Fact("customer.city", Kind.TEXT, (Test(Op.IS, "İSTANBUL"),)), replace(ADA, city="istanbul"), FRAME)


def test_a_declared_default_stands_in_and_a_value_of_the_wrong_kind_is_absent() -> None:
    taste = Fact("customer.taste", Kind.TEXT, (Test(Op.IS, "dark"),))
    cups = Fact("customer.cups", Kind.WHOLE, (Test(Op.AT_LEAST, 0),))

    assert holds(taste, ADA, FRAME)
    assert not holds(taste, replace(ADA, attributes={"taste": "fruity"}), FRAME)
    assert not holds(cups, replace(ADA, attributes={"cups": "two"}), FRAME)


@pytest.mark.parametrize(("aggregate", "value", "expected"), [
    (Aggregate.COUNT, 2, True), (Aggregate.COUNT, 3, False),
    (Aggregate.SPENT, lira(250), True), (Aggregate.SPENT, lira(251), False),     # 100 + 200 - 50
    (Aggregate.BIGGEST_ORDER, lira(200), True), (Aggregate.BIGGEST_ORDER, lira(201), False),
    (Aggregate.AVERAGE_ORDER, lira(125), True), (Aggregate.AVERAGE_ORDER, lira(126), False),
    (Aggregate.QUANTITY, Decimal("2.5"), True), (Aggregate.QUANTITY, Decimal("2.6"), False),
])
def test_refunds_lower_sums_and_are_no_orders(aggregate: Aggregate, value: object, expected: bool) -> None:
    lines = (line(1, 40, 100), line(2, 20, 150, quantity=500), line(2, 20, 50), line(3, 10, -50, is_refund=True, quantity=0, counts_from=None))
    asked = Orders(aggregates=((aggregate, (Test(Op.AT_LEAST, value),)),))

    assert holds(asked, replace(ADA, lines=lines), FRAME) is expected


def test_unpaid_cancelled_and_later_orders_do_not_count() -> None:
    unpaid, cancelled = line(1, 5, 10, counts_from=None), line(2, 5, 10, counts_until=ago(1))

    assert not holds(Orders(), replace(ADA, lines=(unpaid, cancelled)), FRAME)
    assert holds(Orders(), replace(ADA, lines=(cancelled,)), replace(FRAME, as_of=ago(2)))
    assert not holds(Orders(), replace(ADA, lines=(line(3, 5, 10),)), replace(FRAME, as_of=ago(6)))


def test_who_bought_nothing_has_sums_of_zero_and_no_average() -> None:
    count, average = (
        Orders(aggregates=((aggregate, (Test(Op.AT_MOST, value),)),))
        for aggregate, value in ((Aggregate.COUNT, 0), (Aggregate.AVERAGE_ORDER, lira(5)))
    )
    assert holds(count, ADA, FRAME)
    assert not holds(average, ADA, FRAME)


def test_only_lines_that_match_are_summed() -> None:
    asked = Orders(
        where=((LineField.CATEGORY, (Test(Op.IS, "Beans"),)),), window=Window(within=Duration(seconds=30 * 86_400)),
        aggregates=((Aggregate.SPENT, (Test(Op.AT_LEAST, lira(100)),)),),
    )
    assert not holds(asked, replace(ADA, lines=(line(1, 31, 90), line(2, 5, 90), line(2, 5, 90, "gifts"))), FRAME)
    assert holds(asked, replace(ADA, lines=(line(1, 29, 90), line(2, 5, 10))), FRAME)


# ---- reactions ----------------------------------------------------------------------------------------------

MAIL = MessageRef(1, 7)
RECEIVED = Receipt(MAIL, "win-back", ago(10))


def click(days: float, verdict: str = "human", link: str = "hero", message: MessageRef = MAIL) -> MailEvent:
    return MailEvent(message, "win-back", "email.clicked", ago(days), link, verdict)


CLICKED_LATELY = Emails(Reaction.CLICKED, window=Window(within=Duration(seconds=5 * 86_400)))


def test_a_message_counts_once_however_often_it_was_clicked() -> None:
    twice = replace(CLICKED_LATELY, tests=(Test(Op.AT_LEAST, 2),))

    assert not holds(twice, replace(ADA, mail_events=(click(1), click(2, link="footer"))), FRAME)
    assert holds(twice, replace(ADA, mail_events=(click(1), click(2, message=MessageRef(2, 7)))), FRAME)


def test_a_click_in_the_window_counts_though_the_first_was_long_before() -> None:
    assert holds(CLICKED_LATELY, replace(ADA, mail_events=(click(100), click(1))), FRAME)
    assert not holds(CLICKED_LATELY, replace(ADA, mail_events=(click(100),)), FRAME)


@pytest.mark.parametrize(("verdict", "clicked", "opened"), [("human", True, True), ("unknown", False, True), ("machine", False, False)])
def test_machines_do_nothing_and_doubt_opens_but_never_clicks(verdict: str, clicked: bool, opened: bool) -> None:
    seen = replace(ADA, mail_events=(click(1, verdict), replace(click(1, verdict), kind="email.opened")))

    assert holds(Emails(Reaction.CLICKED), seen, FRAME) is clicked
    assert holds(Emails(Reaction.OPENED), seen, FRAME) is opened


@pytest.mark.parametrize(("days", "expected"), [(10.01, False), (10, True), (3.01, True), (3, False)])
def test_an_order_is_a_reaction_within_the_attribution_window_after_receipt(days: float, expected: bool) -> None:
    bought = replace(ADA, receipts=(RECEIVED,), lines=(line(1, days, 10),))

    assert holds(Emails(Reaction.REACTED, campaign="win-back"), bought, FRAME) is expected
    assert not holds(Emails(Reaction.REACTED, campaign="welcome"), bought, FRAME)
    assert not holds(Emails(Reaction.REACTED, link="hero"), bought, FRAME)


# ---- scores, ranks, consent ---------------------------------------------------------------------------------

def test_a_score_is_compared_as_it_has_faded_until_now() -> None:
    stored = FRAME.decay.stored(8.0, ago(30))  # a half-life ago

    engaged = Fact("engagement", Kind.NUMBER, (Test(Op.AT_LEAST, Decimal("3.99")), Test(Op.AT_MOST, Decimal("4.01"))))
    assert holds(engaged, replace(ADA, engagement=stored), FRAME)


def test_who_never_reacted_to_a_segment_scores_zero_in_it() -> None:
    assert holds(SegmentScore("vip", (Test(Op.LESS_THAN, Decimal(1)),)), ADA, FRAME)


def test_fifths_count_from_the_worst_and_who_never_ordered_is_in_none() -> None:
    frame = replace(FRAME, cuts=Cuts({"frequency": (1, 1, 2, 4)}))
    fifths = {n: [k for k in range(1, 6) if holds(Fact("rfm.frequency", Kind.WHOLE, (Test(Op.IS, k),)), replace(ADA, orders_count=n), frame)]
              for n in (0, 1, 2, 4, 5)}

    assert fifths == {0: [], 1: [1], 2: [3], 4: [4], 5: [5]}


def test_the_top_ends_at_the_cut_and_nobody_without_orders_is_in_it() -> None:
    frame = replace(FRAME, cuts=Cuts(top={("orders.spent", Decimal(5)): 0}))
    asked = InTop(Decimal(5), "orders.spent")

    assert holds(asked, replace(ADA, orders_count=1), frame)
    assert not holds(asked, ADA, frame)
    assert not holds(asked, replace(ADA, orders_count=1), FRAME)


@pytest.mark.parametrize(("said", "ordered", "rule", "expected"), [
    ("granted", 0, ConsentRule.REQUIRED, True), (None, 3, ConsentRule.REQUIRED, False), ("pending", 3, ConsentRule.REQUIRED, False),
    (None, 3, ConsentRule.EXISTING_CUSTOMERS, True), (None, 0, ConsentRule.EXISTING_CUSTOMERS, False),
    ("pending", 3, ConsentRule.EXISTING_CUSTOMERS, False), ("withdrawn", 3, ConsentRule.EXISTING_CUSTOMERS, False),
])
def test_subscribed_means_what_the_shops_rule_says(said: str | None, ordered: int, rule: ConsentRule, expected: bool) -> None:
    frame, customer = replace(FRAME, shop=replace(SHOP, consent=rule)), replace(ADA, marketing=said, orders_count=ordered)

    assert holds(Subscribed(), customer, frame) is expected
    assert holds(Subscribed(wanted=False), customer, frame) is not expected


def test_leaving_a_topic_is_about_that_topic_only() -> None:
    left_news = replace(ADA, marketing="granted", topics={"news": "withdrawn"})

    assert not holds(Subscribed("news"), left_news, FRAME)
    assert holds(Subscribed("offers"), left_news, FRAME)


def test_all_tests_of_a_tag_are_about_the_same_tag() -> None:
    both: Condition = Tagged((Test(Op.STARTS_WITH, "whole"), Test(Op.CONTAINS, "2026")))

    assert not holds(both, replace(ADA, tags=frozenset({"wholesale", "fair 2026"})), FRAME)
    assert holds(both, replace(ADA, tags=frozenset({"wholesale 2026"})), FRAME)


def test_another_segment_is_asked_by_its_name() -> None:
    frame = replace(FRAME, segments={"abroad": Segment("abroad", COUNTRY)})

    assert holds(InSegment("abroad"), replace(ADA, country="az"), frame)
    assert not holds(InSegment("abroad"), replace(ADA, country="tr"), frame)
