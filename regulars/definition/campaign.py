"""campaigns/*.yaml: what is sent to whom once, or what happens to whom whenever something happens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from regulars.definition import conditions as c
from regulars.definition import nodes
from regulars.definition.automation_words import AUTOMATION_WORDS, automation_of
from regulars.definition.condition_words import SEGMENTS_OR_CONDITION
from regulars.definition.conditions import Condition
from regulars.definition.free import FREE
from regulars.definition.languages import TextsKind
from regulars.definition.names import CLASS_NAME, OFFER_NAME, TEMPLATE, TOPIC_NAME, DefinedName
from regulars.definition.nodes import Node
from regulars.definition.notebook import Name, Notebook
from regulars.definition.quantities import Duration
from regulars.definition.relay_words import RELAY_NAME
from regulars.definition.sense import heed_offers, heed_sense
from regulars.definition.tables import Choice, MapOf, Table, Word
from regulars.definition.units import Unfit, duration
from regulars.definition.values import (
    DURATION,
    DURATION_PATTERN,
    MAILBOX,
    ROLL_OUT,
    SEND_AT,
    TEXT,
    WORD,
    One,
    Schema,
    quantity,
)
from regulars.definition.workspace import Campaign, CampaignKind, IfPast, OnUncertain, Texts
from regulars.diagnostics import Location, nearest


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


def _over_limit(text: str) -> Duration | None:
    """None: dropped."""
    if text == "drop":
        return None
    match = re.fullmatch(r"wait up to (.+)", text)
    if match is None:
        raise Unfit("D308", f'"{text}" does not say what becomes of a mail beyond a contact limit', "write drop, or wait up to 2 days")
    return duration(match[1].strip())


OVER_LIMIT = One("drop, or wait up to 2 days", quantity(_over_limit), {"type": "string", "pattern": f"^(drop|wait up to {DURATION_PATTERN})$"})

_NAME = Word("campaign", DefinedName(Name.CAMPAIGN), "its name, in commands, reports and utm_campaign", "harvest-early", required=True)
_DESCRIPTION = Word("description", TEXT, "for people", '"Early access for the best"')
_TOPIC = Word("topic", TOPIC_NAME, "the topic that customers may leave", "news")
_MAIL = (
    Word("with", MapOf(WORD, FREE, "with"), "values for the template, there called with.NAME", "{opens_for_all: 2026-12-03}"),
    Word("preheader", TextsKind(), "what inboxes show behind the subject", '"…"'),
    Word("from", MAILBOX, "instead of the shop's sender", '"Ada of Mahalle Kahve <ada@kahve.example>"'),
    Word("reply_to", MAILBOX, "instead of the shop's", '"ada@kahve.example"'),
    Word("offer", OFFER_NAME, "one code of this offer for each mail, there called offer.code", "comeback-10"),
    Word("kind", Choice.of(CampaignKind), "a transactional one needs no consent and counts for no limit, and carries no offer; default: marketing", "marketing"),
    Word("class", CLASS_NAME, "of mails that are due on one day the first class of regulars.yaml wins", "news"),
    Word("over_limit", OVER_LIMIT, "what becomes of a mail beyond a contact limit; default: drop", "wait up to 2 days"),
    Word("on_uncertain", Choice.of(OnUncertain),
         "when a mail may or may not have left: keep it for a decision, or send it again", "hold"),
    Word("relay", RELAY_NAME, "where it leaves, if not by the shop's first relay", "receipts"),
)
_LATER = ("market", "markets")
_OF_THE_SHOP = dict.fromkeys(("contact_limits", "quiet_hours", "hold_while", "classes", "calendar", "offers", "events"), "it belongs into regulars.yaml, and holds for all campaigns")
_ONLY_AUTOMATIONS = {
    **_OF_THE_SHOP,
    **dict.fromkeys(("one_per", "again", "on_start", "recheck", "leave_when", "on_change", "entry_window"),
                    "it belongs to an automation, which has trigger: and steps: instead of to:"),
    "when": "say who gets it in to:", "not_later_than": "write expires_after:",
}
_ONLY_SENT_ONCE = {
    **_OF_THE_SHOP,
    "to": "whoever the trigger is about enters; to choose among them write when: {in_segment: …}",
    "except": "write when: {not: {in_segment: …}}", "send_at": "write a step wait: until 10:00 local, or trigger: {schedule: …}",
    "if_past": "not_later_than: says what becomes of mails that are late", "expires_after": "write not_later_than:",
    "roll_out": "its mails go one by one; to try two of them, write a step split:",
    **dict.fromkeys(("template", "subject"), 'each mail says its own: - send: {template: letter.mjml, subject: "…"}'),
}

TABLE = Table("the campaign", (
    _NAME, _DESCRIPTION, _TOPIC,
    Word("to", AudienceKind(), "one or several segments, or a condition", "[gold, top-5-percent]", required=True),
    Word("except", AudienceKind(), "who of them gets nothing", "[bought-harvest]"),
    Word("send_at", SEND_AT, "a day and a time; `local` is each customer's own; without it when launched", "2026-12-01 09:00 local"),
    Word("if_past", Choice.of(IfPast), "for zones where that time is already past", "next day"),
    Word("expires_after", DURATION, "what has not left by then is not sent any more", "3 days"),
    Word("template", TEMPLATE, "a file of templates/", "harvest.mjml", required=True),
    Word("subject", TextsKind(all_languages=True), "the subject, which may hold Jinja", '{tr: "…", en: "…"}', required=True),
    Word("roll_out", ROLL_OUT, "a random part first; the rest after a pause, if the first part did no harm", "2% first, then 1 hour pause"),
    *_MAIL,
), later=_LATER, elsewhere=_ONLY_AUTOMATIONS)
AUTOMATION_TABLE = Table("the automation", (_NAME, _DESCRIPTION, _TOPIC, *AUTOMATION_WORDS, *_MAIL), later=_LATER, elsewhere=_ONLY_SENT_ONCE)
BEGINNINGS = ("trigger", "steps")

_RENAMED = {"except": "excluding", "from": "from_", "with": "with_", "campaign": "name", "class": "class_"}


def read_campaign(node: Node, notes: Notebook) -> Campaign | None:
    notes.steps = {}
    return _automation(node, notes) if _is_automation(node) else _sent_once(node, notes)


def _is_automation(node: Node) -> bool:
    """It has a trigger or steps, or words that are meant so."""
    known = {word.name for table in (TABLE, AUTOMATION_TABLE) for word in table.words_}
    keys = [key.text for key, _ in node.entries] if isinstance(node, nodes.Mapping) else []
    return any(key in BEGINNINGS or (key not in known and nearest(key, BEGINNINGS)) for key in keys)


def _sent_once(node: Node, notes: Notebook) -> Campaign | None:
    read: dict[str, Any] | None = TABLE.read(node, notes)
    if not read or not {"campaign", "template", "subject"} <= set(read) or not isinstance(node, nodes.Mapping):
        return None
    _heed_expiry(node, read, notes)
    heed_offers(node, read, notes)
    # Without a readable `to` nobody is meant; its finding keeps the campaign from being launched at all.
    to = read.pop("to", c.Any_(()))
    return Campaign(to=to, segments=tuple(dict.fromkeys(_credited(to))), at=_place_of_name(node), **_renamed(read))


def _automation(node: Node, notes: Notebook) -> Campaign | None:
    read: dict[str, Any] | None = AUTOMATION_TABLE.read(node, notes)
    if not read or not isinstance(node, nodes.Mapping):
        return None
    heed_offers(node, read, notes)
    if not {"campaign", *BEGINNINGS} <= set(read):
        return None
    heed_sense(node, read, notes)
    automation = automation_of(read)
    own = {word: value for word, value in read.items() if word not in {word.name for word in AUTOMATION_WORDS}}
    return Campaign(to=c.Any_(()), template="", subject=Texts({}), automation=automation, at=_place_of_name(node), **_renamed(own))


def _renamed(read: dict[str, Any]) -> dict[str, Any]:
    return {_RENAMED.get(word, word): value for word, value in read.items()}


def _place_of_name(node: nodes.Mapping) -> Location | None:
    name = node.get("campaign")
    return None if name is None else name.at


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
