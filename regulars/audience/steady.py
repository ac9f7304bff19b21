"""How long a condition stays as it is for a customer to whom nothing happens, so that nobody need ask every day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import log2
from typing import Any

from regulars.audience.cuts import RFM, each_part
from regulars.audience.facts import MICROSECOND, fact
from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView
from regulars.definition.conditions import (
    Condition,
    Emails,
    Fact,
    InTop,
    Kind,
    Op,
    Orders,
    Reaction,
    SegmentScore,
    Test,
)
from regulars.definition.decay import seconds
from regulars.definition.quantities import Duration

AGES = frozenset({Op.OLDER_THAN, Op.YOUNGER_THAN})
UNEVEN = timedelta(days=4)  # months differ by so much, in both directions, from what is reckoned here
ROUNDING = timedelta(seconds=1)
Doubt = tuple[datetime, datetime]  # in between it may turn; both ends are cautious


def steady_until(condition: Condition, view: CustomerView, frame: Frame) -> datetime | None:
    """Before then it holds as it does at `frame.as_of`, or does not; None: for ever. At `as_of` itself: nobody knows."""
    now = frame.as_of
    ahead = [max(begin, now) for part in each_part(condition, frame) for begin, end in _turns(part, view, frame) if end >= now]
    return min(ahead, default=None)


def _turns(part: Condition, view: CustomerView, frame: Frame) -> Iterator[Doubt]:
    match part:
        case Fact():
            yield from _of_fact(part, view, frame)
        case InTop() if view.orders_count:
            yield _any_time(frame)
        case SegmentScore():
            yield from _of_score(view.scores.get(part.segment, 0.0), part.tests, frame)
        case Orders():
            for line in view.lines:
                yield from _of_moment(line.ordered_at, part.window.within, frame)
                yield from ((at, at) for at in (line.counts_from, line.counts_until) if at is not None and at > frame.as_of)
        case Emails():
            for at in _moments(view, part.reaction):
                yield from _of_moment(at, part.window.within, frame)


def _of_moment(at: datetime, within: Duration | None, frame: Frame) -> Iterator[Doubt]:
    """What is told of a time to come begins to be true then; what has been leaves its window."""
    if at > frame.as_of:
        yield at, at
    elif within is not None:
        yield _after(at, within)


def _of_fact(part: Fact, view: CustomerView, frame: Frame) -> Iterator[Doubt]:
    if part.name in RFM:
        yield _any_time(frame)
    elif part.name == "engagement":
        yield from _of_score(view.engagement, part.tests, frame)
    elif part.name == "orders.overdue":
        yield from _of_rhythm(part, view, frame)
    else:
        yield from _of_age(part, view, frame)


def _of_age(part: Fact, view: CustomerView, frame: Frame) -> Iterator[Doubt]:
    for test in part.tests:
        if test.op in AGES and part.kind is Kind.DATE:
            yield _any_time(frame)
        elif test.op in AGES and (value := fact(part.name, view, frame)) is not None:
            assert isinstance(test.value, Duration)
            yield _after(value, test.value)


def _of_score(stored: float, tests: tuple[Test, ...], frame: Frame) -> Iterator[Doubt]:
    """It fades towards nothing, and passes each bound on its own side once."""
    for bound in map(float, _bounds(tests)):
        if stored * bound > 0:
            turn = frame.decay.landmark + timedelta(seconds=frame.decay.half_life * log2(stored / bound))
            yield turn - ROUNDING, turn + ROUNDING


def _of_rhythm(part: Fact, view: CustomerView, frame: Frame) -> Iterator[Doubt]:
    gap = fact("orders.usual_gap", view, frame)
    if gap is None or view.last_at is None:
        return
    for bound in _bounds(part.tests):
        turn = view.last_at + gap * float(bound) * MICROSECOND
        yield turn - ROUNDING, turn + ROUNDING


def _bounds(tests: tuple[Test, ...]) -> Iterator[Any]:
    for test in tests:
        if test.op is not Op.EXISTS:
            yield from test.value if isinstance(test.value, tuple) else (test.value,)


def _moments(view: CustomerView, reaction: Reaction) -> Iterator[datetime]:
    """A mail's receipt or what they did with it; an order may be a reaction as well."""
    if reaction is Reaction.RECEIVED:
        yield from (receipt.at for receipt in view.receipts)
        return
    yield from (event.at for event in view.mail_events)
    if reaction is Reaction.REACTED:
        yield from (line.ordered_at for line in view.lines)


def _after(at: datetime, span: Duration) -> Doubt:
    turn, margin = at + timedelta(seconds=seconds(span)), UNEVEN if span.months else timedelta(0)
    return turn - margin, turn + margin


def _any_time(frame: Frame) -> Doubt:
    return frame.as_of, frame.as_of
