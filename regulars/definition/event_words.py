"""`events:` in regulars.yaml: what the shop tells about customers beyond orders, and what may be asked of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from regulars.definition import nodes
from regulars.definition.automation import BUILT_IN_EVENTS, WATCHED
from regulars.definition.comparisons import Comparisons
from regulars.definition.conditions import Kind, Test
from regulars.definition.names import DefinedKey, NameOf
from regulars.definition.nodes import Node
from regulars.definition.notebook import Name, Notebook
from regulars.definition.tables import Choice, MapOf
from regulars.definition.units import Unfit
from regulars.definition.values import One, Schema, shape
from regulars.definition.workspace import EventField
from regulars.diagnostics import did_you_mean

# Built in because automations know them, and told by the shop, which may say more with them.
TOLD_BY_THE_SHOP = ("cart.updated", "cart.emptied", "wishlist.added", "wishlist.removed")
_LONGEST = 64
_COMPARED: Mapping[EventField, Kind] = MappingProxyType({
    EventField.TEXT: Kind.TEXT, EventField.NUMBER: Kind.NUMBER, EventField.WHOLE: Kind.WHOLE, EventField.YES_NO: Kind.YES_NO,
    EventField.MONEY: Kind.MONEY, EventField.DATE: Kind.DATE, EventField.URL: Kind.TEXT,
})


def _event(text: str, _: Notebook) -> str:
    if text in {*BUILT_IN_EVENTS, *WATCHED} - set(TOLD_BY_THE_SHOP):
        raise Unfit("D311", f'"{text}" is known without being declared', "leave it out, or give your event another name")
    if not re.fullmatch(r"[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+", text) or len(text) > _LONGEST:
        raise Unfit("D311", f'"{text}" cannot be the name of an event',
                    f"write who or what, a dot, and what happened, in small letters and at most {_LONGEST} of them: nps.answered")
    return text


def _field(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", text):
        raise Unfit("D311", f'"{text}" cannot be a name here', "small letters a-z, digits and underscores, a letter first: score")
    return text


EVENT = One("an event such as nps.answered", _event, text=True)
EVENTS = MapOf(DefinedKey(Name.EVENT, EVENT), MapOf(One("a name such as score", _field, text=True), Choice.of(EventField), "the event"), "events")
EVENT_NAME = NameOf(Name.EVENT, "an event such as order.delivered")


@dataclass(frozen=True, slots=True)
class HeardEvent:
    """An event that comes from somewhere, and so can be waited for and left by."""

    words: str = "an event such as order.placed"

    def read(self, node: Node, notes: Notebook) -> str | None:
        if isinstance(node, nodes.Scalar) and node.text in WATCHED:
            notes.error(node.at, "D308", f'"{node.text}" starts automations, and nobody can wait for it or leave by it',
                        "name an event such as order.placed, or ask with recheck: every send")
            return None
        return EVENT_NAME.read(node, notes)

    def schema(self) -> Schema:
        return {"type": "string", "not": {"enum": list(WATCHED)}}


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """Conditions on the fields of one declared event: `{score: {at_least: 9}}`. Reads to (field, tests) pairs."""

    event: str
    fields: Mapping[str, EventField]

    @property
    def words(self) -> str:
        return f"conditions on its fields: {', '.join(self.fields)}"

    def read(self, node: Node, notes: Notebook) -> tuple[tuple[str, tuple[Test, ...]], ...] | None:
        if not isinstance(node, nodes.Mapping):
            notes.error(node.at, "D301", f"{shape(node)} stands behind {self.event} where conditions on its fields are expected",
                        f"write {self.words}" if self.fields else f"write trigger: {self.event}")
            return None
        found = []
        for key, value in node.entries:
            kind = _COMPARED.get(self.fields.get(key.text, EventField.ITEMS))
            if key.text not in self.fields:
                notes.error(key.at, "D201", f'{self.event} has no field "{key.text}"', did_you_mean(key.text, list(self.fields), self._way_out(key.text)))
            elif kind is None:
                notes.error(key.at, "D214", f'"{key.text}" is a list of items, which cannot be compared', "ask for another field")
            elif tests := Comparisons(kind).read(value, notes):
                found.append((key.text, tests))
        return tuple(found)

    def schema(self) -> Schema:
        return {"type": "object"}

    def _way_out(self, field: str) -> str:
        if self.event in set(BUILT_IN_EVENTS) - set(TOLD_BY_THE_SHOP):
            return f"nothing narrows it: write trigger: {self.event}"
        return f"declare it in regulars.yaml: events: {{{self.event}: {{{field}: number}}}}"
