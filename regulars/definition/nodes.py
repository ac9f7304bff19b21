"""The only reader of YAML: a file's text becomes nodes that know where every key, value and item was written.

Scalars stay text; the field that reads one decides what it is, so `country: NO` is the text NO. What YAML would
silently take for something else (anchors, tags, a comment in a text) is a finding, and what stops the parser is
mended for the moment (`mending.py`), so that all problems of a file come at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from regulars.definition.mending import Broken, explained, mended_pages, unreadable_text
from regulars.definition.page import Page
from regulars.definition.troubles import shown
from regulars.diagnostics import Finding, Location

MOST_BYTES = 1_000_000
DEEPEST = 50
MOST_MENDS = 40
LARGE = 64_000         # characters; each mend reads the file again, so a large file gets few
MENDS_WHEN_LARGE = 3
_GLUED_HASH = re.compile(r"[ \t]+(#\S.*)")
_NUMBER_WITH_COMMAS = re.compile(r"-?\d+(?:,\d+)+(?: [A-Z]{2,3})?")


@dataclass(frozen=True, slots=True)
class Scalar:
    """`text` as meant. `text_at`: its first character, behind a quote. `hash_at`: a `#` glued to what follows it,
    right behind an unquoted text."""

    text: str
    at: Location
    text_at: Location
    quoted: bool = False
    hash_at: Location | None = None

    @property
    def empty(self) -> bool:
        return not self.quoted and self.text == ""


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: tuple[tuple[Scalar, Node], ...]
    at: Location

    def get(self, word: str) -> Node | None:
        return next((value for key, value in self.entries if key.text == word), None)


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    at: Location


Node = Scalar | Mapping | Sequence


@dataclass(frozen=True, slots=True)
class Composed:
    """`node` is None when the file could not be read to its end."""

    node: Node | None
    findings: tuple[Finding, ...]


def compose(path: str, text: str) -> Composed:
    """Read one file. Never raises: whatever is wrong with the text is a finding with a place in it."""
    refusal = unreadable_text(path, text, MOST_BYTES)
    if refusal is not None:
        return Composed(None, (refusal,))
    page = Page.of(path, text.removeprefix("\ufeff"))
    outcome = _attempt(page)
    for _ in range(MENDS_WHEN_LARGE if len(text) > LARGE else MOST_MENDS):
        if not isinstance(outcome, Broken):
            break
        further = _further(page, outcome)
        if further is None:
            return Composed(None, (*page.findings, explained(page, outcome)))
        page, outcome = further
    if isinstance(outcome, Broken):
        return Composed(None, page.findings)
    return Composed(outcome.node, (*page.findings, *outcome.findings))


def _further(page: Page, broken: Broken) -> tuple[Page, Composed | Broken] | None:
    """The first mend after which the parser gets further than before."""
    for candidate in mended_pages(page, broken):
        outcome = _attempt(candidate)
        if not isinstance(outcome, Broken) or outcome.reached > broken.reached:
            return candidate, outcome
    return None


def _attempt(page: Page) -> Composed | Broken:
    try:
        return _Composer(page).compose()
    except _Refused as refused:
        return Composed(None, (refused.finding,))
    except MarkedYAMLError as error:
        return _broken(error)
    except ReaderError as error:
        line = page.text.count("\n", 0, error.position)
        column = error.position - (page.text.rfind("\n", 0, error.position) + 1)
        return Broken(f"unacceptable character #x{error.character:04x}", (line, column))
    except (ValueError, IndexError, AttributeError, TypeError, OverflowError) as error:
        # The parser trips over a few broken escapes and directives with errors of its own making.
        return Broken(str(error), (0, 0))


def _broken(error: MarkedYAMLError) -> Broken:
    mark, context = error.problem_mark, error.context_mark
    place = (mark.line, mark.column) if mark else (0, 0)
    return Broken(str(error.problem), place, (context.line, context.column) if context else None)


class _Refused(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(slots=True)
class _Cut:
    """An unquoted value in `{…}` and what followed it without a colon: pieces of one text, cut by commas."""

    word: str
    value: Any
    pieces: int = 0
    end: Any = None


class _Composer:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.findings: list[Finding] = []
        self.events: Iterator[Any] = YAML(typ="safe", pure=True).parse(page.text)

    def compose(self) -> Composed:
        node: Node | None = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                self._refuse_directives(event, first=node is None)
                if node is None:
                    node = self._node(next(self.events), 0)
                else:
                    self._node(next(self.events), 0)
        if node is None:
            self._say(Location(self.page.path), "D122", "the file is empty", "write its content or delete the file")
        return Composed(node, tuple(self.findings))

    def _refuse_directives(self, event: Any, *, first: bool) -> None:
        place = self.page.place(event.start_mark.line, event.start_mark.column, 3)
        if event.version is not None or event.tags:
            self._say(place, "D121", "YAML directives (lines with %) are not used here", "delete the line")
        if not first:
            self._say(place, "D121", "a second document begins here", "one file, one document: delete the ---")

    def _node(self, event: Any, depth: int) -> Node:
        if depth > DEEPEST:
            place = self.page.place(event.start_mark.line, event.start_mark.column)
            raise _Refused(Finding(place, "D104", f"values are nested more than {DEEPEST} deep",
                                   "write it flatter, or split it into several files"))
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        self._refuse_signs(event)
        at = self.page.place(event.start_mark.line, event.start_mark.column)
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, at, depth)
        items = []
        for item in self.events:
            if isinstance(item, CollectionEndEvent):
                break
            items.append(self._node(item, depth + 1))
        return Sequence(tuple(items), at)

    def _mapping(self, start: Any, at: Location, depth: int) -> Node:
        entries: dict[str, tuple[Scalar, Node]] = {}
        cut: _Cut | None = None
        braces: Location | None = None
        for event in self.events:
            if isinstance(event, CollectionEndEvent):
                self._mend_cut(entries, cut)
                if braces is not None:
                    return self._text_in_braces(start, event)
                break
            if isinstance(event, StreamEndEvent):  # pragma: no cover  the parser closes what it opened
                break
            key = self._node(event, depth + 1)
            value_event = next(self.events)
            if not isinstance(key, Scalar):
                braces = braces or key.at
                self._node(value_event, depth + 1)
            elif start.flow_style and cut and _has_no_colon(value_event, event):
                cut.pieces += 1
                cut.end = event.end_mark
            else:
                self._mend_cut(entries, cut)
                value = self._node(value_event, depth + 1)
                if isinstance(value, Scalar) and value.empty:
                    behind = self.page.place(event.end_mark.line, event.end_mark.column + 1)
                    value = replace(value, at=behind, text_at=behind)
                self._enter(entries, key, value)
                plain = isinstance(value_event, ScalarEvent) and not value_event.style and value_event.value
                cut = _Cut(key.text, value_event) if plain else None
        return Mapping(tuple(entries.values()), at)

    def _enter(self, entries: dict[str, tuple[Scalar, Node]], key: Scalar, value: Node) -> None:
        if key.text in entries:
            first = entries[key.text][0].at.line
            self._say(key.at, "D105", f'"{key.text}" stands here twice; the first is in line {first}',
                      "for equal parts write a list: [{50%: …}, {50%: …}]" if key.text.endswith("%") else "keep one of the two")
        else:
            entries[key.text] = (key, value)

    def _mend_cut(self, entries: dict[str, tuple[Scalar, Node]], cut: _Cut | None) -> None:
        """Give a text back what commas cut off; of a number its reader says what is wrong."""
        if cut is None or not cut.pieces:
            return
        start, first_end = cut.value.start_mark, cut.value.end_mark
        text = self.page.between((start.line, start.column), (cut.end.line, cut.end.column))
        key, value = entries[cut.word]
        number = _NUMBER_WITH_COMMAS.fullmatch(text) is not None
        if isinstance(value, Scalar):
            entries[cut.word] = (key, replace(value, text=text, quoted=not number))
        if not number:
            comma = self.page.place(first_end.line, first_end.column)
            self._say(comma, "D114", "inside {…} a comma ends an unquoted text",
                      f"put the text in double quotes: {cut.word}: {shown(text)}")

    def _text_in_braces(self, start: Any, end: Any) -> Scalar:
        """`subject: {{ name }}` is a mapping to YAML; nobody means that."""
        first, last = start.start_mark, end.end_mark
        text = self.page.between((first.line, first.column), (last.line, last.column))
        at = self.page.place(first.line, first.column, len(text))
        self._say(at, "D111", "an unquoted text may not start with {", f"put the text in double quotes: {shown(text)}")
        return Scalar(text, at, at, quoted=True)

    def _scalar(self, event: Any) -> Scalar:
        start, end = event.start_mark, event.end_mark
        same_line = start.line == end.line
        length = end.column - start.column if same_line else len(self.page.lines[start.line]) - start.column
        at = self.page.place(start.line, start.column, length)
        if event.anchor is not None or event.ctag is not None:
            text = self._refuse_signs(event)
            return Scalar(text, at, at, quoted=True)
        if event.style is None:
            return Scalar(event.value, at, at, hash_at=self._hash_behind(end) if event.value else None)
        return Scalar(event.value, at, self._behind_quote(event), quoted=True)

    def _behind_quote(self, event: Any) -> Location:
        line, column = event.start_mark.line, event.start_mark.column
        if event.style in "'\"":
            return self.page.place(line, column + 1)
        following = self.page.lines[line + 1] if line + 1 < len(self.page.lines) else ""
        return self.page.place(line + 1, len(following) - len(following.lstrip(" ")))

    def _hash_behind(self, end: Any) -> Location | None:
        line = self.page.lines[end.line] if end.line < len(self.page.lines) else ""
        found = _GLUED_HASH.match(line, end.column)
        return self.page.place(end.line, found.start(1), len(found[1])) if found else None

    def _alias(self, event: Any) -> Scalar:
        start, end = event.start_mark, event.end_mark
        text = self.page.between((start.line, start.column), (end.line, end.column))
        at = self.page.place(start.line, start.column, len(text))
        self._say(at, "D107", f'"{text}" is an alias to YAML, not a text',
                  f"put the text in double quotes: {shown(text)}; aliases are not used here")
        return Scalar(text, at, at, quoted=True)

    def _refuse_signs(self, event: Any) -> str:
        """Say what an anchor or a tag is; the text as the author meant it."""
        if event.anchor is None and event.ctag is None:
            return ""
        start, end = event.start_mark, event.end_mark
        text = self.page.between((start.line, start.column), (end.line, end.column)) or "&"
        sign = text.split(maxsplit=1)[0]
        at = self.page.place(start.line, start.column, len(sign))
        code, noun = ("D108", "tag") if text.startswith("!") else ("D106", "anchor")
        wayout = f"put the text in double quotes: {shown(text)}; " if isinstance(event, ScalarEvent) else ""
        self._say(at, code, f'"{sign}" is {"an" if noun == "anchor" else "a"} {noun} to YAML, not a text',
                  f"{wayout}{noun}s are not used here")
        return text

    def _say(self, at: Location, code: str, message: str, hint: str) -> None:
        self.findings.append(Finding(at, code, message, hint))


def _has_no_colon(value: Any, key: Any) -> bool:
    """`Ada` in `{tr: Merhaba, Ada}`: a key whose value is nothing, written nowhere."""
    mark = value.start_mark
    return (isinstance(value, ScalarEvent) and not value.value and value.style is None
            and (mark.line, mark.column) == (key.end_mark.line, key.end_mark.column))
