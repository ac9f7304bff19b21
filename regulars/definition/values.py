"""Kinds of values a word may take: each reads a node, describes itself in words, and as JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo, available_timezones

from regulars.definition import nodes, units
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Name, Notebook
from regulars.definition.units import Unfit
from regulars.definition.workspace import Texts
from regulars.diagnostics import did_you_mean

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


@dataclass(frozen=True, slots=True)
class TextsKind:
    """One text for all, or one a language. `all_languages`: say which of the shop's languages have none."""

    all_languages: bool = False
    words: str = 'a text in double quotes, or one a language: {en: "…", tr: "…"}'

    def read(self, node: Node, notes: Notebook) -> Texts | None:
        if isinstance(node, Scalar):
            text = LINE.read(node, notes)
            return None if text is None else Texts({"": text}, {"": node.text_at})
        if isinstance(node, nodes.Sequence):
            notes.error(node.at, "D301", "a list stands where a text is expected", f"write {self.words}")
            return None
        texts, places = {}, {}
        for language, value in node.entries:
            self._heed_language(language, notes)
            text = LINE.read(value, notes)
            if text is not None and isinstance(value, Scalar):
                texts[language.text], places[language.text] = text, value.text_at
        missing = [name for name in notes.languages or () if name not in {key.text for key, _ in node.entries}]
        if self.all_languages and missing and node.entries:
            notes.warning(node.at, "D211", f"there is no text in {' and '.join(missing)}",
                          f'customers of that language get another one: add {missing[0]}: "…"')
        if not node.entries:
            notes.error(node.at, "D312", "nothing stands here", f"write {self.words}")
        return Texts(texts, places) if texts else None

    def schema(self) -> Schema:
        return {"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}

    @staticmethod
    def _heed_language(key: Scalar, notes: Notebook) -> None:
        heed_traps(key, notes, human=False)
        if notes.languages is not None and key.text not in notes.languages:
            notes.error(key.at, "D212", f'the shop has no language "{key.text}"',
                        f"declared in regulars.yaml: {', '.join(notes.languages)}")


# ---- names --------------------------------------------------------------------------------------------------

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TURKISH = str.maketrans("çğıöşüəÇĞİÖŞÜƏ", "cgiosueCGIOSUE")


def _slug(text: str, _: Notebook) -> str:
    if len(text) > 64:
        raise Unfit("D311", f"the name has {len(text)} characters", "64 are the most")
    if _SLUG.fullmatch(text):
        return text
    mended = re.sub(r"[^a-z0-9]+", "-", text.translate(_TURKISH).lower()).strip("-")
    raise Unfit("D311", f'"{text}" cannot be a name', f"small letters a-z, digits and hyphens: {mended or 'my-name'}")


NAME = One("a name of small letters, digits and hyphens", _slug, {"type": "string", "pattern": f"^{_SLUG.pattern}$"}, text=True)


@dataclass(frozen=True, slots=True)
class DefinedName:
    """The name by which other files call this one."""

    of: Name
    words: str = NAME.words

    def read(self, node: Node, notes: Notebook) -> str | None:
        name: str | None = NAME.read(node, notes)
        if isinstance(node, Scalar) and node.text:
            notes.define(self.of, node.text, node.at)
        return name

    def schema(self) -> Schema:
        return NAME.schema()


@dataclass(frozen=True, slots=True)
class NameOf:
    """A name that another file defines; resolved when all files are read."""

    of: Name
    words: str
    contained: bool = False  # the file being read is made of what is named, so names must not go in circles

    def read(self, node: Node, notes: Notebook) -> str | None:
        scalar = single(node, notes, self.words)
        if scalar is None:
            return None
        heed_traps(scalar, notes, human=False)
        notes.refer(self.of, scalar.text, scalar.at, contained=self.contained)
        return scalar.text

    def schema(self) -> Schema:
        return {"type": "string"}


SEGMENT_NAME = NameOf(Name.SEGMENT, "the name of a segment", contained=True)
SCORED_SEGMENT = NameOf(Name.SEGMENT, "the name of a segment")
CAMPAIGN_NAME = NameOf(Name.CAMPAIGN, "the name of a campaign")
TOPIC_NAME = NameOf(Name.TOPIC, "a topic of regulars.yaml")


@dataclass(frozen=True, slots=True)
class FileOf:
    """A file of the workspace whose path fits `form` and climbs nowhere."""

    of: Name
    form: re.Pattern[str]
    words: str

    def read(self, node: Node, notes: Notebook) -> str | None:
        scalar = single(node, notes, self.words)
        if scalar is None:
            return None
        heed_traps(scalar, notes, human=False)
        if not self.form.fullmatch(scalar.text) or ".." in scalar.text.split("/"):
            notes.error(scalar.at, "D311", f'"{scalar.text}" is not a usable name of a {self.of}', f"name {self.words}")
            return None
        notes.refer(self.of, scalar.text, scalar.at)
        return scalar.text

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{self.form.pattern}$"}


TEMPLATE = FileOf(Name.TEMPLATE, re.compile(r"(?!templates/)[\w.-][\w./-]*\.mjml"), "a file of templates/, such as win_back.mjml")
RATES_FILE = FileOf(Name.RATES, re.compile(r"data/[\w.-]+\.csv"), "a CSV file of data/, such as data/rates.csv")


# ---- quantities ---------------------------------------------------------------------------------------------

def _ignoring_notes(parse: Callable[[str], Any]) -> Callable[[str, Notebook], Any]:
    return lambda text, _: parse(text)


_DURATION_JSON = {"type": "string", "pattern": r"^\d+ *(minute|hour|day|week|month|year)s?$"}
NUMBER = One("a number such as 10 or 1.5", _ignoring_notes(units.number), {"type": "number"})
WHOLE = One("a whole number such as 3", _ignoring_notes(units.whole), {"type": "integer"})
MONEY = One("an amount such as 500 TRY", lambda text, notes: units.money(text, notes.currency),
            {"type": ["string", "number"], "pattern": r"^[\d.]+ *[A-Z]{3}$"})
DURATION = One("a length of time such as 60 days", _ignoring_notes(units.duration), _DURATION_JSON)
PERCENT = One("a percentage such as 5%", _ignoring_notes(units.percent), {"type": "string", "pattern": r"^[\d.]+ *%$"})
DAY = One("a date such as 2026-12-01", _ignoring_notes(units.day), {"type": "string", "format": "date"})
SEND_AT = One("a time such as 2026-12-01 09:00 local", _ignoring_notes(units.send_at),
              {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[ T]+\d{1,2}:\d\d(:00)?( local)?$"})
YES_NO = One("yes or no", _ignoring_notes(units.yes_no), {"enum": ["yes", "no", True, False]})
MAILBOX = One('an address such as "Shop <hello@shop.example>"', _ignoring_notes(units.mailbox), text=True, human=True)


def _a_day_at_least(text: str, _: Notebook) -> Any:
    value = units.duration(text)
    if not value.months and value.seconds < 86_400:
        raise Unfit("D314", f"{text} is too short for a half-life", "write a day or longer: 30 days")
    return value


HALF_LIFE = One("a length of time of a day or longer, such as 30 days", _a_day_at_least, _DURATION_JSON)


# ---- the wide world -----------------------------------------------------------------------------------------

def _url(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+\.[^\s/?#@.]+(?::\d+)?(?:[/?#]\S*)?|https?://localhost(?::\d+)?/?", text):
        raise Unfit("D310", f'"{text}" is not a web address', "write it in full: https://shop.example")
    return text.rstrip("/")


def _zone(text: str, _: Notebook) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        hint = did_you_mean(text, sorted(available_timezones()), "write a zone like Europe/Istanbul or Asia/Baku")
        raise Unfit("D313", f'"{text}" is not a time zone', hint) from None
    return text


def _currency(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        meant = units.SAID_FOR_CURRENCY.get(text.upper(), text.upper() if len(text) == 3 else "TRY")
        raise Unfit("D313", f'"{text}" is not a currency', f"write its three capital letters: {meant}")
    return text


@cache
def _known_locale(text: str) -> bool:
    from babel import localedata

    return bool(localedata.exists(text.replace("-", "_")))


def _locale(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", text) or not _known_locale(text):
        raise Unfit("D313", f'"{text}" is not a language that dates and prices can be written in', "write it like tr, az or en-GB")
    return text


URL = One("a web address such as https://shop.example", _url, {"type": "string", "format": "uri"}, text=True)
ZONE = One("a time zone such as Europe/Istanbul", _zone, text=True)
CURRENCY = One("a currency such as TRY", _currency, {"type": "string", "pattern": "^[A-Z]{3}$"}, text=True)
LOCALE = One("a language such as tr", _locale, text=True)


# ---- free content -------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Free:
    """What an author may give to templates: texts, numbers, dates, yes/no, lists and mappings, as written."""

    words: str = "a text, number, date, list or mapping"

    def read(self, node: Node, notes: Notebook) -> Any:
        if isinstance(node, nodes.Mapping):
            return {key.text: self.read(value, notes) for key, value in node.entries}
        if isinstance(node, nodes.Sequence):
            return [self.read(item, notes) for item in node.items]
        return node.text if node.quoted else _typed(node, notes)

    def schema(self) -> Schema:
        return {}


def _typed(scalar: Scalar, notes: Notebook) -> str | int | Decimal | date | bool | None:
    """An unquoted value as the author most probably meant it."""
    text = scalar.text
    if not text:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        day: date | None = parsed(scalar, notes, DAY.parse)
        return day
    if re.fullmatch(r"-?[1-9]\d{0,2}(?:[.,]\d{3})+", text):
        parsed(scalar, notes, NUMBER.parse)
        return None
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,17})", text):
        return int(text)
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,17})\.\d{1,12}", text):
        return Decimal(text)
    heed_traps(scalar, notes, human=True)
    return text


FREE = Free()
