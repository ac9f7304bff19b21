"""Conditions and values in the marketer's own words, for `why`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from regulars.audience.frame import Frame
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
    Test,
    Window,
)
from regulars.definition.quantities import Duration, Money

DAY = 86_400


def condition_in_words(condition: Condition) -> str:
    """As it could stand in the file, on one line."""
    match condition:
        case All() | Any_() | Not():
            return {All: "all", Any_: "any", Not: "not"}[type(condition)]
        case Fact(name, _, tests):
            return f"{name} {_tests(tests)}"
        case Tagged(tests):
            return f"tag {_tests(tests)}"
        case Orders():
            return "orders " + ", ".join(_orders(condition))
        case Emails():
            return " ".join([f"emails.{condition.reaction}", *_emails(condition)])
        case SegmentScore(segment, tests):
            return f"score_in {segment} {_tests(tests)}"
        case InTop(percent, by):
            return f"in_top {_plain(percent)}% by {by.removeprefix('orders.')}"
        case InSegment(name):
            return f"in_segment {name}"
        case Subscribed(topic, wanted):
            return f"topic {topic}" if topic else f"subscribed {_plain(wanted)}"
        case Referred(wanted):
            return f"referred {_plain(wanted)}"
        case HasReferred(tests):
            return f"has_referred {_tests(tests)}"


def when(moment: datetime | None, frame: Frame) -> str:
    """"2026-11-08, 12 days ago", in the shop's zone; "never"."""
    if moment is None:
        return "never"
    day = moment.astimezone(frame.zone).date()
    return f"{day.isoformat()}, {_ago((frame.today - day).days)}"


def money(units: float, frame: Frame) -> str:
    return str(Money(round(units), frame.shop.compare_in))


def span(microseconds: float) -> str:
    return f"{microseconds / 1_000_000 / DAY:.1f} days"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def value_in_words(kind: Kind, value: Any, frame: Frame) -> str:
    match kind:
        case _ if value is None:
            return "nothing is known"
        case Kind.TIME:
            return when(value, frame)
        case Kind.MONEY:
            return money(value, frame)
        case Kind.SPAN:
            return span(value)
        case Kind.NUMBER:
            return f"{value:.2f}".rstrip("0").rstrip(".")
        case _:
            return _plain(value)


def _ago(days: int) -> str:
    if days == 0:
        return "today"
    return f"{counted(days, 'day')} ago" if days > 0 else f"in {counted(-days, 'day')}"


def _orders(condition: Orders) -> Iterable[str]:
    if condition.where:
        yield "where " + ", ".join(f"{field} {_tests(tests)}" for field, tests in condition.where)
    yield from _window(condition.window)
    for aggregate, tests in condition.aggregates:
        yield f"{aggregate} {_tests(tests)}"
    if not condition.aggregates:
        yield "at least one"


def _emails(condition: Emails) -> Iterable[str]:
    if condition.campaign:
        yield f"of {condition.campaign}"
    if condition.link:
        yield f"link {condition.link}"
    yield from _window(condition.window)
    if condition.tests:
        yield f"count {_tests(condition.tests)}"


def _window(window: Window) -> Iterable[str]:
    if window.within is not None:
        yield f"within {window.within}"
    if window.after is not None:
        yield f"after {window.after.isoformat()}"
    if window.before is not None:
        yield f"before {window.before.isoformat()}"


def _tests(tests: Iterable[Test]) -> str:
    return " and ".join(f"{test.op} {_plain(test.value)}" for test in tests)


def _plain(value: Any) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(_plain, value))}]"
        case bool():
            return "yes" if value else "no"
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return f"{value.normalize():f}"
        case Duration() | Money() | _:
            return str(value)
