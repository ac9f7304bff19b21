"""Who is in it? The reading of conditions in SQL; `audience/evaluation.py` is the one in memory.

Facts are columns of the customer's row, found by their indexes. What must be counted (order lines in a window,
reactions to mails) becomes one grouped set a condition. Every literal is a bound parameter.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, not_, or_, select, true

from regulars.adapters.database.clauses import clause
from regulars.adapters.database.customer_facts import fact_column, facts_in, has_bought
from regulars.adapters.database.customer_sets import buyers, carriers, reacting, scored, who_left
from regulars.adapters.database.cuts import frame_for
from regulars.adapters.database.functions import json_value
from regulars.adapters.database.schema import customers, orders
from regulars.adapters.database.sets import Sets, sets_for
from regulars.adapters.database.types import EPOCH, MICROSECOND, UtcTime
from regulars.audience.comparison import Comparisons, reduced, satisfies
from regulars.audience.cuts import MEASURED_BY, RFM
from regulars.audience.facts import comparisons_of, default_of, score_tests
from regulars.audience.frame import Frame
from regulars.audience.purchases import NOTHING, sums_hold
from regulars.audience.reactions import count_tests
from regulars.definition.conditions import (
    All,
    Any_,
    Condition,
    Emails,
    Fact,
    HasReferred,
    InSegment,
    InTop,
    Kind,
    Not,
    Op,
    Orders,
    Referred,
    SegmentScore,
    Subscribed,
    Tagged,
    Test,
)
from regulars.definition.facts import FACTS
from regulars.definition.workspace import Attribute, ConsentRule

__all__ = ["compile_condition", "frame_for", "matching"]


def matching(connection: Connection, condition: Condition, frame: Frame) -> Select[tuple[int]]:
    """The ids of the customers in it, the erased left out; recomputed, also those who were not known yet."""
    reading = _Reading(frame, sets_for(connection))
    return reading.ids(reading.sql(condition), reading.known())


def compile_condition(connection: Connection, condition: Condition, frame: Frame) -> ColumnElement[bool]:
    """A predicate over `customers` for this database, never NULL. One condition of several parts serves better than
    several conditions put together in SQL: it shares its sets.
    """
    reading = _Reading(frame, sets_for(connection))
    predicate = reading.sql(condition)
    return customers.c.id.in_(reading.ids(predicate).correlate(None)) if reading.sets.are_joined() else predicate


class _Reading:
    """One condition on its way to SQL, with the sets that it needs."""

    def __init__(self, frame: Frame, sets: Sets) -> None:
        self.frame = frame
        self.sets = sets
        self.facts = facts_in(frame, sets)

    def ids(self, *where: ColumnElement[bool]) -> Select[tuple[int]]:
        return select(customers.c.id).select_from(self.sets.onto_customers()).where(*where)

    def known(self) -> ColumnElement[bool]:
        here = customers.c.erased_at.is_(None)
        if not self.frame.recomputed:
            return here
        by_then = select(orders.c.customer_id).where(orders.c.ordered_at <= self.frame.as_of).distinct()
        return and_(here, or_(customers.c.created_at <= self.frame.as_of, self.sets.has("known", by_then)))

    def sql(self, condition: Condition) -> ColumnElement[bool]:
        match condition:
            case All(parts):
                return and_(true(), *map(self.sql, parts))
            case Any_(parts):
                return or_(false(), *map(self.sql, parts))
            case Not(part):
                return not_(self.sql(part))
            case InSegment(name):
                return self.sql(self.frame.segments[name].where)
            case Fact():
                return self._fact(condition)
            case Tagged():
                return self._tagged(condition)
            case Orders():
                for_nobody = sums_hold(NOTHING, condition, self.frame)
                members = self.sets.has(condition, buyers(condition, self.frame, negated=for_nobody))
                return not_(members) if for_nobody else members
            case Emails():
                for_nobody = satisfies(0, count_tests(condition, self.frame))
                members = self.sets.has(condition, reacting(condition, self.frame, negated=for_nobody))
                return not_(members) if for_nobody else members
            case SegmentScore():
                return self._segment_score(condition)
            case InTop():
                return self._in_top(condition)
            case Subscribed():
                subscribed = self._subscribed(condition.topic)
                return subscribed if condition.wanted else not_(subscribed)
            case Referred():
                return self.facts.is_referred if condition.wanted else not_(self.facts.is_referred)
            case HasReferred(tests):
                return clause(self.facts.has_referred, reduced(Kind.WHOLE, tests, self.frame), nullable=False)

    def _fact(self, condition: Fact) -> ColumnElement[bool]:
        comparisons = comparisons_of(condition, self.frame)
        if condition.name in RFM:
            return self._fifth(RFM[condition.name], comparisons)
        if condition.name in FACTS:
            column, nullable = fact_column(condition.name, self.facts, self.frame)
            return clause(column, comparisons, nullable=nullable)
        return _attribute(self.frame.shop.attributes[condition.name.removeprefix("customer.")], comparisons)

    def _fifth(self, measure: str, comparisons: Comparisons) -> ColumnElement[bool]:
        """The fifths that pass, each as a range of the measured column, which has an index."""
        cuts = self.frame.cuts.rfm.get(measure, ())
        if not cuts:
            return true() if satisfies(None, comparisons) else false()
        ordered = self.facts.orders_count > 0
        column, _ = fact_column(MEASURED_BY[measure], self.facts, self.frame)
        ranges = [_between(column, number, cuts) for number in range(1, 6) if satisfies(number, comparisons)]
        passed = and_(ordered, column.is_not(None), or_(false(), *ranges))
        return or_(not_(ordered), passed) if satisfies(None, comparisons) else passed

    def _in_top(self, condition: InTop) -> ColumnElement[bool]:
        cut = self.frame.cuts.top.get((condition.by, condition.percent))
        if cut is None:
            return false()
        column, _ = fact_column(condition.by, self.facts, self.frame)
        return and_(self.facts.orders_count > 0, column >= cut)

    def _tagged(self, condition: Tagged) -> ColumnElement[bool]:
        if satisfies(None, reduced(Kind.TEXT, condition.tests, self.frame)):
            return not_(self.sets.has("tags", carriers(ANY_TAG, self.frame)))
        return self.sets.has(condition, carriers(condition, self.frame))

    def _segment_score(self, condition: SegmentScore) -> ColumnElement[bool]:
        comparisons = score_tests(condition.tests, self.frame)
        for_nobody = satisfies(0.0, comparisons)
        members = self.sets.has(condition, scored(condition, comparisons, self.frame, negated=for_nobody))
        return not_(members) if for_nobody else members

    def _subscribed(self, topic: str | None) -> ColumnElement[bool]:
        said = func.coalesce(customers.c.marketing, "")
        agreed = said == "granted"
        if self.frame.shop.consent is ConsentRule.EXISTING_CUSTOMERS:
            agreed = or_(agreed, and_(said == "", has_bought(self.facts)))
        if topic is None:
            return agreed
        return and_(agreed, not_(self.sets.has(("who left", topic), who_left(topic))))


ANY_TAG = Tagged((Test(Op.EXISTS, True),))


def _between(column: ColumnElement[Any], fifth: int, cuts: tuple[int, ...]) -> ColumnElement[bool]:
    """Above the border below and up to the border above."""
    lower = (column > _measured(column, cuts[fifth - 2]),) if fifth > 1 else ()
    upper = (column <= _measured(column, cuts[fifth - 1]),) if fifth < 5 else ()
    return and_(true(), *lower, *upper)


def _measured(column: ColumnElement[Any], cut: int) -> Any:
    return EPOCH + cut * MICROSECOND if isinstance(column.type, UtcTime) else cut


def _attribute(attribute: Attribute, comparisons: Comparisons) -> ColumnElement[bool]:
    value = json_value(customers.c.attributes_folded, attribute.name, attribute.kind)
    default = default_of(attribute)
    if attribute.kind is Kind.DATE:
        comparisons, default = _as_iso_text(comparisons), default and default.isoformat()
    if default is None:
        return clause(value, comparisons)
    return clause(func.coalesce(value, default), comparisons, nullable=False)


def _as_iso_text(comparisons: Comparisons) -> Comparisons:
    """Days stand in JSON as text, and ISO days sort as text."""
    return tuple(
        replace(each, operand=each.operand.isoformat()) if isinstance(each.operand, date) else each for each in comparisons
    )
