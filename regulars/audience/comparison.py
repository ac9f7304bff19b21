"""What a test means, reduced to comparisons that memory and SQL both know.

Both readings of a condition share this reduction, so they can differ only in how they compare two values.
Values are compared as: text folded; numbers, average amounts and spans as floats; counts, money (1/10,000) and
quintiles as whole numbers; times aware; days as dates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from regulars.audience.frame import Frame
from regulars.definition.conditions import Kind, Op, Test, Window
from regulars.definition.decay import seconds
from regulars.definition.quantities import Duration, Money
from regulars.definition.text import fold

MICROSECONDS = 1_000_000
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`op`: is, is_not, one_of, none_of, contains, starts_with, at_least, at_most, more_than, less_than or exists."""

    op: Op
    operand: Any


Comparisons = tuple[Comparison, ...]


def reduced(kind: Kind, tests: Iterable[Test], frame: Frame) -> Comparisons:
    """Every test as one or two comparisons; all of them must hold."""
    return tuple(comparison for test in tests for comparison in _reduced(kind, test, frame))


def in_window(window: Window, frame: Frame) -> Comparisons:
    """A window's bounds on a time; nothing after `as_of` is ever in it."""
    bounds = [Comparison(Op.AT_MOST, frame.as_of)]
    if window.within is not None:
        bounds.append(Comparison(Op.MORE_THAN, frame.ago(window.within)))
    if window.before is not None:
        bounds.append(Comparison(Op.LESS_THAN, frame.midnight(window.before)))
    if window.after is not None:
        bounds.append(Comparison(Op.MORE_THAN, frame.midnight(window.after)))
    return tuple(bounds)


def satisfies(value: Any, comparisons: Comparisons) -> bool:
    """Whether all hold; an absent value (None) satisfies `exists: no` and nothing else."""
    return all(_holds(value, comparison) for comparison in comparisons)


def _holds(value: Any, comparison: Comparison) -> bool:
    operand = comparison.operand
    if comparison.op is Op.EXISTS:
        return (value is not None) is operand
    if value is None:
        return False
    match comparison.op:
        case Op.IS:
            return bool(value == operand)
        case Op.IS_NOT:
            return bool(value != operand)
        case Op.ONE_OF:
            return value in operand
        case Op.NONE_OF:
            return value not in operand
        case Op.CONTAINS:
            return operand in value
        case Op.STARTS_WITH:
            return bool(value.startswith(operand))
        case Op.AT_LEAST:
            return bool(value >= operand)
        case Op.AT_MOST:
            return bool(value <= operand)
        case Op.MORE_THAN:
            return bool(value > operand)
        case Op.LESS_THAN:
            return bool(value < operand)
    raise AssertionError(comparison.op)


def _reduced(kind: Kind, test: Test, frame: Frame) -> Comparisons:
    if test.op is Op.EXISTS:
        return (Comparison(Op.EXISTS, bool(test.value)),)
    if test.op in _WORDS_OF_TIME or kind is Kind.TIME:
        return _about_time(kind, test, frame)
    if test.op is Op.BETWEEN:
        low, high = _pair(test)
        return (Comparison(Op.AT_LEAST, _operand(kind, low)), Comparison(Op.AT_MOST, _operand(kind, high)))
    if isinstance(test.value, tuple):
        return (Comparison(test.op, tuple(_operand(kind, item) for item in test.value)),)
    return (Comparison(test.op, _operand(kind, test.value)),)


_WORDS_OF_TIME = frozenset({Op.ON, Op.BEFORE, Op.AFTER, Op.OLDER_THAN, Op.YOUNGER_THAN})


def _about_time(kind: Kind, test: Test, frame: Frame) -> Comparisons:
    value: Any = test.value
    if test.op in {Op.OLDER_THAN, Op.YOUNGER_THAN}:
        return _age(kind, test.op, value, frame)
    first, last = _pair(test) if test.op is Op.BETWEEN else (value, value)
    if kind is Kind.DATE:
        starts, ends = first, last + ONE_DAY
    else:
        starts, ends = _start(first, frame), _end(last, frame)
    match test.op:
        case Op.BEFORE:
            return (Comparison(Op.LESS_THAN, starts),)
        case Op.AFTER:
            return (Comparison(Op.MORE_THAN, starts),)
        case Op.ON | Op.IS | Op.BETWEEN:
            return (Comparison(Op.AT_LEAST, starts), Comparison(Op.LESS_THAN, ends))
    raise AssertionError(test)


def _age(kind: Kind, op: Op, duration: Duration, frame: Frame) -> Comparisons:
    bound: date = frame.ago(duration)
    now: date = frame.as_of
    if kind is Kind.DATE:
        bound, now = frame.ago(duration).astimezone(frame.zone).date(), frame.today
    if op is Op.OLDER_THAN:
        return (Comparison(Op.AT_MOST, bound),)
    return (Comparison(Op.MORE_THAN, bound), Comparison(Op.AT_MOST, now))


def _start(moment: date, frame: Frame) -> datetime:
    return moment if isinstance(moment, datetime) else frame.midnight(moment)


def _end(moment: date, frame: Frame) -> datetime:
    """Just after: a bare date is that whole day."""
    if isinstance(moment, datetime):
        return moment + timedelta(microseconds=1)
    return frame.midnight(moment + ONE_DAY)


def _pair(test: Test) -> tuple[Any, Any]:
    assert isinstance(test.value, tuple)
    low, high = test.value
    return low, high


def _operand(kind: Kind, value: Any) -> Any:
    match value:
        case str() if kind is Kind.TEXT:
            return fold(value)
        case Money():
            return value.units
        case Duration():
            return seconds(value) * MICROSECONDS
        case Decimal() if kind is Kind.MONEY:
            return Money.of(value, "XXX").units
        case Decimal() | int() if kind is Kind.NUMBER:
            return float(value)
        case _:
            return value
