"""Kinds of values a word may take: each reads a node, describes itself in words, and as JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from regulars.definition import nodes, units
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Notebook
from regulars.definition.units import Unfit

Schema = dict[str, Any]


class ValueKind(Protocol):
    """`words` continues "write …", as in "a length of time such as 60 days"."""

    @property
    def words(self) -> str: ...

    def read(self, node: Node, notes: Notebook) -> Any:
        """The value, or None after noting why there is none."""
        ...

    def schema(self) -> Schema: ...


@dataclass(frozen=True, slots=True)
class One:
    """A single value; `parse` raises Unfit. `text` kinds warn of what other YAML readers would misread."""

    words: str
    parse: Callable[[str, Notebook], Any]
    json: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    text: bool = False
    human: bool = False

    def read(self, node: Node, notes: Notebook) -> Any:
        scalar = single(node, notes, self.words)
        if scalar is None:
            return None
        if self.text:
            heed_traps(scalar, notes, human=self.human)
        return parsed(scalar, notes, self.parse)

    def schema(self) -> Schema:
        return dict(self.json)


def single(node: Node, notes: Notebook, words: str) -> Scalar | None:
    """The node if it is one value that is there."""
    if not isinstance(node, Scalar):
        notes.error(node.at, "D301", f"{shape(node)} stands where one value is expected", f"write {words}")
        return None
    if node.empty or (node.quoted and not node.text.strip()):
        notes.error(node.at, "D312", "nothing stands here", f"write {words}")
        return None
    return node


def parsed(scalar: Scalar, notes: Notebook, parse: Callable[[str, Notebook], Any]) -> Any:
    try:
        return parse(scalar.text, notes)
    except Unfit as unfit:
        notes.error(scalar.at, unfit.code, unfit.message, unfit.hint)
        return None


def shape(node: Node) -> str:
    if isinstance(node, nodes.Mapping):
        return "a mapping"
    return "a list" if isinstance(node, nodes.Sequence) else "a single value"


_READ_DIFFERENTLY = re.compile(
    r"(?P<word>y|n|yes|no|on|off|true|false|null|~)"
    r"|(?P<time>[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?)"
    r"|(?P<zero>[-+]?0[0-9_]+|0[xob][0-9a-f_]+)"
    r"|(?P<power>[-+]?\d[\d_]*(?:\.[\d_]*)?e[-+]?\d+)"
    r"|(?P<fraction>[-+]?(?:\d[\d_]*\.[\d_]*0|\.\d+|\d[\d_]*\.|\d+_[\d_]*|[-+]?\.(?:inf|nan)))", re.IGNORECASE)
_TAKEN_FOR = {"word": "yes, no or nothing", "time": "a number of seconds or minutes", "zero": "a number without its zeros",
              "power": "a large number", "fraction": "a number written differently"}


def heed_traps(scalar: Scalar, notes: Notebook, *, human: bool) -> None:
    """Warn of an unquoted text that other YAML readers misread, and of one that a comment cuts short."""
    if scalar.quoted:
        return
    if scalar.hash_at is not None:
        tell = notes.error if human else notes.warning
        rest = f"{scalar.text} #"
        tell(scalar.hash_at, "D109", "a comment begins at this #, so the text ends before it",
             f'put the text in double quotes: "{rest}…", or write a space behind the # if it is a comment')
    if human and scalar.text.startswith(tuple("“”„«‘")) and scalar.text.endswith(tuple("“”»’")):
        notes.warning(scalar.at, "D113", "typographic quotes do not quote: they are printed with the text",
                      f'put the text in straight double quotes: "{scalar.text[1:-1]}"')
    match = _READ_DIFFERENTLY.fullmatch(scalar.text)
    if match is not None and match.lastgroup:
        notes.warning(scalar.at, "D120", f"other YAML readers take {scalar.text} for {_TAKEN_FOR[match.lastgroup]}",
                      f'put it in double quotes: "{scalar.text}"')


# ---- texts --------------------------------------------------------------------------------------------------

def _as_text(text: str, _: Notebook) -> str:
    return text


def _one_line(text: str, _: Notebook) -> str:
    if "\n" in text.strip():
        raise Unfit("D314", "the text has more than one line", "write it on one line")
    return text.strip()


TEXT = One("a text in double quotes", _as_text, text=True, human=True)
LINE = One("a text in double quotes, on one line", _one_line, text=True, human=True)
WORD = One("a text", _as_text, {"type": ["string", "number"]}, text=True)


# ---- quantities ---------------------------------------------------------------------------------------------

_LONGEST_QUANTITY = 200


def quantity(parse: Callable[[str], Any]) -> Callable[[str, Notebook], Any]:
    """`parse` for texts of a length that a quantity can have."""
    def parse_short(text: str, _: Notebook) -> Any:
        if len(text) > _LONGEST_QUANTITY:
            raise Unfit("D314", f"{len(text)} characters are too many here", f"{_LONGEST_QUANTITY} are the most")
        return parse(text)
    return parse_short


DURATION_PATTERN = r"\d+ *(minute|hour|day|week|month|year)s?"
_DURATION_JSON = {"type": "string", "pattern": f"^{DURATION_PATTERN}$"}
NUMBER = One("a number such as 10 or 1.5", quantity(units.number), {"type": "number"})
WHOLE = One("a whole number such as 3", quantity(units.whole), {"type": "integer"})
MONEY = One("an amount such as 500 TRY", lambda text, notes: units.money(text, notes.currency),
            {"type": ["string", "number"], "pattern": r"^[\d.]+ *[A-Z]{3}$"})
DURATION = One("a length of time such as 60 days", quantity(units.duration), _DURATION_JSON)
RATE = One("a rate such as 50 per second", quantity(units.rate),
           {"type": "string", "pattern": r"^\d+ *(per|/) *(second|minute|hour|day)$"})
DAY = One("a date such as 2026-12-01", quantity(units.day), {"type": "string", "format": "date"})
SEND_AT = One("a time such as 2026-12-01 09:00 local", quantity(units.send_at),
              {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[ T]+\d{1,2}:\d\d(:00)?( local)?$"})
ROLL_OUT = One("a part and a pause such as 2% first, then 1 hour pause", quantity(units.roll_out),
               {"type": "string", "pattern": r"^\d+(\.\d+)?( ?%)?( mails?)? +first *, *(then +)?\d+ *(minute|hour|day|week|month|year)s?( +pause)?$"})
REWARD = One('a reward such as 15%, 100 TRY or "a bag of beans"', quantity(units.reward), text=True)
YES_NO = One("yes or no", quantity(units.yes_no), {"enum": ["yes", "no", True, False]})
MAILBOX = One('an address such as "Shop <hello@shop.example>"', quantity(units.mailbox), {"type": "string", "pattern": "@"}, text=True, human=True)


def _a_day_at_least(text: str, _: Notebook) -> Any:
    value = units.duration(text)
    if not value.months and value.seconds < 86_400:
        raise Unfit("D314", f"{text} is too short for a half-life", "write a day or longer: 30 days")
    return value


HALF_LIFE = One("a length of time of a day or longer, such as 30 days", _a_day_at_least, _DURATION_JSON)
