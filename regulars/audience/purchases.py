"""What a customer's order lines come to for one `orders: {…}` condition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from regulars.audience.comparison import Comparisons, in_window, reduced, satisfies
from regulars.audience.frame import Frame
from regulars.audience.view import Line
from regulars.definition.conditions import Aggregate, Kind, LineField, Op, Orders, Test
from regulars.definition.facts import AGGREGATES

AT_LEAST_ONE = ((Aggregate.COUNT, (Test(Op.AT_LEAST, 1),)),)


@dataclass(frozen=True, slots=True)
class Sums:
    """Over the matching lines: money in 1/10,000 of the compare currency, quantity in pieces."""

    count: int = 0
    spent: int = 0
    quantity: float = 0.0
    biggest_order: int | None = None

    @property
    def average_order(self) -> float | None:
        return float(self.spent) / float(self.count) if self.count else None


NOTHING = Sums()


def aggregates_of(condition: Orders, frame: Frame) -> tuple[tuple[Aggregate, Comparisons], ...]:
    """What is asked of the sums; nothing asked means at least one order."""
    return tuple((aggregate, reduced(AGGREGATES[aggregate][0], tests, frame))
                 for aggregate, tests in condition.aggregates or AT_LEAST_ONE)


def filters_of(condition: Orders, frame: Frame) -> tuple[tuple[LineField, Comparisons], ...]:
    return tuple((field, reduced(Kind.TEXT, tests, frame)) for field, tests in condition.where)


def sums_hold(sums: Sums, condition: Orders, frame: Frame) -> bool:
    return all(satisfies(getattr(sums, aggregate.value), comparisons)
               for aggregate, comparisons in aggregates_of(condition, frame))


def sums_of(lines: Iterable[Line], condition: Orders, frame: Frame) -> Sums:
    """Refunds lower sums and quantities; they are no orders, so they neither count nor are the biggest."""
    matching = _matching(lines, condition, frame)
    if not matching:
        return NOTHING
    by_order: dict[int, int] = {}
    for line in matching:
        if not line.is_refund:
            by_order[line.order] = by_order.get(line.order, 0) + line.amount
    return Sums(
        count=len(by_order),
        spent=sum(line.amount for line in matching),
        quantity=sum(line.quantity for line in matching) / 1000.0,
        biggest_order=max(by_order.values(), default=None),
    )


def _matching(lines: Iterable[Line], condition: Orders, frame: Frame) -> list[Line]:
    window, filters = in_window(condition.window, frame), filters_of(condition, frame)
    return [
        line for line in lines
        if line.counts_at(frame.as_of) and satisfies(line.ordered_at, window)
        and all(satisfies(getattr(line, field.value), comparisons) for field, comparisons in filters)
    ]
