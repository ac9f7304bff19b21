"""A customer's one-word facts in memory: what `orders.overdue` or `customer.taste` is for this customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from regulars.audience.comparison import Comparisons, reduced
from regulars.audience.cuts import MEASURED_BY, RFM, fifth
from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView
from regulars.definition.conditions import Fact, Kind, Test
from regulars.definition.text import fold
from regulars.definition.workspace import Attribute

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def comparisons_of(condition: Fact, frame: Frame) -> Comparisons:
    """What the stored value is compared with: for `engagement` the score as it must stand in the column."""
    comparisons = reduced(condition.kind, condition.tests, frame)
    return at_landmark(comparisons, frame) if condition.name == "engagement" else comparisons


def at_landmark(comparisons: Comparisons, frame: Frame) -> Comparisons:
    """Scores of now as sums at the decay's landmark."""
    def stored(operand: Any) -> Any:
        if isinstance(operand, tuple):
            return tuple(stored(item) for item in operand)
        return operand if isinstance(operand, bool) else frame.decay.stored(operand, frame.as_of)

    return tuple(replace(comparison, operand=stored(comparison.operand)) for comparison in comparisons)


def score_tests(tests: tuple[Test, ...], frame: Frame) -> Comparisons:
    return at_landmark(reduced(Kind.NUMBER, tests, frame), frame)


def fact(name: str, view: CustomerView, frame: Frame) -> Any:
    """The value in the form it is compared in, None when absent."""
    if name in _FACTS:
        return _FACTS[name](view)
    if name == "orders.overdue":
        return _overdue(view, frame)
    if name in RFM:
        return _fifth(name, view, frame)
    return attribute_value(view.attributes, frame.shop.attributes[name.removeprefix("customer.")])


def measure(name: str, view: CustomerView) -> int | None:
    """The whole number that ranks customers by a fact; None for who never ordered."""
    value = _FACTS[name](view) if view.orders_count else None
    return (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value


def attribute_value(stored: Mapping[str, Any], attribute: Attribute) -> Any:
    """A value of another kind than the declared one counts as absent, and absent is the default where there is one."""
    value = _READ[attribute.kind](stored.get(attribute.name))
    return default_of(attribute) if value is None else value


def default_of(attribute: Attribute) -> Any:
    return None if attribute.default is None else _READ[attribute.kind](_DEFAULT[attribute.kind](attribute.default))


def _usual_gap(view: CustomerView) -> float | None:
    """Microseconds."""
    if view.orders_count < 2 or view.first_at is None or view.last_at is None or view.last_at == view.first_at:
        return None
    return float((view.last_at - view.first_at) // MICROSECOND) / float(view.orders_count - 1)


def _overdue(view: CustomerView, frame: Frame) -> float | None:
    gap = _usual_gap(view)
    if gap is None or view.last_at is None:
        return None
    return float((frame.as_of - view.last_at) // MICROSECOND) / gap


def _fifth(name: str, view: CustomerView, frame: Frame) -> int | None:
    value = measure(MEASURED_BY[RFM[name]], view)
    return None if value is None else fifth(value, frame.cuts.rfm.get(RFM[name], ()))


_FACTS: Mapping[str, Callable[[CustomerView], Any]] = {
    "customer.country": lambda view: view.country,
    "customer.locale": lambda view: view.locale,
    "customer.city": lambda view: view.city,
    "customer.birthday": lambda view: view.birthday,
    "customer.created_at": lambda view: view.created_at,
    "orders.count": lambda view: view.orders_count,
    "orders.spent": lambda view: view.orders_spent,
    "orders.first_at": lambda view: view.first_at,
    "orders.last_at": lambda view: view.last_at,
    "orders.usual_gap": _usual_gap,
    "engagement": lambda view: view.engagement,
}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


# What stands in the JSON of attributes, as the declared kind.
_READ: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: lambda value: value if isinstance(value, str) else None,
    Kind.NUMBER: _number,
    Kind.WHOLE: _number,
    Kind.YES_NO: lambda value: value if isinstance(value, bool) else None,
    Kind.DATE: _day,
}

# A default is declared as text.
_DEFAULT: Mapping[Kind, Callable[[str], Any]] = {
    Kind.TEXT: fold,
    Kind.NUMBER: float,
    Kind.WHOLE: int,
    Kind.YES_NO: lambda text: text.casefold() in {"yes", "true"},
    Kind.DATE: lambda text: text,
}
