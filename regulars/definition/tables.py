"""Tables of words: one description of a mapping behind its reader, its JSON Schema and its page of the manual."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from regulars.definition import nodes
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Notebook
from regulars.definition.values import Schema, ValueKind, shape, single
from regulars.diagnostics import did_you_mean, nearest


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a mapping. `doc`: a line for the manual. `example`: what may stand behind the colon."""

    name: str
    kind: ValueKind
    doc: str
    example: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with known words. `build` makes its value of those that could be read; `later` are words to come;
    `elsewhere` are words of another table, each with what to write here."""

    called: str
    words_: tuple[Word, ...]
    build: Callable[[dict[str, Any]], Any] = field(default=lambda values: values)
    later: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        first = self.words_[0]
        return f"a mapping such as {{{first.name}: {first.example}}}"

    def read(self, node: Node, notes: Notebook) -> Any:
        if not isinstance(node, nodes.Mapping):
            notes.error(node.at, "D301", f"{self.called} is a mapping, and this is {shape(node)}", f"write {self.words}")
            return None
        known = {word.name: word for word in self.words_}
        values: dict[str, Any] = {}
        for key, value in node.entries:
            word = known.get(key.text)
            if word is None:
                self._unknown(key, list(known), notes)
                continue
            read = word.kind.read(value, notes)
            if read is not None:
                values[key.text] = read
        self._missing(node, notes)
        return self.build(values)

    def schema(self) -> Schema:
        return {
            "type": "object",
            "properties": {word.name: {**word.kind.schema(), "description": word.doc} for word in self.words_},
            "required": [word.name for word in self.words_ if word.required],
            "additionalProperties": False,
        }

    def _unknown(self, key: Scalar, known: list[str], notes: Notebook) -> None:
        if key.text in self.later:
            notes.error(key.at, "D202", f'"{key.text}" is not in this version yet', "leave it out for now")
        elif key.text in self.elsewhere:
            notes.error(key.at, "D219", f'{self.called} has no use for "{key.text}"', self.elsewhere[key.text])
        else:
            notes.error(key.at, "D201", f'unknown word "{key.text}" in {self.called}', did_you_mean(key.text, known))

    def _missing(self, node: nodes.Mapping, notes: Notebook) -> None:
        known = [word.name for word in self.words_]
        present = {key.text for key, _ in node.entries}
        misspelt = {nearest(text, known) for text in present.difference(known, self.later, self.elsewhere)}
        for word in self.words_:
            if word.required and word.name not in present | misspelt:
                notes.error(node.at, "D204", f'{self.called} has no "{word.name}"', f"add {word.name}: {word.example}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    options: Mapping[str, Any]

    @classmethod
    def of(cls, options: Iterable[StrEnum]) -> Choice:
        return cls({option.value: option for option in options})

    @property
    def words(self) -> str:
        *most, last = self.options
        return f"{', '.join(most)} or {last}" if most else last

    def read(self, node: Node, notes: Notebook) -> Any:
        scalar = single(node, notes, self.words)
        if scalar is None:
            return None
        if scalar.text not in self.options:
            notes.error(scalar.at, "D308", f'"{scalar.text}" is none of the words that may stand here',
                        did_you_mean(scalar.text, list(self.options)))
            return None
        return self.options[scalar.text]

    def schema(self) -> Schema:
        return {"enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one kind; at least one."""

    item: ValueKind

    @property
    def words(self) -> str:
        return f"a list, each {self.item.words}"

    def read(self, node: Node, notes: Notebook) -> tuple[Any, ...] | None:
        if not isinstance(node, nodes.Sequence):
            notes.error(node.at, "D301", f"{shape(node)} stands where a list is expected", f"write {self.words}, in [ ]")
            return None
        if not node.items:
            notes.error(node.at, "D312", "the list is empty", f"write {self.words}")
            return None
        values = [self.item.read(item, notes) for item in node.items]
        return tuple(value for value in values if value is not None) or None

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema(), "minItems": 1}


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose words are the author's own; `key` says what they may look like."""

    key: ValueKind
    value: ValueKind
    called: str

    @property
    def words(self) -> str:
        return f"a mapping of names, each with {self.value.words}"

    def read(self, node: Node, notes: Notebook) -> dict[str, Any] | None:
        if not isinstance(node, nodes.Mapping):
            notes.error(node.at, "D301", f"{self.called} is a mapping, and this is {shape(node)}", f"write {self.words}")
            return None
        values = {}
        for key, value in node.entries:
            name = self.key.read(key, notes)
            read = self.value.read(value, notes)
            if name is not None and read is not None:
                values[name] = read
        return values

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self.value.schema()}
