"""`steps:` of an automation: a list in which each item does one thing, and some hold steps themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from regulars.definition import nodes
from regulars.definition.automation import If, Split, Step
from regulars.definition.condition_words import CONDITION
from regulars.definition.names import NAME
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Notebook
from regulars.definition.step_keys import LONGEST_KEY
from regulars.definition.step_words import PLAIN_STEPS, StepWord
from regulars.definition.tables import Table
from regulars.definition.units import Unfit, percent
from regulars.definition.values import One, Schema, quantity, shape
from regulars.diagnostics import did_you_mean, nearest


def _step_name(text: str, notes: Notebook) -> str:
    if len(text) > LONGEST_KEY:
        raise Unfit("D311", f"the step's name has {len(text)} letters", f"{LONGEST_KEY} are the most")
    name: str = NAME.parse(text, notes)
    return name


STEP_NAME = One(f"a name of small letters, digits and hyphens, at most {LONGEST_KEY}", _step_name,
                {**NAME.json, "maxLength": LONGEST_KEY}, text=True)
SHARE = One("a share such as 50%", quantity(percent), text=False)
REST = "rest"
_BRANCHES = ("then", "else")


@dataclass(frozen=True, slots=True)
class StepsKind:
    """A list of steps, at least one. Reads to steps of which only those that the author named have a key."""

    words: str = 'a list of steps, such as - send: {template: letter.mjml, subject: "…"}'

    def read(self, node: Node, notes: Notebook) -> tuple[Step, ...] | None:
        if not isinstance(node, nodes.Sequence):
            notes.error(node.at, "D301", f"{shape(node)} stands where a list of steps is expected", "begin each step with a hyphen, or put them in [ ]")
            return None
        if not node.items:
            notes.error(node.at, "D312", "no step stands here", "write a step; a branch without steps is left out altogether")
            return None
        read = [_step(item, notes) for item in node.items]
        return tuple(step for step in read if step is not None)

    def schema(self) -> Schema:
        return {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 1}


STEPS = StepsKind()


def _step(node: Node, notes: Notebook) -> Step | None:
    if not isinstance(node, nodes.Mapping):
        text = node.text if isinstance(node, Scalar) else ""
        word = STEP_WORDS.get(text)
        notes.error(node.at, "D301", f'"{text}" stands here without a value' if word else f"{shape(node)} stands where a step is expected",
                    f"write {text}: {word.example}" if word else 'write a step such as wait: 3 days, or send: {template: …, subject: "…"}')
        return None
    kinds = [(key, value) for key, value in node.entries if key.text in STEP_WORDS]
    _heed_other_words(node, kinds[0][0].text if kinds else "", notes)
    for key, _ in kinds[1:]:
        notes.error(key.at, "D315", f"one step does one thing, and {kinds[0][0].text} stands here already", f"begin a step of its own: - {key.text}: …")
    name = node.get("name")
    given = None if name is None else _named(name, notes)
    if not kinds:
        return None
    key, value = kinds[0]
    step = _if(node, value, notes) if key.text == "if" else _read(STEP_WORDS[key.text], value, notes)
    return None if step is None else replace(step, key=given or "", at=key.at)


def _read(word: StepWord, value: Node, notes: Notebook) -> Any:
    read = word.kind.read(value, notes)
    return None if read is None else word.make(read)


def _named(node: Node, notes: Notebook) -> str | None:
    name: str | None = STEP_NAME.read(node, notes)
    if name is None:
        return None
    first = notes.steps.setdefault(name, node.at)
    if first != node.at:
        notes.error(node.at, "D224", f'two steps are called "{name}"; the first is in line {first.line}', "give one of them another name")
        return None
    return name


def _heed_other_words(node: nodes.Mapping, kind: str, notes: Notebook) -> None:
    fitting = ["name", *(_BRANCHES if kind == "if" else ())]
    others = [key for key, _ in node.entries if key.text not in STEP_WORDS and key.text not in fitting]
    table = STEP_WORDS[kind].kind if kind else None
    inner = [word.name for word in table.words_] if isinstance(table, Table) else []
    for key in others:
        if key.text in _BRANCHES:
            notes.error(key.at, "D201", f'"{key.text}" belongs to an if', "write if: and the condition in the same step")
        elif key.text in inner:
            notes.error(key.at, "D117", f'"{key.text}" belongs to {kind}, and stands beside it', f"indent it below {kind}, or write {kind}: {{{key.text}: …}}")
        else:
            notes.error(key.at, "D201", f'there is no step "{key.text}"', did_you_mean(key.text, [*STEP_WORDS, *fitting]))
    if not kind and not others:
        notes.error(node.at, "D204", "this step does nothing", "write wait: 3 days, or send: … in it")


def _if(node: nodes.Mapping, asked: Node, notes: Notebook) -> If | None:
    condition = CONDITION.read(asked, notes)
    then, otherwise = node.get("then"), node.get("else")
    if then is None and not any(nearest(key.text, _BRANCHES) == "then" for key, _ in node.entries):
        notes.error(node.at, "D204", "this if has no then", "add then: and steps; to act only when it is not so, write if: {not: …}")
    first = () if then is None else STEPS.read(then, notes) or ()
    second = () if otherwise is None else STEPS.read(otherwise, notes) or ()
    return None if condition is None or not first else If("", condition, first, second)


@dataclass(frozen=True, slots=True)
class SplitKind:
    """`{50%: [steps], rest: [steps]}`; for equal parts also a list of such mappings, as no word may stand twice in one."""

    words: str = "shares with their steps: {50%: [{send: …}], rest: [{send: …}]}"

    def read(self, node: Node, notes: Notebook) -> Split | None:
        entries = self._entries(node, notes)
        if entries is None:
            return None
        parts, rest = [], None
        for key, value in entries:
            steps = STEPS.read(value, notes) or ()
            if key.text == REST:
                if rest is not None:
                    notes.error(key.at, "D402", "there is one rest, and this is the second", "keep one of the two")
                rest = steps
            elif (share := SHARE.read(key, notes)) is not None:
                parts.append((share, steps))
        if parts or [key.text for key, _ in entries] == [REST]:
            self._heed_shares(node, parts, notes, rest is not None)
        return Split("", tuple(parts), rest or ()) if parts else None

    def schema(self) -> Schema:
        part = {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": {REST: STEPS.schema()},
                "patternProperties": {r"^\d+(\.\d+)? ?%$": STEPS.schema()}}
        return {"anyOf": [part, {"type": "array", "items": part, "minItems": 1}]}

    def _entries(self, node: Node, notes: Notebook) -> list[tuple[Scalar, Node]] | None:
        items = node.items if isinstance(node, nodes.Sequence) else (node,)
        entries: list[tuple[Scalar, Node]] = []
        for item in items:
            if not isinstance(item, nodes.Mapping):
                notes.error(item.at, "D301", f"{shape(item)} stands where shares with steps are expected", f"write {self.words}")
                return None
            entries += item.entries
        if not entries:
            notes.error(node.at, "D312", "nothing stands here", f"write {self.words}")
        return entries or None

    @staticmethod
    def _heed_shares(node: Node, parts: list[tuple[Decimal, tuple[Step, ...]]], notes: Notebook, rest: bool) -> None:
        total = sum(share for share, _ in parts)
        if not parts:
            notes.error(node.at, "D402", "this split divides nobody", "give it a share: 50%")
        elif total > 100:
            notes.error(node.at, "D402", f"the parts come to {total}%", "let them come to 100% at most")
        elif total == 100 and (rest or len(parts) == 1):
            notes.error(node.at, "D402", "the parts come to 100%, so nobody is left for the rest" if rest else "everybody goes into this one part",
                        "take the rest out, or make a part smaller" if rest else "write its steps without a split, or make it smaller")


STEP_WORDS: Mapping[str, StepWord] = MappingProxyType({
    **PLAIN_STEPS,
    "if": StepWord(CONDITION, "steps for those of whom the condition is true now, under then; for the others, under else",
                   "{orders.count: {at_least: 2}}"),
    "split": StepWord(SplitKind(), "divides customers at random, each for good", "{50%: [{send: …}], rest: [{send: …}]}"),
})


def definitions() -> Schema:
    """The JSON Schema of one step, under the name that lists of steps refer to."""
    return {"step": {"oneOf": [_schema(name, word) for name, word in STEP_WORDS.items()]}}


def _schema(name: str, word: StepWord) -> Schema:
    branches = {"then": STEPS.schema(), "else": STEPS.schema()} if name == "if" else {}
    return {"type": "object", "additionalProperties": False, "required": [name, *list(branches)[:1]],
            "properties": {name: {**word.kind.schema(), "description": word.doc}, **branches, "name": STEP_NAME.schema()}}
