"""Hypothesis strategies: people with random histories, and random conditions about them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

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
    Referred,
    SegmentScore,
    Subscribed,
    Tagged,
    Test,
    Window,
)
from regulars.definition.facts import AGGREGATES, FACTS, OPERATORS, TAG_OPERATORS
from regulars.definition.quantities import Duration, Money
from tests.people import KINDS_OF_ATTRIBUTES, Bought, Happened, Mail, Person, Purchase

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)

# Few values and round distances, so that equal, first, last and "exactly then" happen all the time.
TEXTS = ("beans", "Beans ", "gifts", "İstanbul", "istanbul", "ILIK", "ılık", "%", "a_b", "o'brien\"", "", "be")
LINKS = ("hero", "footer")
_texts = st.sampled_from(TEXTS)
_days = st.sampled_from([0, 1, 10, 29, 30, 31, 60, 61, 90, 180, 365, 366, 800])
_durations = st.one_of(
    st.sampled_from([1, 7, 10, 30, 60, 90, 180, 365]).map(lambda days: Duration(seconds=days * 86_400)),
    st.sampled_from([1, 2, 6, 12, 24]).map(lambda months: Duration(months=months)),
    st.just(Duration(seconds=3_600)),
)
_dates = st.sampled_from([date(2024, 2, 29), date(2025, 10, 20), date(2026, 10, 20), date(2026, 10, 21), date(2026, 11, 20)])
_midnights = st.sampled_from([datetime(2026, 10, 19, 21, tzinfo=UTC), datetime(2026, 10, 20, 21, tzinfo=UTC)])
_edges = st.sampled_from([-INSTANT, timedelta(0), timedelta(0), INSTANT, timedelta(hours=5)])


def _past(days: int, edge: timedelta) -> datetime:
    return min(NOW - timedelta(days=days) + edge, NOW)


moments = st.one_of(st.builds(_past, _days, _edges), st.builds(lambda at, edge: at + edge, _midnights, _edges))
as_ofs = st.sampled_from([NOW, NOW - timedelta(days=30), NOW - timedelta(days=60), NOW - timedelta(days=365), datetime(2026, 10, 19, 21, tzinfo=UTC)])
_amounts = st.sampled_from([0, 1, 10_000, 125_000, 500_000, 3_330_000])

# ---- people -----------------------------------------------------------------------------------------------

_lines = st.builds(Bought, amount=_amounts, quantity=st.sampled_from([500, 1000, 3000]), category=st.none() | _texts, sku=st.none() | _texts)
_orders = st.builds(
    Purchase, at=moments, lines=st.lists(_lines, min_size=1, max_size=3).map(tuple),
    counts_after=st.sampled_from([timedelta(0), timedelta(0), timedelta(0), timedelta(days=30), None]),
    cancelled_after=st.sampled_from([None, None, None, timedelta(days=30), timedelta(days=60)]),
    channel=st.none() | _texts, coupon=st.none() | _texts, currency=st.sampled_from(["TRY", "AZN"]),
)
_refunds = st.builds(
    Purchase, at=moments, is_refund=st.just(True),
    lines=st.builds(lambda amount, category: (Bought(-amount, -1000, category),), _amounts, st.none() | _texts),
)
_happenings = st.builds(
    Happened, kind=st.sampled_from(["email.opened", "email.clicked", "email.clicked", "email.replied", "email.unsubscribed"]),
    at=moments, link=st.none() | st.sampled_from(LINKS), verdict=st.sampled_from(["human", "human", "machine", "unknown"]),
)
_mails = st.builds(
    Mail, launch=st.sampled_from([1, 2, 3, -1, -2]), accepted_at=st.none() | moments, events=st.lists(_happenings, max_size=3).map(tuple)
)
_attributes = st.fixed_dictionaries({}, optional={
    "taste": _texts, "card": _texts, "cups": st.integers(0, 3), "weight": st.sampled_from([0.1, 1.5, 2, 70]),
    "member": st.booleans(), "since": _dates.map(date.isoformat), "cups_": st.none(),
})


def people(at_most: int = 6) -> st.SearchStrategy[list[Person]]:
    return st.lists(st.builds(
        dict, created_at=moments, country=st.none() | _texts, city=st.none() | _texts,
        birthday=st.none() | st.sampled_from([date(2008, 11, 20), date(2008, 11, 21), date(1990, 2, 28)]), attributes=_attributes,
        tags=st.dictionaries(st.sampled_from(["Wholesale", "beans", "İstanbul"]), moments, max_size=2),
        marketing=st.sampled_from([None, "granted", "withdrawn", "pending"]),
        words_on_news=st.lists(st.sampled_from(["granted", "withdrawn"]), max_size=2).map(tuple),
        purchases=st.lists(_orders | _orders | _refunds, max_size=4).map(tuple), mails=st.lists(_mails, max_size=3).map(tuple),
        friends_at=st.lists(moments, max_size=2).map(tuple), referred_at=st.none() | moments,
    ), min_size=1, max_size=at_most).map(lambda drawn: [Person(number, **person) for number, person in enumerate(drawn, start=1)])


# ---- conditions -------------------------------------------------------------------------------------------

_VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: _texts,
    Kind.NUMBER: st.sampled_from([Decimal("0.1"), Decimal("0.77"), Decimal("1.5"), Decimal(2), Decimal("7.123")]),
    Kind.WHOLE: st.integers(0, 3),
    Kind.MONEY: _amounts.map(lambda units: Money(units, "TRY")),
    Kind.TIME: _dates,
    Kind.DATE: st.sampled_from([date(2008, 11, 20), date(2008, 11, 21), date(2026, 10, 20)]),
    Kind.YES_NO: st.booleans(),
    Kind.SPAN: _durations,
}


def several_tests(kind: Kind, operators: tuple[Op, ...] = ()) -> st.SearchStrategy[tuple[Test, ...]]:
    return st.lists(st.sampled_from(operators or OPERATORS[kind]).flatmap(lambda op: _test(kind, op)), min_size=1, max_size=2).map(tuple)


def _test(kind: Kind, op: Op) -> st.SearchStrategy[Test]:
    value = _VALUES[kind]
    match op:
        case Op.EXISTS:
            value = st.booleans()
        case Op.OLDER_THAN | Op.YOUNGER_THAN:
            value = _durations if kind is not Kind.DATE else st.just(Duration(months=18 * 12)) | _durations
        case Op.ONE_OF | Op.NONE_OF:
            value = st.lists(value, max_size=3).map(tuple)
        case Op.BETWEEN:
            value = st.tuples(value, value)
    return st.builds(Test, st.just(op), value)


_windows = st.one_of(
    st.just(Window()), st.builds(Window, within=_durations),
    st.builds(Window, within=st.none() | _durations, before=st.none() | _dates, after=st.none() | _dates),
)
_LINE_FIELDS = (LineField.CATEGORY, LineField.SKU, LineField.CHANNEL, LineField.COUPON, LineField.CURRENCY)
_facts = st.sampled_from(sorted(FACTS)).flatmap(
    lambda name: st.builds(Fact, st.just(name), st.just(FACTS[name].kind), several_tests(FACTS[name].kind))
)
_attribute_facts = st.sampled_from(sorted(KINDS_OF_ATTRIBUTES)).flatmap(
    lambda name: st.builds(
        Fact, st.just(f"customer.{name}"), st.just(KINDS_OF_ATTRIBUTES[name].kind), several_tests(KINDS_OF_ATTRIBUTES[name].kind)
    )
)
_line_filters = st.just(()) | st.lists(
    st.sampled_from(_LINE_FIELDS).flatmap(lambda name: st.tuples(st.just(name), several_tests(Kind.TEXT))), max_size=2
).map(tuple)
_aggregates = st.lists(
    st.sampled_from(Aggregate).flatmap(lambda name: st.tuples(st.just(name), several_tests(AGGREGATES[name][0]))), max_size=2
).map(tuple)

_order_facts = st.sampled_from(["orders.count", "orders.spent", "orders.last_at"]).flatmap(
    lambda name: st.builds(Fact, st.just(name), st.just(FACTS[name].kind), several_tests(FACTS[name].kind))
)
leaves: st.SearchStrategy[Condition] = st.one_of(
    _facts, _order_facts, _attribute_facts,
    st.builds(Tagged, several_tests(Kind.TEXT, TAG_OPERATORS)),
    st.builds(Orders, where=_line_filters, window=_windows, aggregates=_aggregates),
    st.builds(Orders, window=st.just(Window()) | _windows, aggregates=_aggregates),
    st.builds(Emails, reaction=st.sampled_from(Reaction), campaign=st.none() | st.sampled_from(["win-back", "welcome", "other"]),
              link=st.none() | st.sampled_from(LINKS), window=_windows, tests=st.just(()) | several_tests(Kind.WHOLE)),
    st.builds(SegmentScore, st.sampled_from(["vip", "new", "never"]), several_tests(Kind.NUMBER, (Op.AT_LEAST, Op.AT_MOST, Op.LESS_THAN))),
    st.builds(InTop, st.sampled_from([Decimal(1), Decimal(25), Decimal(50), Decimal(100)]), st.sampled_from(["orders.spent", "orders.count"])),
    st.builds(Subscribed, topic=st.none() | st.just("news"), wanted=st.booleans()),
    st.builds(Referred, wanted=st.booleans()),
    st.builds(HasReferred, several_tests(Kind.WHOLE)),
    st.just(InSegment("vip")),
)


def questions() -> st.SearchStrategy[list[Condition]]:
    """Many plain ones and some composed ones: writing people costs more than asking about them."""
    return st.builds(lambda plain, composed: plain + composed, st.lists(leaves, min_size=12, max_size=20), st.lists(conditions(), max_size=3))


def conditions() -> st.SearchStrategy[Condition]:
    return st.recursive(leaves, lambda inner: st.one_of(
        st.builds(All, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Any_, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ), max_leaves=4)
