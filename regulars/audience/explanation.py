"""Why is Ada not in it? Every part of a condition, whether it holds, and what is true of her."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from regulars.audience.evaluation import holds
from regulars.audience.facts import fact
from regulars.audience.frame import Frame
from regulars.audience.purchases import sums_of
from regulars.audience.reactions import messages_reacted_to
from regulars.audience.view import CustomerView
from regulars.audience.wording import condition_in_words, counted, money, value_in_words, when
from regulars.definition.conditions import (
    Aggregate,
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
    Reaction,
    Referred,
    SegmentScore,
    Subscribed,
    Tagged,
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """`asked`: the condition in words; `actual`: what is true of the customer, empty where the parts say it."""

    asked: str
    holds: bool
    actual: str = ""
    parts: tuple[Explanation, ...] = ()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """"orders.last_at older_than 60 days: no, 2026-11-08, 12 days ago", parts indented below."""
        answer = "yes" if self.holds else "no"
        yield "  " * depth + f"{self.asked}: {answer}" + (f", {self.actual}" if self.actual else "")
        for part in self.parts:
            yield from part.lines(depth + 1)

    def as_json(self) -> dict[str, Any]:
        return {"condition": self.asked, "holds": self.holds, "actual": self.actual, "parts": [part.as_json() for part in self.parts]}


def explain(condition: Condition, view: CustomerView, frame: Frame) -> Explanation:
    """`view` must hold what the condition asks about."""
    told = Explanation(condition_in_words(condition), holds(condition, view, frame))
    match condition:
        case All(parts) | Any_(parts):
            return replace(told, parts=tuple(explain(part, view, frame) for part in parts))
        case Not(part):
            return replace(told, parts=(explain(part, view, frame),))
        case InSegment(name):
            return replace(told, parts=(explain(frame.segments[name].where, view, frame),))
        case _:
            return replace(told, actual=_actual(condition, view, frame))


def _actual(condition: Condition, view: CustomerView, frame: Frame) -> str:
    match condition:
        case Fact():
            return _fact(condition, view, frame)
        case Tagged():
            return f"tagged {', '.join(sorted(view.tags))}" if view.tags else "no tags"
        case Orders():
            return _orders(condition, view, frame)
        case Emails():
            return f"{counted(len(messages_reacted_to(view, condition, frame)), 'mail')} {_DONE[condition.reaction]}"
        case SegmentScore(segment):
            return f"the score is {frame.decay.value(view.scores.get(segment, 0.0), frame.as_of):.2f}"
        case InTop(percent, by):
            cut = frame.cuts.top.get((by, percent))
            mine = value_in_words(_KINDS[by], fact(by, view, frame), frame)
            return f"{mine}; the top begins at {value_in_words(_KINDS[by], cut, frame)}" if cut is not None else "nobody has ordered"
        case Subscribed(topic):
            left = ", left this topic" if topic and view.topics.get(topic) == "withdrawn" else ""
            return f"{_CONSENT[view.marketing]}{left}"
        case Referred():
            return "came with a code" if view.is_referred else "came without a code"
        case HasReferred():
            return f"{counted(view.has_referred, 'friend')} came"
        case _:
            return ""


def _fact(condition: Fact, view: CustomerView, frame: Frame) -> str:
    value = fact(condition.name, view, frame)
    match condition.name:
        case "engagement":
            return f"the score is {frame.decay.value(value, frame.as_of):.2f}"
        case "orders.first_at" | "orders.last_at":
            which = condition.name.removeprefix("orders.").removesuffix("_at")
            return f"the {which} order was {when(value, frame)}" if value else "no order yet"
        case "orders.count":
            return counted(value, "order")
        case _:
            return f"it is {value_in_words(condition.kind, value, frame)}" if value is not None else "nothing is known"


def _orders(condition: Orders, view: CustomerView, frame: Frame) -> str:
    sums = sums_of(view.lines, condition, frame)
    asked = [aggregate for aggregate, _ in condition.aggregates] or [Aggregate.COUNT]
    in_words = {
        Aggregate.COUNT: counted(sums.count, "such order"),
        Aggregate.SPENT: f"{money(sums.spent, frame)} spent",
        Aggregate.QUANTITY: f"{sums.quantity:g} pieces",
        Aggregate.BIGGEST_ORDER: "no such order" if sums.biggest_order is None else f"the biggest is {money(sums.biggest_order, frame)}",
        Aggregate.AVERAGE_ORDER: "no such order" if sums.average_order is None else f"{money(sums.average_order, frame)} on average",
    }
    return ", ".join(in_words[aggregate] for aggregate in asked)


_KINDS = {"orders.spent": Kind.MONEY, "orders.count": Kind.WHOLE}
_DONE = {Reaction.RECEIVED: "received", Reaction.OPENED: "opened", Reaction.CLICKED: "clicked", Reaction.REACTED: "answered"}
_CONSENT = {
    None: "never asked", "granted": "agreed to marketing mail", "withdrawn": "said no to marketing mail",
    "pending": "has not confirmed yet",
}
