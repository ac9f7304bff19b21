"""What can be asked about a customer in one word, what kind of value it is, and which comparisons fit it.

The single list behind the condition reader, the JSON Schema, the manual and both evaluations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from regulars.definition.conditions import Aggregate, Kind, Op


@dataclass(frozen=True, slots=True)
class FactWord:
    """`least` and `most` bound what may be compared with it (rfm: 1 to 5)."""

    name: str
    kind: Kind
    doc: str
    example: str
    least: int | None = None
    most: int | None = None


_EQUAL = (Op.IS, Op.IS_NOT, Op.ONE_OF, Op.NONE_OF)
_ORDERED = (Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN, Op.BETWEEN)
_DATED = (Op.ON, Op.BEFORE, Op.AFTER, Op.BETWEEN, Op.OLDER_THAN, Op.YOUNGER_THAN)

OPERATORS: Mapping[Kind, tuple[Op, ...]] = MappingProxyType({
    Kind.TEXT: (*_EQUAL, Op.CONTAINS, Op.STARTS_WITH, Op.EXISTS),
    Kind.NUMBER: (*_EQUAL, *_ORDERED, Op.EXISTS),
    Kind.WHOLE: (*_EQUAL, *_ORDERED, Op.EXISTS),
    Kind.MONEY: (*_EQUAL, *_ORDERED, Op.EXISTS),
    Kind.TIME: (*_DATED, Op.EXISTS),            # a bare date reads as `on`
    Kind.DATE: (Op.IS, Op.IS_NOT, *_DATED, Op.EXISTS),
    Kind.YES_NO: (Op.IS, Op.IS_NOT, Op.EXISTS),
    Kind.SPAN: (*_ORDERED, Op.EXISTS),
})

TAG_OPERATORS = (Op.IS, Op.ONE_OF, Op.EXISTS, Op.CONTAINS, Op.STARTS_WITH)

# Of a text of an order's line; every line has one or has none, so `exists` fits too.
LINE_OPERATORS = OPERATORS[Kind.TEXT]

FACTS: Mapping[str, FactWord] = MappingProxyType({word.name: word for word in (
    FactWord("customer.country", Kind.TEXT, "two letters, as the shop stores it", "{one_of: [TR, AZ]}"),
    FactWord("customer.locale", Kind.TEXT, "the customer's language", "az"),
    FactWord("customer.city", Kind.TEXT, "the city", '"İstanbul"'),
    FactWord("customer.birthday", Kind.DATE, "the day of birth; absent when the year is unknown",
             "{older_than: 18 years}"),
    FactWord("customer.created_at", Kind.TIME, "when the shop first knew them", "{younger_than: 30 days}"),
    FactWord("orders.count", Kind.WHOLE, "how many orders, ever; 0 when there is none", "{at_least: 3}"),
    FactWord("orders.spent", Kind.MONEY, "what all orders come to", "{more_than: 5000 TRY}"),
    FactWord("orders.first_at", Kind.TIME, "the first order", "{younger_than: 14 days}"),
    FactWord("orders.last_at", Kind.TIME, "the latest order", "{older_than: 60 days}"),
    FactWord("orders.usual_gap", Kind.SPAN, "the customer's own usual time between orders", "{at_most: 45 days}"),
    FactWord("orders.overdue", Kind.NUMBER, "time since the last order, in units of the usual gap", "{at_least: 1.5}"),
    FactWord("engagement", Kind.NUMBER, "the engagement score: clicks and orders add up and fade", "{at_least: 10}"),
    FactWord("rfm.recency", Kind.WHOLE, "the fifth of customers by latest order; 5 is the best", "{at_least: 4}", 1, 5),
    FactWord("rfm.frequency", Kind.WHOLE, "the fifth by number of orders; 5 is the best", "5", 1, 5),
    FactWord("rfm.monetary", Kind.WHOLE, "the fifth by what they spent; 5 is the best", "{one_of: [4, 5]}", 1, 5),
)})

AGGREGATES: Mapping[Aggregate, tuple[Kind, str]] = MappingProxyType({
    Aggregate.COUNT: (Kind.WHOLE, "orders with a matching line"),
    Aggregate.SPENT: (Kind.MONEY, "sum of the matching lines"),
    Aggregate.BIGGEST_ORDER: (Kind.MONEY, "largest sum of matching lines in one order"),
    Aggregate.AVERAGE_ORDER: (Kind.MONEY, "sum of the matching lines divided by the number of orders"),
    Aggregate.QUANTITY: (Kind.NUMBER, "pieces in the matching lines"),
})

# Words of `in_top: 5% by spent`, and the fact that each ranks by.
RANKINGS: Mapping[str, str] = MappingProxyType({"spent": "orders.spent", "count": "orders.count"})
