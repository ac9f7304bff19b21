"""campaigns/*.yaml: what is sent to whom, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from regulars.definition import conditions as c
from regulars.definition import nodes
from regulars.definition.condition_words import SEGMENTS_OR_CONDITION
from regulars.definition.conditions import Condition
from regulars.definition.free import FREE
from regulars.definition.languages import TextsKind
from regulars.definition.names import TEMPLATE, TOPIC_NAME, DefinedName
from regulars.definition.nodes import Node
from regulars.definition.notebook import Name, Notebook
from regulars.definition.quantities import Duration
from regulars.definition.relay_words import RELAY_NAME
from regulars.definition.tables import Choice, MapOf, Table, Word
from regulars.definition.values import DURATION, MAILBOX, ROLL_OUT, SEND_AT, TEXT, WORD, Schema
from regulars.definition.workspace import Campaign, IfPast, OnUncertain


@dataclass(frozen=True, slots=True)
class AudienceKind:
    """One segment, a list of segments of which any will do, or a condition in which bare names are segments."""

    words: str = "a segment, or a list of them: [vip, slipping-away]"

    def read(self, node: Node, notes: Notebook) -> Condition | None:
        if isinstance(node, nodes.Sequence):
            parts = SEGMENTS_OR_CONDITION.parts(node, notes)
            return None if not parts else parts[0] if len(parts) == 1 else c.Any_(parts)
        return SEGMENTS_OR_CONDITION.read(node, notes)

    def schema(self) -> Schema:
        return SEGMENTS_OR_CONDITION.schema()


TABLE = Table("the campaign", (
    Word("campaign", DefinedName(Name.CAMPAIGN), "its name, in commands, reports and utm_campaign", "harvest-early", required=True),
    Word("description", TEXT, "for people", '"Early access for the best"'),
    Word("topic", TOPIC_NAME, "the topic that customers may leave", "news"),
    Word("to", AudienceKind(), "one or several segments, or a condition", "[gold, top-5-percent]", required=True),
    Word("except", AudienceKind(), "who of them gets nothing", "[bought-harvest]"),
    Word("send_at", SEND_AT, "a day and a time; `local` is each customer's own; without it when launched", "2026-12-01 09:00 local"),
    Word("if_past", Choice.of(IfPast), "for zones where that time is already past", "next day"),
    Word("expires_after", DURATION, "what has not left by then is not sent any more", "3 days"),
    Word("template", TEMPLATE, "a file of templates/", "harvest.mjml", required=True),
    Word("with", MapOf(WORD, FREE, "with"), "values for the template, there called with.NAME", "{opens_for_all: 2026-12-03}"),
    Word("subject", TextsKind(all_languages=True), "the subject, which may hold Jinja", '{tr: "…", en: "…"}', required=True),
    Word("preheader", TextsKind(), "what inboxes show behind the subject", '"…"'),
    Word("from", MAILBOX, "instead of the shop's sender", '"Ada of Mahalle Kahve <ada@kahve.example>"'),
    Word("reply_to", MAILBOX, "instead of the shop's", '"ada@kahve.example"'),
    Word("on_uncertain", Choice.of(OnUncertain),
         "when a mail may or may not have left: keep it for a decision, or send it again", "hold"),
    Word("roll_out", ROLL_OUT, "a random part first; the rest after a pause, if the first part did no harm", "2% first, then 1 hour pause"),
    Word("relay", RELAY_NAME, "where it leaves, if not by the shop's first relay", "receipts"),
), later=("trigger", "steps", "one_per", "again", "on_start", "recheck", "leave_when", "class", "over_limit",
          "not_later_than", "on_change", "offer", "market", "markets", "kind", "when", "hold_while", "contact_limits"),
    instead=("trigger", "steps"))

_RENAMED = {"except": "excluding", "from": "from_", "with": "with_", "campaign": "name"}


def read_campaign(node: Node, notes: Notebook) -> Campaign | None:
    read: dict[str, Any] | None = TABLE.read(node, notes)
    if not read or not {"campaign", "template", "subject"} <= set(read) or not isinstance(node, nodes.Mapping):
        return None
    name = node.get("campaign")
    assert name is not None
    _heed_expiry(node, read, notes)
    values = {_RENAMED.get(word, word): value for word, value in read.items()}
    # Without a readable `to` nobody is meant; its finding keeps the campaign from being launched at all.
    to = values.pop("to", c.Any_(()))
    return Campaign(to=to, segments=tuple(dict.fromkeys(_credited(to))), at=name.at, **values)


def _heed_expiry(node: nodes.Mapping, read: dict[str, Any], notes: Notebook) -> None:
    rolls, expires, at = read.get("roll_out"), read.get("expires_after"), node.get("expires_after")
    if rolls and expires and at and _length(expires) <= _length(rolls.pause):
        notes.error(at.at, "D315", f"what is left after {expires} is not sent any more, and the roll-out pauses for {rolls.pause}",
                    "let the mails expire well after the pause, or pause for less")


def _length(duration: Duration) -> int:
    """In seconds, near enough: a month counts as its shortest."""
    return duration.seconds + duration.months * 28 * 86_400


def _credited(condition: Condition) -> Iterator[str]:
    """The segments that a launch to this audience is credited to: those named outside of `not`."""
    if isinstance(condition, c.InSegment):
        yield condition.name
    elif isinstance(condition, (c.All, c.Any_)):
        for part in condition.parts:
            yield from _credited(part)
