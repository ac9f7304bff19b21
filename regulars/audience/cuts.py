"""The values that divide all customers who ordered: borders of fifths, and who is in the top few percent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Decimal

from regulars.audience.frame import Frame
from regulars.definition.conditions import All, Any_, Condition, Fact, InSegment, InTop, Not

RFM = {"rfm.recency": "recency", "rfm.frequency": "frequency", "rfm.monetary": "monetary"}
MEASURED_BY = {"recency": "orders.last_at", "frequency": "orders.count", "monetary": "orders.spent"}


def border_ranks(people: int) -> tuple[int, ...]:
    """Ranks, from 1 in ascending order, of the customers whose values are the four borders; () for nobody."""
    return tuple(-(-people * fifth // 5) for fifth in range(1, 5)) if people else ()


def top_rank(people: int, percent: Decimal) -> int:
    """The rank, from 1 in descending order, of the last customer in the top; 0 for nobody."""
    return int((people * percent / 100).to_integral_value(ROUND_CEILING))


def fifth(value: int, cuts: Sequence[int]) -> int | None:
    """1 to 5. A border and all its equals belong to the fifth below: one order is no merit for half a shop."""
    return 1 + sum(value > cut for cut in cuts) if cuts else None


def cuts_needed(condition: Condition, frame: Frame) -> tuple[frozenset[str], frozenset[tuple[str, Decimal]]]:
    """The rfm measures, and the (fact, percent) of `in_top`, that a condition and the segments in it ask about."""
    parts = list(each_part(condition, frame))
    rfm = frozenset(RFM[part.name] for part in parts if isinstance(part, Fact) and part.name in RFM)
    return rfm, frozenset((part.by, part.percent) for part in parts if isinstance(part, InTop))


def each_part(condition: Condition, frame: Frame) -> Iterator[Condition]:
    """Every condition inside, also those of the segments it names."""
    yield condition
    match condition:
        case All(parts) | Any_(parts):
            inner = parts
        case Not(part):
            inner = (part,)
        case InSegment(name):
            inner = (frame.segments[name].where,)
        case _:
            inner = ()
    for part in inner:
        yield from each_part(part, frame)
