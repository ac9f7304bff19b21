"""`steps:` of an automation: what each kind of step may say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from regulars.definition import nodes
from regulars.definition.automation import Notify, Send, SetAttributes, StopMailing, Tag, Webhook
from regulars.definition.comparisons import VALUES
from regulars.definition.conditions import Kind
from regulars.definition.free import FREE
from regulars.definition.languages import TextsKind
from regulars.definition.names import NAME, OFFER_NAME, TEMPLATE, TOPIC_NAME
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Notebook
from regulars.definition.tables import ListOf, MapOf, Table, Word
from regulars.definition.units import Unfit
from regulars.definition.values import MAILBOX, WORD, One, Schema, ValueKind, shape
from regulars.definition.wait_words import WaitKind
from regulars.definition.workspace import Attribute
from regulars.definition.world import SAFE_URL
from regulars.diagnostics import did_you_mean

_LONGEST_TAG = 100
_LONGEST_REASON = 32
_RENAMED = {"from": "from_", "with": "with_"}


def _tag(text: str, _: Notebook) -> str:
    tag = " ".join(text.split())
    if re.search("[,;]", tag) or len(tag) > _LONGEST_TAG:
        raise Unfit("D311", f'"{tag[:60]}" cannot be a tag', f"at most {_LONGEST_TAG} letters, without commas and semicolons; several tags are a list: [a, b]")
    return tag


def _reason(text: str, notes: Notebook) -> str:
    if len(text) > _LONGEST_REASON:
        raise Unfit("D311", f"the reason has {len(text)} letters", f"{_LONGEST_REASON} are the most: sunset")
    if text in {"bounce", "complaint", "unsubscribed", "imported"}:
        raise Unfit("D311", f'"{text}" is what happened to somebody, not what an automation decides', "write sunset, or a reason of your own")
    reason: str = NAME.parse(text, notes)
    return reason


TAG = One("a tag such as nurtured", _tag, {"type": "string", "pattern": r"^[^,;]*\S[^,;]*$", "maxLength": _LONGEST_TAG}, text=True)
REASON = One("a reason of small letters, such as sunset", _reason, {**NAME.json, "maxLength": _LONGEST_REASON}, text=True)


@dataclass(frozen=True, slots=True)
class TagsKind:
    """One tag, or a list of them."""

    words: str = "a tag, or a list of tags"

    def read(self, node: Node, notes: Notebook) -> tuple[str, ...] | None:
        if isinstance(node, nodes.Sequence):
            tags: tuple[str, ...] | None = ListOf(TAG).read(node, notes)
            return tags
        tag = TAG.read(node, notes)
        return None if tag is None else (tag,)

    def schema(self) -> Schema:
        return {"anyOf": [TAG.schema(), ListOf(TAG).schema()]}


@dataclass(frozen=True, slots=True)
class AttributeValues:
    """`{stage: regular}`: declared attributes, each with a value of its kind; values as JSON holds them."""

    words: str = "attributes with their new values: {stage: regular}"

    def read(self, node: Node, notes: Notebook) -> dict[str, Any] | None:
        if not isinstance(node, nodes.Mapping):
            notes.error(node.at, "D301", f"set is a mapping, and this is {shape(node)}", f"write {self.words}")
            return None
        if not node.entries:
            notes.error(node.at, "D312", "nothing stands here", f"write {self.words}")
        values = {key.text: _value(key, value, notes) for key, value in node.entries}
        return {name: value for name, value in values.items() if value is not None} or None

    def schema(self) -> Schema:
        return {"type": "object", "minProperties": 1, "additionalProperties": {"type": ["string", "number", "boolean"]}}


def _value(key: Scalar, node: Node, notes: Notebook) -> Any:
    if notes.attributes is None:
        return None
    attribute = notes.attributes.get(key.text)
    if attribute is None:
        notes.error(key.at, "D205", f'customers have no attribute "{key.text}"',
                    did_you_mean(key.text, list(notes.attributes), "declare it under attributes: in regulars.yaml"))
        return None
    return _fitting(attribute, VALUES[attribute.kind].read(node, notes), node, notes)


def _fitting(attribute: Attribute, read: Any, node: Node, notes: Notebook) -> Any:
    if attribute.options and read is not None and read not in attribute.options:
        notes.error(node.at, "D308", f'"{read}" is none of the declared values', did_you_mean(str(read), attribute.options))
        return None
    if isinstance(read, Decimal):
        return int(read) if read == read.to_integral_value() else float(read)
    return read.isoformat() if read is not None and attribute.kind is Kind.DATE else read


SEND_TABLE = Table("send", (
    Word("template", TEMPLATE, "a file of templates/", "how_was_it.mjml", required=True),
    Word("subject", TextsKind(all_languages=True), "the subject, which may hold Jinja", '{tr: "…", en: "…"}', required=True),
    Word("preheader", TextsKind(), "what inboxes show behind the subject", '"…"'),
    Word("from", MAILBOX, "instead of the automation's sender, or the shop's", '"Ada of Mahalle Kahve <ada@kahve.example>"'),
    Word("reply_to", MAILBOX, "instead of the automation's, or the shop's", '"ada@kahve.example"'),
    Word("topic", TOPIC_NAME, "instead of the automation's", "tips"),
    Word("offer", OFFER_NAME, "instead of the automation's: one code for each mail", "comeback-10"),
    Word("with", MapOf(WORD, FREE, "with"), "further values for the template, there called with.NAME", "{machine: moka}"),
), lambda read: Send("", **{_RENAMED.get(word, word): value for word, value in read.items()}) if {"template", "subject"} <= set(read) else None)

TAG_TABLE = Table("tag", (
    Word("add", TagsKind(), "the customer carries it from now on", "nurtured"),
    Word("remove", TagsKind(), "the customer carries it no more", "[new, sleeping]"),
))
WEBHOOK_TABLE = Table("webhook", (
    Word("url", SAFE_URL, "gets a signed POST with the journey, what started it and the customer, as JSON", "https://crm.example/hook", required=True),
), lambda read: Webhook("", **read) if read else None)
STOP_TABLE = Table("stop_mailing", (
    Word("reason", REASON, "stands on the list of those who are never written to", "sunset", required=True),
), lambda read: StopMailing("", **read) if read else None)


@dataclass(frozen=True, slots=True)
class TagStepKind:
    words: str = "{add: nurtured} or {remove: new}"

    def read(self, node: Node, notes: Notebook) -> Tag | None:
        read: dict[str, tuple[str, ...]] | None = TAG_TABLE.read(node, notes)
        if read is None or not isinstance(node, nodes.Mapping):
            return None
        if not node.entries:
            notes.error(node.at, "D312", "no tag stands here", f"write {self.words}")
        for tag in set(read.get("add", ())) & set(read.get("remove", ())):
            notes.error(node.at, "D315", f'the tag "{tag}" is added and removed at once', "keep one of the two")
        return Tag("", read.get("add", ()), read.get("remove", ())) if read else None

    def schema(self) -> Schema:
        return {**TAG_TABLE.schema(), "minProperties": 1}


@dataclass(frozen=True, slots=True)
class StepWord:
    """A kind of step. `make`: its value, still without its key, of what was read."""

    kind: ValueKind
    doc: str
    example: str
    make: Callable[[Any], Any] = field(default=lambda read: read)


# `if` and `split` hold steps themselves: steps.py.
PLAIN_STEPS: Mapping[str, StepWord] = MappingProxyType({
    "wait": StepWord(WaitKind(), "a length of time, then until a time of day, then until such a day; or for an event; or until it is quiet",
                     "3 days, until 10:00 local, on weekdays"),
    "send": StepWord(SEND_TABLE, "one mail", '{template: how_was_it.mjml, subject: "…"}'),
    "tag": StepWord(TagStepKind(), "adds and removes tags of the customer", "{add: nurtured}"),
    "set": StepWord(AttributeValues(), "sets declared attributes of the customer", "{stage: regular}", lambda values: SetAttributes("", values)),
    "webhook": StepWord(WEBHOOK_TABLE, "tells another system", "{url: https://crm.example/hook}"),
    "notify": StepWord(MAILBOX, "a few lines by mail to the team", "team@kahve.example", lambda mailbox: Notify("", mailbox.address)),
    "stop_mailing": StepWord(STOP_TABLE, "never writes to the customer again, and ends the journey", "{reason: sunset}"),
})
