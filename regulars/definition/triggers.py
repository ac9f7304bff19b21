"""`trigger:` of an automation: the event that starts it, and what narrows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from regulars.definition import nodes
from regulars.definition.automation import BUILT_IN_EVENTS, WATCHED, Schedule, Trigger
from regulars.definition.condition_words import LINES_TABLE, line_tests
from regulars.definition.event_words import EVENT_NAME, FieldsOf
from regulars.definition.names import SCORED_SEGMENT
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Name, Notebook
from regulars.definition.schedules import before, schedule
from regulars.definition.tables import Table, Word
from regulars.definition.units import Unfit, whole
from regulars.definition.values import DURATION_PATTERN, NUMBER, One, Schema, ValueKind, quantity, single
from regulars.diagnostics import Location


def _nth(text: str, _: Notebook) -> int:
    count = whole(text)
    if not 0 < count < 10**6:
        raise Unfit("D314", f"nobody has an order number {count}", "the first order is nth: 1")
    return count


NTH = One("a whole number from 1 on", _nth, {"type": "integer", "minimum": 1})
BEFORE = One("a length of time before, such as 3 days before", quantity(before), {"type": "string", "pattern": f"^{DURATION_PATTERN} before$"})


@dataclass(frozen=True, slots=True)
class ScheduleKind:
    """`every Monday 10:00`, or a time before an occasion, which the calendar must know."""

    words: str = 'a schedule such as "every Monday 10:00"'

    def read(self, node: Node, notes: Notebook) -> Schedule | None:
        read: Schedule | None = One(self.words, quantity(schedule)).read(node, notes)
        if read is not None and read.occasion and isinstance(node, Scalar):
            start = node.text_at
            column = start.column + node.text.rindex(f" {read.occasion}") + 1
            notes.refer(Name.OCCASION, read.occasion, Location(start.path, start.line, column, len(read.occasion)))
        return read

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^(every .+|.+ before .+|on .+) \d{1,2}:\d\d( local)?$"}


_LINES = Word("where", LINES_TABLE, "only orders with such a line", "{category: beans}")
PLACED_TABLE = Table("order.placed", (
    Word("nth", NTH, "only the customer's first, second … order", "1"), _LINES,
), lambda read: {**read, "where": line_tests(read)})
ORDER_TABLE = Table("the order", (_LINES,), lambda read: {"where": line_tests(read)})
SCORE_TABLE = Table("score.crossed", (
    Word("at_least", NUMBER, "upwards through this", "20", required=True),
    Word("segment", SCORED_SEGMENT, "the score in this segment; without it the engagement score", "vip"),
))


@dataclass(frozen=True, slots=True)
class TriggerWord:
    """What may stand behind an event. `make`: fields of Trigger from what was read. `needed`: it cannot stand alone."""

    kind: ValueKind
    make: Callable[[Any], Mapping[str, Any]]
    doc: str
    example: str
    needed: bool = False


_ORDER = TriggerWord(ORDER_TABLE, dict, "", "{where: {category: beans}}")
TRIGGERS: Mapping[str, TriggerWord] = MappingProxyType({
    "order.placed": TriggerWord(PLACED_TABLE, dict, "an order came in", "{nth: 1}"),
    "order.paid": replace(_ORDER, doc="it was paid"),
    "order.shipped": replace(_ORDER, doc="it left the shop"),
    "order.delivered": replace(_ORDER, doc="it arrived"),
    "order.cancelled": replace(_ORDER, doc="it was cancelled"),
    "order.refunded": replace(_ORDER, doc="it was paid back, in whole or in part"),
    "segment.entered": TriggerWord(SCORED_SEGMENT, lambda name: {"segment": name}, "the customer came into a segment", "slipping-away", needed=True),
    "birthday": TriggerWord(BEFORE, lambda length: {"before": length}, "the day itself, or so long before", "3 days before"),
    "replenishment.due": TriggerWord(BEFORE, lambda length: {"before": length}, "by the customer's own rhythm it is time to buy again, or soon", "3 days before"),
    "score.crossed": TriggerWord(SCORE_TABLE, dict, "a score rose through a value", "{at_least: 20}", needed=True),
    "schedule": TriggerWord(ScheduleKind(), lambda found: {"schedule": found}, "days and a time of day, in the shop's zone or each customer's own",
                            '"every Monday 10:00"', needed=True),
})


@dataclass(frozen=True, slots=True)
class TriggerKind:
    words: str = "an event: subscribed, or with what narrows it {order.placed: {nth: 1}}"

    def read(self, node: Node, notes: Notebook) -> Trigger | None:
        if isinstance(node, nodes.Sequence):
            notes.error(node.at, "D301", "a list stands where one event is expected", "write one campaign for each event")
            return None
        if isinstance(node, Scalar):
            return self._bare(node, notes)
        if not node.entries:
            notes.error(node.at, "D312", "no event stands here", f"write {self.words}")
            return None
        event = node.entries[0][0].text
        for key, _ in node.entries[1:]:
            notes.error(key.at, "D315", f'an automation starts by one event, and "{key.text}" stands beside {event}',
                        "write one campaign for each event" if "." in key.text or key.text in {*BUILT_IN_EVENTS, *WATCHED}
                        else f"what narrows {event} stands behind its colon: {{{event}: {{{key.text}: …}}}}")
        return self._narrowed(*node.entries[0], notes)

    def schema(self) -> Schema:
        needy = [event for event, word in TRIGGERS.items() if word.needed]
        return {"anyOf": [{"type": "string", "not": {"enum": needy}}, {
            "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"type": "object"},
            "properties": {event: {**word.kind.schema(), "description": word.doc} for event, word in TRIGGERS.items()},
        }]}

    def _bare(self, node: Scalar, notes: Notebook) -> Trigger | None:
        scalar = single(node, notes, self.words)
        if scalar is None:
            return None
        event, colon, rest = scalar.text.partition(":")
        if colon:
            notes.error(scalar.at, "D301", "an event and what narrows it are a mapping, not a text", f"write {{{event.strip()}: {rest.strip()}}}")
            return None
        word = TRIGGERS.get(event)
        if word is not None and word.needed:
            notes.error(scalar.at, "D204", f"{event} says too little to start anything", f"write {{{event}: {word.example}}}")
            return None
        name = EVENT_NAME.read(scalar, notes)
        return None if name is None else Trigger(name, at=scalar.at)

    def _narrowed(self, key: Scalar, value: Node, notes: Notebook) -> Trigger | None:
        event = EVENT_NAME.read(key, notes)
        if event is None:
            return None
        word = TRIGGERS.get(event) or self._declared(event, notes)
        if word is None:
            return Trigger(event, at=key.at)
        read = word.kind.read(value, notes)
        if read is None:
            return None
        return Trigger(event, at=key.at, **word.make(read))

    @staticmethod
    def _declared(event: str, notes: Notebook) -> TriggerWord | None:
        """Conditions on the event's own fields; None where it is not known which it has."""
        if notes.events is None or event not in {*notes.events, *BUILT_IN_EVENTS}:
            return None
        return TriggerWord(FieldsOf(event, notes.events.get(event, {})), lambda fields: {"fields": fields}, "", "")
