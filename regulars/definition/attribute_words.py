"""`attributes:` in regulars.yaml: what is known about customers beyond name and address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from regulars.definition import nodes
from regulars.definition.comparisons import VALUES
from regulars.definition.conditions import Kind
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Notebook
from regulars.definition.tables import Choice, ListOf, MapOf
from regulars.definition.units import Unfit
from regulars.definition.values import WORD, One, Schema, shape
from regulars.definition.workspace import Attribute
from regulars.diagnostics import did_you_mean

_ATTRIBUTE_KINDS: Mapping[str, Kind] = {
    "one_of": Kind.TEXT, "text": Kind.TEXT, "number": Kind.NUMBER, "whole number": Kind.WHOLE, "date": Kind.DATE,
    "yes/no": Kind.YES_NO,
}
_TAKEN_NAMES = frozenset({
    "email", "first_name", "last_name", "locale", "timezone", "country", "city", "birthday", "created_at", "greeting",
})


def _identifier(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", text):
        raise Unfit("D311", f'"{text}" cannot be a name here', "small letters a-z, digits and underscores, a letter first: loyalty_card")
    if text in _TAKEN_NAMES:
        raise Unfit("D311", f'customers already have "{text}"', "it need not be declared: leave it out or choose another name")
    return text


@dataclass(frozen=True, slots=True)
class AttributeKind:
    """`{one_of: [a, b], default: a}`, `{text: optional}` or, short, `text`. Reads to an Attribute without its name."""

    words: str = "{one_of: [a, b], default: a} or {text: optional}; kinds: text, number, whole number, date, yes/no"

    def read(self, node: Node, notes: Notebook) -> Attribute | None:
        if isinstance(node, Scalar):
            return self._short(node, notes)
        if not isinstance(node, nodes.Mapping):
            notes.error(node.at, "D301", f"{shape(node)} stands where a kind of attribute is expected", f"write {self.words}")
            return None
        kinds = [key for key, _ in node.entries if key.text in _ATTRIBUTE_KINDS]
        for key, _ in node.entries:
            if key.text not in _ATTRIBUTE_KINDS and key.text != "default":
                notes.error(key.at, "D201", f'unknown word "{key.text}" in an attribute',
                            did_you_mean(key.text, [*_ATTRIBUTE_KINDS, "default"]))
        if len(kinds) != 1:
            notes.error(node.at, "D204" if not kinds else "D315",
                        "the attribute has no kind" if not kinds else f"the attribute has {len(kinds)} kinds", f"write {self.words}")
            return None
        return self._declared(kinds[0], node, notes)

    def schema(self) -> Schema:
        duty = {"enum": ["optional", "required"]}
        kinds = {name: duty for name in _ATTRIBUTE_KINDS if name != "one_of"}
        options = {"type": "array", "items": WORD.schema(), "minItems": 1}
        return {"anyOf": [{"enum": list(kinds)}, {
            "type": "object", "additionalProperties": False, "properties": {"one_of": options, **kinds, "default": {}},
        }]}

    def _short(self, node: Scalar, notes: Notebook) -> Attribute | None:
        if node.text in _ATTRIBUTE_KINDS and node.text != "one_of":
            return Attribute("", _ATTRIBUTE_KINDS[node.text])
        notes.error(node.at, "D308", f'"{node.text}" is not a kind of attribute', f"write {self.words}")
        return None

    def _declared(self, key: Scalar, node: nodes.Mapping, notes: Notebook) -> Attribute | None:
        kind, said = _ATTRIBUTE_KINDS[key.text], node.get(key.text)
        assert said is not None
        read = (ListOf(WORD) if key.text == "one_of" else _DUTY).read(said, notes)
        if read is None:
            return None
        options = read if key.text == "one_of" else ()
        return Attribute("", kind, options, self._default(kind, options, node.get("default"), notes),
                         required=read == "required")

    @staticmethod
    def _default(kind: Kind, options: tuple[str, ...], node: Node | None, notes: Notebook) -> str | None:
        if node is None or VALUES[kind].read(node, notes) is None or not isinstance(node, Scalar):
            return None
        if options and node.text not in options:
            notes.error(node.at, "D315", f'the default "{node.text}" is none of the values', did_you_mean(node.text, options))
            return None
        return node.text


_DUTY = Choice({"optional": "optional", "required": "required"})


def _with_names(read: dict[str, Attribute]) -> dict[str, Attribute]:
    return {name: Attribute(name, a.kind, a.options, a.default, a.required) for name, a in read.items()}


@dataclass(frozen=True, slots=True)
class AttributesKind:
    words: str = "a mapping of attributes: {taste: {one_of: [fruity, dark]}}"

    def read(self, node: Node, notes: Notebook) -> dict[str, Attribute] | None:
        read = _ATTRIBUTES.read(node, notes)
        return None if read is None else _with_names(read)

    def schema(self) -> Schema:
        return _ATTRIBUTES.schema()


_ATTRIBUTES = MapOf(One("a name such as loyalty_card", _identifier, text=True), AttributeKind(), "attributes")
