"""Is this customer in it? The reading of conditions in memory; `adapters/database/predicates.py` is the one in SQL."""

from __future__ import annotations

from regulars.audience.comparison import reduced, satisfies
from regulars.audience.eligibility import Standing, has_bought, objection
from regulars.audience.facts import comparisons_of, fact, measure, score_tests
from regulars.audience.frame import Frame
from regulars.audience.purchases import sums_hold, sums_of
from regulars.audience.reactions import count_tests, messages_reacted_to
from regulars.audience.view import CustomerView
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
    Orders,
    Referred,
    SegmentScore,
    Subscribed,
    Tagged,
)


def holds(condition: Condition, view: CustomerView, frame: Frame) -> bool:
    """`view` must hold what the condition asks about; the laws are in `definition/conditions.py`."""
    match condition:
        case All(parts):
            return all(holds(part, view, frame) for part in parts)
        case Any_(parts):
            return any(holds(part, view, frame) for part in parts)
        case Not(part):
            return not holds(part, view, frame)
        case InSegment(name):
            return holds(frame.segments[name].where, view, frame)
        case Fact():
            return satisfies(fact(condition.name, view, frame), comparisons_of(condition, frame))
        case Tagged(tests):
            comparisons = reduced(Kind.TEXT, tests, frame)
            return any(satisfies(tag, comparisons) for tag in view.tags or {None})
        case Orders():
            return sums_hold(sums_of(view.lines, condition, frame), condition, frame)
        case Emails():
            return satisfies(len(messages_reacted_to(view, condition, frame)), count_tests(condition, frame))
        case SegmentScore(segment, tests):
            return satisfies(view.scores.get(segment, 0.0), score_tests(tests, frame))
        case InTop():
            return in_top(condition, view, frame)
        case Subscribed():
            return subscribed(condition, view, frame) is condition.wanted
        case Referred():
            return view.is_referred is condition.wanted
        case HasReferred(tests):
            return satisfies(view.has_referred, reduced(Kind.WHOLE, tests, frame))


def in_top(condition: InTop, view: CustomerView, frame: Frame) -> bool:
    cut, value = frame.cuts.top.get((condition.by, condition.percent)), measure(condition.by, view)
    return cut is not None and value is not None and value >= cut


def subscribed(condition: Subscribed, view: CustomerView, frame: Frame) -> bool:
    topic = view.topics.get(condition.topic) if condition.topic else None
    standing = Standing(view.marketing, topic, has_bought(view.orders_count, view.orders_spent), suppressed=False, address_valid=True)
    return objection(standing, frame.shop.consent) is None
