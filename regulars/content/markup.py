"""MJML read as tags and texts that know their offsets; names of constructs may stand anywhere in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

# Their content is not markup.
PLAIN_TEXT = frozenset({"mj-style", "mj-title", "mj-preview", "style", "title", "script"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})

_MARK = re.compile(
    r"(?P<comment><!--.*?-->)|(?P<other><!\[CDATA\[.*?\]\]>|<\?.*?\?>|<![A-Za-z][^>]*>)"
    r"|</(?P<close>[A-Za-z][\w:-]*)\s*>"
    r"|<(?P<open>[A-Za-z][\w:-]*)(?P<attributes>(?:[^\"'<>]|\"[^\"]*\"|'[^']*')*?)(?P<empty>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"(?P<name>[^\s=\"'/]+)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"']+)))?")


class Mark(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    EMPTY = "empty"      # <mj-image />
    TEXT = "text"
    PLAIN = "plain"      # the content of mj-style, mj-title …
    COMMENT = "comment"
    OTHER = "other"      # CDATA, a doctype, an XML declaration


@dataclass(frozen=True, slots=True)
class Attribute:
    """`value` is None when there is no `=`. Offsets count from the start of the skeleton."""

    name: str
    value: str | None
    at: int
    value_at: int


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is in lower case for HTML and as written for mj-*; `text` is the source of this event."""

    mark: Mark
    text: str
    at: int
    name: str = ""
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> Attribute | None:
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


def events_of(text: str) -> Iterator[Event]:
    at = 0
    while at < len(text):
        match = _MARK.search(text, at)
        if match is None:
            break
        if match.start() > at:
            yield Event(Mark.TEXT, text[at:match.start()], at)
        event = _event(match)
        yield event
        at = match.end()
        if event.mark is Mark.OPEN and event.name in PLAIN_TEXT:
            end = _end_of_plain(text, at, event.name)
            yield Event(Mark.PLAIN, text[at:end], at, event.name)
            at = end
    if at < len(text):
        yield Event(Mark.TEXT, text[at:], at)


def _event(match: re.Match[str]) -> Event:
    if match["comment"] is not None:
        return Event(Mark.COMMENT, match[0], match.start())
    if match["other"] is not None:
        return Event(Mark.OTHER, match[0], match.start())
    if match["close"] is not None:
        return Event(Mark.CLOSE, match[0], match.start(), _named(match["close"]))
    name = _named(match["open"])
    empty = bool(match["empty"]) or name in VOID
    attributes = tuple(_attributes(match["attributes"], match.start("attributes")))
    return Event(Mark.EMPTY if empty else Mark.OPEN, match[0], match.start(), name, attributes)


def _named(name: str) -> str:
    return name if name.lower().startswith("mj") else name.lower()


def _attributes(text: str, base: int) -> Iterator[Attribute]:
    for match in _ATTRIBUTE.finditer(text):
        for group in ("double", "single", "bare"):
            if match[group] is not None:
                yield Attribute(match["name"], match[group], base + match.start(), base + match.start(group))
                break
        else:
            yield Attribute(match["name"], None, base + match.start(), base + match.start())


def _end_of_plain(text: str, start: int, name: str) -> int:
    match = re.compile(rf"</{re.escape(name)}\s*>", re.IGNORECASE).search(text, start)
    return match.start() if match else len(text)
