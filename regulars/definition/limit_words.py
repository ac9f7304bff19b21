"""`classes`, `contact_limits` and `hold_while` in regulars.yaml: how often and when anybody is written to at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from regulars.definition import nodes
from regulars.definition.limits import ALL, Cap, ContactLimits, QuietHours
from regulars.definition.names import NAME, DefinedKey
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Name, Notebook
from regulars.definition.quantities import Duration
from regulars.definition.schedules import clock
from regulars.definition.tables import ListOf
from regulars.definition.units import Unfit, duration
from regulars.definition.values import DURATION_PATTERN, One, Schema, quantity, shape
from regulars.diagnostics import did_you_mean

QUIET = "quiet_hours"
_MOST = 1_000


def cap(text: str) -> tuple[int, Duration]:
    """`3 per 7 days` or `1 per week`: so many in any stretch of that length."""
    match = re.fullmatch(r"(\d{1,9}) *(?:per|/) *(.+)", text)
    if match is None:
        raise Unfit("D320", f'"{text}" is not a limit', "write how many in which time: 3 per 7 days")
    count, per = int(match[1]), match[2].strip()
    if not 0 < count <= _MOST:
        raise Unfit("D314", f"{count} is too {'few' if count < 1 else 'many'} to be a limit",
                    f"write a number from 1 to {_MOST}; to stop a campaign: regulars pause, or automations disable")
    if not re.fullmatch(r"\d.*|minute|hour|day|week|month|year", per):
        raise Unfit("D320", f'"{text}" is not a limit', "write how many in which time: 3 per 7 days")
    return count, duration(per if per[0].isdigit() else f"1 {per}")


def quiet_hours(text: str) -> QuietHours:
    """`21:00-09:00 local`: from the first until the second, over midnight where the second is earlier."""
    match = re.fullmatch(r"(\S+?) *[-–] *(\S+?)( local)?", text)
    if match is None:
        raise Unfit("D307", f'"{text}" are no hours', 'write from when until when: "21:00-09:00 local"')
    begin, end = clock(match[1])[0], clock(match[2])[0]
    if begin == end:
        raise Unfit("D314", f"{text} is no time, or all of it", 'write from when until when: "21:00-09:00 local"')
    return QuietHours(begin, end, local=match[3] is not None)


CLASS = DefinedKey(Name.CLASS, NAME)
CAP_JSON = {"type": "string", "pattern": f"^\\d+ *(per|/) *({DURATION_PATTERN}|minute|hour|day|week|month|year)$"}
CAP = One("a limit such as 3 per 7 days", quantity(cap), CAP_JSON)
QUIET_HOURS = One('hours such as "21:00-09:00 local"', quantity(quiet_hours),
                  {"type": "string", "pattern": r"^\d{1,2}:\d\d *[-–] *\d{1,2}:\d\d( local)?$"})


def _hold(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)*\.open", text) or len(text) > 56:
        stem = re.sub(r"\.[a-z]*$", "", text) if re.fullmatch(r"[a-z][a-z0-9._-]*", text) else "support"
        raise Unfit("D311", f'"{text}" is nothing that can be open', f"write {stem}.open: it begins with the event {stem}.opened and ends with {stem}.closed")
    return text


@dataclass(frozen=True, slots=True)
class ClassesKind:
    """A list of classes, each once; the first wins."""

    words: str = "a list of names: [receipts, cart, news]"

    def read(self, node: Node, notes: Notebook) -> tuple[str, ...] | None:
        read: tuple[str, ...] | None = ListOf(CLASS).read(node, notes)
        _heed_second(node, "class", notes)
        return None if read is None else tuple(dict.fromkeys(read))

    def schema(self) -> Schema:
        return {**ListOf(CLASS).schema(), "uniqueItems": True}


@dataclass(frozen=True, slots=True)
class HoldKind:
    """What is open between two events, each once: `support.open` from support.opened until support.closed."""

    words: str = "a list such as [support.open]"

    def read(self, node: Node, notes: Notebook) -> tuple[str, ...] | None:
        read: tuple[str, ...] | None = ListOf(_HOLD).read(node, notes)
        _heed_second(node, "word", notes)
        return None if read is None else tuple(dict.fromkeys(read))

    def schema(self) -> Schema:
        return {**ListOf(_HOLD).schema(), "uniqueItems": True}


_HOLD = One("a word such as support.open", _hold, {"type": "string", "pattern": r"^[a-z][a-z0-9._-]*\.open$"}, text=True)


def events_of_holds(holds: Iterable[str]) -> list[str]:
    """The pairs of events by which they open and close."""
    return [f"{hold.removesuffix('.open')}.{end}" for hold in holds for end in ("opened", "closed")]


@dataclass(frozen=True, slots=True)
class ContactLimitsKind:
    """`{all: 3 per 7 days, offers: 1 per 7 days, quiet_hours: …}`; which topics and classes there are is asked afterwards."""

    words: str = '{all: 3 per 7 days, offers: 1 per 7 days, quiet_hours: "21:00-09:00 local"}'

    def read(self, node: Node, notes: Notebook) -> ContactLimits | None:
        if not isinstance(node, nodes.Mapping):
            notes.error(node.at, "D301", f"contact_limits is a mapping, and this is {shape(node)}", f"write {self.words}")
            return None
        caps = [Cap(key.text, *read) for key, value in node.entries if key.text != QUIET and (read := CAP.read(value, notes))]
        hours = node.get(QUIET)
        return ContactLimits(tuple(caps), None if hours is None else QUIET_HOURS.read(hours, notes))

    def schema(self) -> Schema:
        return {"type": "object", "properties": {QUIET: QUIET_HOURS.schema()}, "additionalProperties": CAP.schema()}


def heed_caps(node: Node | None, notes: Notebook) -> None:
    """Each cap is of all mail, or of a topic or class that the whole file declares."""
    known = [ALL, QUIET, *notes.defined[Name.TOPIC], *notes.defined[Name.CLASS]]
    for key, _ in node.entries if isinstance(node, nodes.Mapping) else ():
        if key.text not in known:
            notes.error(key.at, "D201", f'"{key.text}" is neither a topic nor a class',
                        did_you_mean(key.text, known, "name a topic or a class, or all; declare it under topics: or classes:"))


def _heed_second(node: Node, noun: str, notes: Notebook) -> None:
    seen: set[str] = set()
    for item in node.items if isinstance(node, nodes.Sequence) else ():
        if isinstance(item, Scalar) and item.text:
            if item.text in seen:
                notes.error(item.at, "D315", f'the {noun} "{item.text}" stands here twice', "keep the first of the two")
            seen.add(item.text)
