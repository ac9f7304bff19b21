"""The predicate language as values: what `where:` and `when:` say, before anybody is asked.

Each value is read twice: in memory (`audience/evaluation.py`) and as SQL (`adapters/database/predicates.py`).
Both must give the same people. The laws they share:

- A comparison with an absent value is false, also `is_not` and `none_of`; `Not` is the exact complement.
- Text is compared in its folded form (`definition/text.py`).
- A window `within d` at a time t is (t - d, t]. `before x` is `< x`, `after x` is `> x`;
  a bare date is its midnight in the shop's zone. `on` a date is that whole day there.
- `older_than d` is `value <= t - d`; `younger_than d` is `t - d < value <= t`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from regulars.definition.quantities import Duration, Money
from regulars.diagnostics import Location


class Op(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    EXISTS = "exists"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    BETWEEN = "between"
    OLDER_THAN = "older_than"
    YOUNGER_THAN = "younger_than"
    ON = "on"
    BEFORE = "before"
    AFTER = "after"


Scalar = str | bool | int | Decimal | date | datetime | Duration | Money
Value = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison: `at_least: 3`. `value` is typed by the field it is compared with (see Kind);
    a tuple for one_of, none_of (any length) and between (two, both ends included)."""

    __test__ = False  # pytest: this is not one of yours

    op: Op
    value: Value


class Kind(StrEnum):
    """What a fact holds, and so which operators fit and how a scalar is read."""

    TEXT = "text"            # str, compared folded
    NUMBER = "number"        # Decimal
    WHOLE = "whole number"   # int
    MONEY = "money"          # Money in the shop's compare currency
    TIME = "time"            # datetime, aware, UTC; authors write dates
    DATE = "date"            # date (a birthday; no zone)
    YES_NO = "yes/no"        # bool
    SPAN = "span of time"    # Duration, compared in seconds (orders.usual_gap)


@dataclass(frozen=True, slots=True)
class All:
    """Every part is true; no parts is true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any_:  # noqa: N801  `Any` is taken by typing
    """At least one part is true; no parts is false."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The exact complement."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of the customer's row against tests that must all hold.

    `name` is one of definition.facts.FACTS ("customer.country", "orders.last_at", "engagement", "rfm.recency" …)
    or "customer.<declared attribute>".
    """

    name: str
    kind: Kind
    tests: tuple[Test, ...]
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Tagged:
    """The customer carries a tag for which every test holds (of the same tag)."""

    tests: tuple[Test, ...]
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Window:
    """Bounds on a time; all that are given hold. Dates are midnights in the shop's zone."""

    within: Duration | None = None
    before: date | None = None
    after: date | None = None


class LineField(StrEnum):
    SKU = "sku"
    PRODUCT = "product"
    CATEGORY = "category"
    COUPON = "coupon"
    CHANNEL = "channel"
    CURRENCY = "currency"


class Aggregate(StrEnum):
    """Over the matching lines of orders that count."""

    COUNT = "count"                  # distinct orders with a matching line
    SPENT = "spent"                  # sum of the matching lines' amounts, refunds' lines included
    QUANTITY = "quantity"            # sum of quantities of the matching lines
    BIGGEST_ORDER = "biggest_order"  # largest sum of matching lines in one order
    AVERAGE_ORDER = "average_order"  # spent / count; absent when count is 0


@dataclass(frozen=True, slots=True)
class Orders:
    """The customer's order lines, filtered and summed. Without aggregates: count at_least 1.

    `where`: each field's tests must hold for a line to match.
    """

    where: tuple[tuple[LineField, tuple[Test, ...]], ...] = ()
    window: Window = Window()
    aggregates: tuple[tuple[Aggregate, tuple[Test, ...]], ...] = ()
    at: Location | None = field(default=None, compare=False)


class Reaction(StrEnum):
    RECEIVED = "received"   # the relay accepted a message to them
    OPENED = "opened"       # a hit on the pixel that was not a machine
    CLICKED = "clicked"     # a human click
    REACTED = "reacted"     # a human click, a reply, or an order in the attribution window


@dataclass(frozen=True, slots=True)
class Emails:
    """How often the customer reacted to mails. Without tests: at_least 1. Counts messages, not hits."""

    reaction: Reaction
    campaign: str | None = None
    link: str | None = None
    window: Window = Window()
    tests: tuple[Test, ...] = ()
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SegmentScore:
    """The customer's decayed score in a segment; 0 when they never reacted to it."""

    segment: str
    tests: tuple[Test, ...]
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class InTop:
    """Among the first `percent` of all customers who ordered, by a fact ("orders.spent" or "orders.count").

    The reading is by a cut value: the fact >= the value of the customer at rank ceil(n * percent / 100).
    """

    percent: Decimal
    by: str
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class InSegment:
    name: str
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Marketing mail may be sent: consent given (or not needed) and not withdrawn. `topic` narrows to one topic."""

    topic: str | None = None
    wanted: bool = True
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Referred:
    """Came through somebody's referral code (`wanted` False: did not)."""

    wanted: bool = True
    at: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class HasReferred:
    """How many customers came with this one's code."""

    tests: tuple[Test, ...]
    at: Location | None = field(default=None, compare=False)


Condition = (
    All | Any_ | Not | Fact | Tagged | Orders | Emails | SegmentScore | InTop | InSegment | Subscribed | Referred
    | HasReferred
)
