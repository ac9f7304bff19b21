"""`referral:` in regulars.yaml: what a friend and the customer who brought them get, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from regulars.definition import nodes
from regulars.definition.limit_words import CAP_JSON, cap
from regulars.definition.names import SCORED_SEGMENT
from regulars.definition.nodes import Node
from regulars.definition.notebook import Notebook
from regulars.definition.offer_words import AMOUNTS
from regulars.definition.programme import ReferralProgramme, Reward
from regulars.definition.quantities import Duration
from regulars.definition.tables import Choice, MapOf, Table, Word
from regulars.definition.units import Unfit, whole
from regulars.definition.values import DURATION, REWARD, One, Schema, quantity

REST = "rest"


@dataclass(frozen=True, slots=True)
class AdvocateKind:
    """A reward for all; or by segments, of which the first that fits wins, and one for the rest. Reads to (rest, by segment)."""

    words: str = "a reward such as 100 TRY, or by segment {vip: 200 TRY, rest: 100 TRY}"

    def read(self, node: Node, notes: Notebook) -> tuple[Reward, dict[str, Reward]] | None:
        if not isinstance(node, nodes.Mapping):
            reward = REWARD.read(node, notes)
            return None if reward is None else (reward, {})
        by_segment = {}
        for key, value in node.entries:
            name = key.text if key.text == REST else SCORED_SEGMENT.read(key, notes)
            reward = REWARD.read(value, notes)
            if name is not None and reward is not None:
                by_segment[name] = reward
        if node.get(REST) is None:
            notes.error(node.at, "D204", "nothing is said about those who are in none of the segments", "add rest: 100 TRY")
        rest = by_segment.pop(REST, None)
        return None if rest is None else (rest, by_segment)

    def schema(self) -> Schema:
        return {"anyOf": [REWARD.schema(), {"type": "object", "required": [REST], "additionalProperties": REWARD.schema()}]}


def _friends(text: str) -> int:
    count = whole(text)
    if not 0 < count < 10**6:
        raise Unfit("D314", f"{count} friends are no milestone", "write how many confirmed friends: 5")
    return count


def _cap(text: str) -> tuple[int, Duration | None]:
    return (_friends(text), None) if re.fullmatch(r"\d{1,9}", text) else cap(text)


MILESTONES = MapOf(One("a number of friends such as 5", quantity(_friends)), REWARD, "milestones")


def _programme(read: dict[str, Any]) -> ReferralProgramme | None:
    if not {"friend", "advocate"} <= set(read):
        return None
    advocate, by_segment = read.pop("advocate")
    most, per = read.pop("cap", (None, None))
    return ReferralProgramme(advocate=advocate, by_segment=by_segment, cap=most, cap_per=per, **read)


REFERRAL_TABLE = Table("referral", (
    Word("friend", REWARD, "what the friend gets, as printed in mails: a share, an amount, something in kind, or a donation", "15%", required=True),
    Word("advocate", AdvocateKind(), "what the customer gets who brought them, or what by segment; the first segment that fits wins",
         "{vip: 200 TRY, rest: 100 TRY}", required=True),
    Word("after", Choice({"first order": "first order"}), "which order of the friend counts", "first order"),
    Word("confirmed_after", DURATION, "an order that is returned within this time earns nothing; default: 14 days", "14 days"),
    Word("minimum", AMOUNTS, "what the friend's order must come to", '"500 TRY / 20 AZN"'),
    Word("milestones", MILESTONES, "so many confirmed friends earn something extra", '{5: "250 g of this month\'s beans"}'),
    Word("expires_after", DURATION, "a reward that is not used by then is void", "1 year"),
    Word("cap", One("a number such as 5 per 30 days", quantity(_cap), {"anyOf": [{"type": "integer", "minimum": 1}, CAP_JSON]}),
         "the most rewarded friends of one customer", "5 per 30 days"),
), _programme)
