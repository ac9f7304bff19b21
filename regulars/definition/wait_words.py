"""`wait:` in a step: so long, until an event, or until an event is heard no more."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.definition import nodes
from regulars.definition.automation import Wait, WaitFor, WaitQuiet
from regulars.definition.event_words import HeardEvent
from regulars.definition.nodes import Node
from regulars.definition.notebook import Notebook
from regulars.definition.schedules import wait
from regulars.definition.tables import Table, Word
from regulars.definition.values import DURATION, DURATION_PATTERN, One, Schema, quantity, shape

_CLOCK = r"until \d{1,2}:\d\d( local)?"
_DAYS = "on (weekdays|weekends)"
_PART = f"({DURATION_PATTERN}|{_CLOCK}|{_DAYS})"
LENGTH = One("a wait such as 3 days, or 3 days, until 10:00 local, on weekdays", quantity(wait),
             {"type": "string", "pattern": f"^{_PART}( *, *{_PART}){{0,2}}$"})

FOR_TABLE = Table("the wait", (
    Word("for", HeardEvent(), "goes on when this happens to the customer", "cart.emptied", required=True),
    Word("at_most", DURATION, "goes on after this time in any case", "14 days", required=True),
), lambda read: WaitFor("", read["for"], read["at_most"]) if {"for", "at_most"} <= set(read) else None)

QUIET_TABLE = Table("the wait", (
    Word("until_quiet", DURATION, "goes on when the event has not happened for so long", "4 hours", required=True),
    Word("of", HeardEvent(), "that event; without it the one that started the automation", "cart.updated"),
), lambda read: WaitQuiet("", read.get("of", ""), read["until_quiet"]) if "until_quiet" in read else None)


@dataclass(frozen=True, slots=True)
class WaitKind:
    """Reads to a Wait, WaitFor or WaitQuiet without its key; a WaitQuiet without `of` also without its event."""

    words: str = "3 days, or {for: EVENT, at_most: 14 days}, or {until_quiet: 4 hours}"

    def read(self, node: Node, notes: Notebook) -> Wait | WaitFor | WaitQuiet | None:
        if isinstance(node, nodes.Sequence):
            notes.error(node.at, "D301", f"{shape(node)} stands where a wait is expected", f"write {self.words}")
            return None
        table = QUIET_TABLE if isinstance(node, nodes.Mapping) and node.get("until_quiet") is not None else FOR_TABLE
        read: Wait | WaitFor | WaitQuiet | None = (table if isinstance(node, nodes.Mapping) else LENGTH).read(node, notes)
        return read

    def schema(self) -> Schema:
        return {"anyOf": [LENGTH.schema(), FOR_TABLE.schema(), QUIET_TABLE.schema()]}
