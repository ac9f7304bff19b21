"""The exact moments at which an answer changes, in both readings on both databases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from regulars.adapters.database.engine import Database
from regulars.adapters.database.predicates import frame_for, matching
from regulars.audience.evaluation import holds
from regulars.audience.frame import Frame
from regulars.definition.conditions import (
    Aggregate,
    Condition,
    Emails,
    Fact,
    HasReferred,
    Kind,
    LineField,
    Not,
    Op,
    Orders,
    Reaction,
    SegmentScore,
    Tagged,
    Test,
    Window,
)
from regulars.definition.quantities import Duration, Money
from regulars.definition.workspace import Workspace
from tests.people import SHOP, Bought, Happened, Mail, Person, Purchase, settle
from tests.predicates import NOW

pytestmark = pytest.mark.breaks_promises  # its messages are rows made by hand, without an audience

INSTANT, DAY, WEEK = timedelta(microseconds=1), timedelta(days=1), timedelta(days=7)
LATELY = Window(within=Duration(seconds=86_400))


def person(**history: object) -> Person:
    return Person(1, NOW - 900 * DAY, **history)  # type: ignore[arg-type]


def bought(at: timedelta, **more: object) -> Purchase:
    return Purchase(NOW - at, (Bought(1_000_000, category="beans"),), **more)  # type: ignore[arg-type]


def at_least(aggregate: Aggregate, value: object, window: Window = Window()) -> Orders:
    return Orders(window=window, aggregates=((aggregate, (Test(Op.AT_LEAST, value),)),))


REFUND = bought(DAY, is_refund=True)
ONE_ORDER = at_least(Aggregate.COUNT, 1)
REACTED = Emails(Reaction.REACTED)
WEEK_OLD_MAIL = (Mail(1, NOW - WEEK),)

CASES: list[tuple[str, Person, Condition, bool]] = [
    ("a refund is no order", person(purchases=(REFUND,)), ONE_ORDER, False),
    ("a refund is not the biggest order", person(purchases=(REFUND,)), at_least(Aggregate.BIGGEST_ORDER, Money(-10**9, "TRY")), False),
    ("a refund lowers what was spent", person(purchases=(bought(DAY), Purchase(NOW, (Bought(-1),), is_refund=True))),
     at_least(Aggregate.SPENT, Money(1_000_000, "TRY")), False),
    ("the first moment of a window is outside", person(purchases=(bought(DAY),)), Orders(window=LATELY), False),
    ("the moment after it is inside", person(purchases=(bought(DAY - INSTANT),)), Orders(window=LATELY), True),
    ("the last moment of a window is inside", person(purchases=(bought(0 * DAY),)), Orders(window=LATELY), True),
    ("an order counts from the moment it is paid", person(purchases=(bought(WEEK, counts_after=WEEK),)), ONE_ORDER, True),
    ("and not before", person(purchases=(bought(WEEK, counts_after=WEEK + INSTANT),)), ONE_ORDER, False),
    ("an order counts until it is cancelled", person(purchases=(bought(WEEK, cancelled_after=WEEK),)), ONE_ORDER, False),
    ("and to the last moment before", person(purchases=(bought(WEEK, cancelled_after=WEEK + INSTANT),)), ONE_ORDER, True),
    ("older than takes its own moment", person(purchases=(bought(DAY),)),
     Fact("orders.last_at", Kind.TIME, (Test(Op.OLDER_THAN, LATELY.within or Duration()),)), True),
    ("an order at the moment of receipt is a reaction", person(mails=(Mail(1, NOW),), purchases=(bought(0 * DAY),)), REACTED, True),
    ("an order just before it is none", person(mails=(Mail(1, NOW),), purchases=(bought(INSTANT),)), REACTED, False),
    ("an order at the end of attribution is none", person(mails=WEEK_OLD_MAIL, purchases=(bought(0 * DAY),)), REACTED, False),
    ("an order just before the end is one", person(mails=WEEK_OLD_MAIL, purchases=(bought(INSTANT),)), REACTED, True),
    ("a machine's click is none", person(mails=(Mail(1, NOW, (Happened("email.clicked", NOW, verdict="machine"),)),)), REACTED, False),
    ("all tests of a tag are about the same one", person(tags={"ab": NOW, "bc": NOW}), Tagged((Test(Op.CONTAINS, "a"), Test(Op.CONTAINS, "c"))), False),
    ("a percent sign is a letter", person(tags={"ab": NOW}), Tagged((Test(Op.CONTAINS, "%"),)), False),
    ("an underscore is a letter", person(tags={"ab": NOW}), Tagged((Test(Op.STARTS_WITH, "_"),)), False),
    ("nobody's score is zero", person(), SegmentScore("vip", (Test(Op.AT_MOST, Decimal(0)),)), True),
    ("not is the complement for an absent value", person(), Not(Fact("customer.city", Kind.TEXT, (Test(Op.NONE_OF, ("x",)),))), True),
    ("a line without a category fails is_not", person(purchases=(Purchase(NOW, (Bought(1),)),)),
     Orders(where=((LineField.CATEGORY, (Test(Op.IS_NOT, "beans"),)),)), False),
]


@pytest.mark.parametrize(("somebody", "asked", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.parametrize("recomputed", [False, True], ids=["stored", "recomputed"])
def test_both_readings_change_at_the_same_moment(
    database: Database, somebody: Person, asked: Condition, expected: bool, recomputed: bool
) -> None:
    with database.write() as connection:
        settle(connection, [somebody], Frame(NOW, SHOP))
        frame = frame_for(connection, Workspace(SHOP, {}, {}), NOW, asked, recomputed=recomputed)

        assert holds(asked, somebody.view(frame), frame) is expected
        assert bool(connection.scalars(matching(connection, asked, frame)).all()) is expected


@pytest.mark.parametrize("asked", [
    Tagged((Test(Op.EXISTS, True),)), Emails(Reaction.RECEIVED), Emails(Reaction.CLICKED), HasReferred((Test(Op.AT_LEAST, 1),)),
    Fact("orders.count", Kind.WHOLE, (Test(Op.AT_LEAST, 1),)), Fact("engagement", Kind.NUMBER, (Test(Op.MORE_THAN, Decimal(0)),)),
    SegmentScore("vip", (Test(Op.MORE_THAN, Decimal(0)),)), ONE_ORDER,
], ids=lambda asked: type(asked).__name__ + getattr(asked, "name", getattr(asked, "reaction", "")))
def test_at_a_day_what_came_a_moment_later_had_not_happened(database: Database, asked: Condition) -> None:
    somebody = person(
        tags={"a": NOW}, purchases=(bought(0 * DAY),), friends_at=(NOW,), mails=(Mail(1, NOW, (Happened("email.clicked", NOW),)),)
    )
    with database.write() as connection:
        settle(connection, [somebody], Frame(NOW, SHOP))
        answers = []
        for as_of in (NOW - INSTANT, NOW):
            frame = frame_for(connection, Workspace(SHOP, {}, {}), as_of, asked, recomputed=True)
            answers.append(connection.scalars(matching(connection, asked, frame)).all())

    assert answers == [[], [1]]
