"""The words of conditions: what `where:` may say, each read to a value of `conditions.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from regulars.definition import conditions as c
from regulars.definition import nodes, units
from regulars.definition.comparisons import Comparisons
from regulars.definition.conditions import Aggregate, Condition, Kind, LineField, Reaction, Window
from regulars.definition.facts import AGGREGATES, FACTS, LINE_OPERATORS, RANKINGS, TAG_OPERATORS
from regulars.definition.names import CAMPAIGN_NAME, SCORED_SEGMENT, SEGMENT_NAME, TOPIC_NAME
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Notebook
from regulars.definition.tables import Table, Word
from regulars.definition.units import Unfit
from regulars.definition.values import DAY, DURATION, WORD, YES_NO, One, Schema, ValueKind
from regulars.diagnostics import did_you_mean, nearest

Maker = Callable[[Any, Scalar], Condition | None]


@dataclass(frozen=True, slots=True)
class ConditionWord:
    """`kind` reads what stands behind the word; `make` turns that into a condition. `group`: its part of the manual."""

    name: str
    kind: ValueKind
    make: Maker
    doc: str
    example: str
    group: str


@dataclass(frozen=True, slots=True)
class ConditionKind:
    """A condition; with `names`, a bare text is the name of a segment."""

    names: bool = False

    @property
    def words(self) -> str:
        return "the name of a segment, or a condition" if self.names else "a condition such as {orders.count: {at_least: 3}}"

    def read(self, node: Node, notes: Notebook) -> Condition | None:
        if isinstance(node, Scalar):
            return self._bare(node, notes)
        if isinstance(node, nodes.Sequence):
            parts = self.parts(node, notes)
            return c.All(parts) if parts else None
        if not node.entries:
            notes.error(node.at, "D312", "no condition stands here",
                        "to mean everybody, write customer.created_at: {exists: yes}")
            return None
        found = [self._entry(key, value, notes) for key, value in node.entries]
        read = tuple(part for part in found if part is not None)
        return read[0] if len(read) == 1 else c.All(read) if read else None

    def parts(self, node: Node, notes: Notebook) -> tuple[Condition, ...]:
        """The conditions of a list, or of a mapping's words one by one."""
        if isinstance(node, nodes.Sequence):
            if not node.items:
                notes.error(node.at, "D312", "the list is empty", f"write {self.words}")
            found = [self.read(item, notes) for item in node.items]
        elif isinstance(node, nodes.Mapping):
            found = [self._entry(key, value, notes) for key, value in node.entries]
        else:
            found = [self.read(node, notes)]
        return tuple(part for part in found if part is not None)

    def schema(self) -> Schema:
        return {"$ref": "#/$defs/audience" if self.names else "#/$defs/condition"}

    def _bare(self, node: Scalar, notes: Notebook) -> Condition | None:
        if self.names:
            name = SEGMENT_NAME.read(node, notes)
            return None if name is None else c.InSegment(name, node.at)
        if node.empty:
            notes.error(node.at, "D312", "nothing stands here", f"write {self.words}")
        elif node.text in WORDS:
            notes.error(node.at, "D301", f'"{node.text}" stands here without a value', f"write {node.text}: {WORDS[node.text].example}")
        elif not node.quoted and (glued := re.match(r"([\w.]+):(?=\S)", node.text)) and glued[1] in WORDS:
            notes.error(node.at, "D116", "the space after the colon is missing",
                        f"write {glued[1]}: {node.text[glued.end():]}")
        else:
            notes.error(node.at, "D301", "a single value stands where a condition is expected", f"write {self.words}")
        return None

    def _entry(self, key: Scalar, value: Node, notes: Notebook) -> Condition | None:
        if key.text in {"all", "any"}:
            parts = self.parts(value, notes)
            return None if not parts else c.All(parts) if key.text == "all" else c.Any_(parts)
        if key.text == "not":
            part = self.read(value, notes)
            return None if part is None else c.Not(part)
        word = WORDS.get(key.text) or _attribute(key, notes)
        if word is None:
            return None
        read = word.kind.read(value, notes)
        return None if read is None else word.make(read, key)


CONDITION = ConditionKind()
SEGMENTS_OR_CONDITION = ConditionKind(names=True)


_FOR_TEMPLATES = frozenset({"email", "first_name", "last_name", "timezone", "greeting", "language"})
_CALLED_ELSEWHERE = {"and": "all", "or": "any", "none": "not"}


def _attribute(key: Scalar, notes: Notebook) -> ConditionWord | None:
    """The word for a declared attribute; a finding when there is none of that name."""
    prefix, _, name = key.text.partition(".")
    if prefix != "customer" or not name:
        notes.error(key.at, "D213", f'there is no condition "{key.text}"', _nearest_condition(key.text))
        return None
    if notes.attributes is None:
        return None
    attribute = notes.attributes.get(name)
    if attribute is None:
        asked = [word.removeprefix("customer.") for word in FACTS if word.startswith("customer.")]
        near = nearest(name, [*asked, *notes.attributes])
        if name in _FOR_TEMPLATES:
            notes.error(key.at, "D213", f'there is no condition "{key.text}"',
                        f"only templates have it; conditions ask for {', '.join(asked)} and declared attributes")
        else:
            notes.error(key.at, "D205", f'customers have no attribute "{name}"',
                        f'did you mean "customer.{near}"?' if near else "declare it under attributes: in regulars.yaml")
        return None
    kind = Comparisons(attribute.kind, options=attribute.options)
    return ConditionWord(key.text, kind, _fact(key.text, attribute.kind), "", "", "")


def _nearest_condition(word: str) -> str:
    if word in _CALLED_ELSEWHERE:
        return f'did you mean "{_CALLED_ELSEWHERE[word]}"?'
    known = [*WORDS, "all", "any", "not"]
    fallback = "conditions begin with customer., orders., emails., rfm. or are engagement, tag, in_segment, all, any, not …"
    return did_you_mean(word, known, fallback)


# ---- what each word becomes ---------------------------------------------------------------------------------

def _fact(name: str, kind: Kind) -> Maker:
    return lambda tests, key: c.Fact(name, kind, tests, key.at)


def _orders(read: dict[str, Any], key: Scalar) -> Condition:
    aggregates = tuple((aggregate, read[aggregate.value]) for aggregate in Aggregate if aggregate.value in read)
    window = Window(read.get("within"), read.get("before"), read.get("after"))
    return c.Orders(line_tests(read), window, aggregates, key.at)


def line_tests(read: Mapping[str, Any]) -> tuple[tuple[LineField, tuple[c.Test, ...]], ...]:
    """Of what stands behind `where` in a table that was read."""
    return tuple((LineField(name), tests) for name, tests in read.get("where", {}).items())


def _emails(reaction: Reaction) -> Maker:
    return lambda read, key: c.Emails(
        reaction, read.get("campaign"), read.get("link"), Window(within=read.get("within")), read.get("count", ()), key.at)


@dataclass(frozen=True, slots=True)
class OrdersKind:
    """The table of `orders:`, and that its window is not turned round."""

    @property
    def words(self) -> str:
        return ORDERS_TABLE.words

    def read(self, node: Node, notes: Notebook) -> dict[str, Any] | None:
        read: dict[str, Any] | None = ORDERS_TABLE.read(node, notes)
        if read and "before" in read and "after" in read and read["before"] <= read["after"]:
            notes.error(node.at, "D315", "no order is both before the one day and after the other", "swap before and after")
        return read

    def schema(self) -> Schema:
        return ORDERS_TABLE.schema()


@dataclass(frozen=True, slots=True)
class ScoreInKind:
    """`{segment: x, at_least: 10}`: a name, and the comparisons beside it."""

    words: str = "a segment and a comparison: {segment: vip, at_least: 10}"

    def read(self, node: Node, notes: Notebook) -> tuple[str, tuple[c.Test, ...]] | None:
        if not isinstance(node, nodes.Mapping) or node.get("segment") is None:
            notes.error(node.at, "D204", "score_in names no segment", f"write {self.words}")
            return None
        name = SCORED_SEGMENT.read(node.get("segment") or node, notes)
        rest = [(key, value) for key, value in node.entries if key.text != "segment"]
        tests = Comparisons(Kind.NUMBER).read_entries(rest, node, notes)
        return None if name is None or tests is None else (name, tests)

    def schema(self) -> Schema:
        comparisons = Comparisons(Kind.NUMBER).schema()["anyOf"][1]["properties"]
        return {"type": "object", "required": ["segment"], "additionalProperties": False,
                "properties": {"segment": {"type": "string"}, **comparisons}}


def _in_top(text: str, _: Notebook) -> tuple[Decimal, str]:
    match = re.fullmatch(r"(\S+(?: ?%)?)\s+by\s+(\w+)", text)
    if match is None:
        raise Unfit("D306", f'"{text}" is not a top share', "write it like 5% by spent")
    if match[2] not in RANKINGS:
        raise Unfit("D308", f'nobody is ranked by "{match[2]}"', did_you_mean(match[2], list(RANKINGS)))
    return units.percent(match[1]), RANKINGS[match[2]]


IN_TOP = One("a share and a ranking: 5% by spent", _in_top, {"type": "string", "pattern": r"^[\d.]+ ?% +by +(spent|count)$"})

LINES_TABLE = Table("where", tuple(
    Word(name.value, Comparisons(Kind.TEXT, LINE_OPERATORS), f"the line's {name.value}", "beans") for name in LineField))

ORDERS_TABLE = Table("orders", (
    Word("where", LINES_TABLE, "only lines like this", "{category: beans}"),
    Word("within", DURATION, "only orders of the time before now", "2 years"),
    Word("before", DAY, "only orders before this day", "2026-12-01"),
    Word("after", DAY, "only orders later than the midnight with which this day begins", "2026-01-01"),
    *(Word(name.value, Comparisons(kind), doc, "{at_least: 500 TRY}" if kind is Kind.MONEY else "{at_least: 3}")
      for name, (kind, doc) in AGGREGATES.items()),
))

EMAILS_TABLE = Table("emails", (
    Word("campaign", CAMPAIGN_NAME, "only mails of this campaign", "win-back"),
    Word("link", WORD, "only the link of this name in the template", "hero"),
    Word("within", DURATION, "only in the time before now", "30 days"),
    Word("count", Comparisons(Kind.WHOLE), "how many mails; without it at least one", "{at_least: 2}"),
))

_REACTIONS = {
    Reaction.RECEIVED: "got a mail", Reaction.OPENED: "opened a mail (machines are not counted)",
    Reaction.CLICKED: "clicked a link", Reaction.REACTED: "clicked, replied or ordered",
}

WORDS: Mapping[str, ConditionWord] = MappingProxyType({word.name: word for word in (
    *(ConditionWord(fact.name, Comparisons(fact.kind, least=fact.least, most=fact.most), _fact(fact.name, fact.kind),
                    fact.doc, fact.example, fact.name.partition(".")[0]) for fact in FACTS.values()),
    ConditionWord("tag", Comparisons(Kind.TEXT, TAG_OPERATORS), lambda tests, key: c.Tagged(tests, key.at),
                  "carries a tag", "wholesale", "customer"),
    ConditionWord("orders", OrdersKind(), _orders, "orders with such lines, counted or summed",
                  "{where: {category: beans}, within: 2 years, spent: {at_least: 500 TRY}}", "orders"),
    *(ConditionWord(f"emails.{reaction}", EMAILS_TABLE, _emails(reaction), doc, "{campaign: win-back, within: 30 days}",
                    "emails") for reaction, doc in _REACTIONS.items()),
    ConditionWord("score_in", ScoreInKind(), lambda read, key: c.SegmentScore(read[0], read[1], key.at),
                  "the customer's score in one segment", "{segment: vip, at_least: 10}", "engagement"),
    ConditionWord("in_top", IN_TOP, lambda read, key: c.InTop(read[0], read[1], key.at),
                  "among the first of all who ordered", "5% by spent", "engagement"),
    ConditionWord("in_segment", SEGMENT_NAME, lambda name, key: c.InSegment(name, key.at), "is in another segment", "vip", "others"),
    ConditionWord("subscribed", YES_NO, lambda wanted, key: c.Subscribed(None, wanted, key.at),
                  "marketing mail may be sent to them", "yes", "others"),
    ConditionWord("topic", TOPIC_NAME, lambda topic, key: c.Subscribed(topic, at=key.at),
                  "may be sent mail on this topic", "news", "others"),
    ConditionWord("referred", YES_NO, lambda wanted, key: c.Referred(wanted, key.at), "came with somebody's code", "yes", "others"),
    ConditionWord("has_referred", Comparisons(Kind.WHOLE), lambda tests, key: c.HasReferred(tests, key.at),
                  "how many came with their code", "{at_least: 1}", "others"),
)})


def definitions() -> Schema:
    """The JSON Schema of conditions, under the names that their kinds refer to."""
    return {"condition": _schema("condition"), "audience": {"anyOf": [{"type": "string"}, _schema("audience")]}}


def _schema(own: str) -> Schema:
    itself = {"$ref": f"#/$defs/{own}"}
    several = {"anyOf": [{"type": "array", "items": itself, "minItems": 1}, itself]}
    words = {name: {**word.kind.schema(), "description": word.doc} for name, word in WORDS.items()}
    return {"anyOf": [{"type": "array", "items": itself, "minItems": 1}, {
        "type": "object", "minProperties": 1, "additionalProperties": False,
        "properties": {"all": several, "any": several, "not": itself, **words},
        "patternProperties": {r"^customer\.": {}},
    }]}


__all__ = ["CONDITION", "EMAILS_TABLE", "LINES_TABLE", "ORDERS_TABLE", "SEGMENTS_OR_CONDITION", "WORDS", "ConditionKind", "definitions", "line_tests"]
