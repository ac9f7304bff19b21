"""The text part, read from the MJML: what mj-text, mj-button, tables and pictures say, with their links."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regulars.content.links import LinkSource
from regulars.content.markup import Attribute, Event, Mark, events_of
from regulars.content.source import Part, Skeleton
from regulars.content.tokenpass import split

# Where a new line begins, and where an empty line stands between.
_LINES = frozenset({"br", "tr", "div", "li", "mj-social-element", "mj-navbar-link"})
_PARAGRAPHS = frozenset({
    "p", "h1", "h2", "h3", "h4", "ul", "ol", "table", "mj-text", "mj-button", "mj-image", "mj-table", "mj-section",
    "mj-social", "mj-navbar", "mj-accordion-title", "mj-accordion-text", "mj-divider",
})
_SHOWN_IN = frozenset({
    "mj-text", "mj-button", "mj-table", "mj-raw", "mj-navbar-link", "mj-social-element", "mj-accordion-title",
    "mj-accordion-text",
})
_SPACE = re.compile(r"[^\S\xa0]+")
_OPENERS = re.compile(r"\{(?=[{%#])")


def text_of(skeleton: Skeleton, links: Sequence[LinkSource]) -> str:
    """A Jinja text. `links` are the template's."""
    return _Reader(skeleton, {link.at: link for link in links}).read()


def tidied(text: str) -> str:
    """The rendered text without what conditions left behind: at most one empty line, no trailing blanks, and no
    picture's alt that the next line says again."""
    kept: list[str] = []
    following = ""
    for raw in reversed(text.split("\n")):
        line = raw.strip()
        if not line:
            if kept and kept[-1]:
                kept.append("")
        elif not following.startswith(line):
            following = _BLANKS.sub(" ", line) if "  " in line else line
            kept.append(following)
    return "\n".join(reversed(kept)).strip() + "\n"


_BLANKS = re.compile(r"[ \t]{2,}")
_EMPTY = re.compile(r"\n{3,}")


@dataclass(slots=True)
class _Reader:
    skeleton: Skeleton
    by_place: Mapping[int, LinkSource]
    out: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)  # of open elements: tag, Jinja of its address

    def read(self) -> str:
        for event in events_of(self.skeleton.text):
            self._take(event)
        return tidied_source("".join(self.out))

    def _take(self, event: Event) -> None:
        if event.mark in (Mark.OPEN, Mark.EMPTY):
            self._begin(event)
            if event.mark is Mark.EMPTY:
                self._end(event.name)
            else:
                self.open.append(event.name)
        elif event.mark is Mark.CLOSE:
            self._end(event.name)
            if self.open and self.open[-1] == event.name:
                self.open.pop()
        elif event.mark is Mark.TEXT:
            self._text(event.text)

    def _begin(self, event: Event) -> None:
        self._break(event.name)
        href = event.get("href")
        if href is not None and self._in_body(event.name):
            self.targets.append((event.name, self.by_place[href.value_at].tracked))
        elif event.mark is Mark.OPEN:
            self.targets.append((event.name, ""))
        if event.name == "li":
            self.out.append("- ")
        if event.name in ("mj-image", "img") and self._in_body(event.name):
            self._picture(event.get("alt"))

    def _picture(self, alt: Attribute | None) -> None:
        if alt is not None and alt.value:
            self._literal(alt.value)
        elif self.targets and self.targets[-1][0] == "mj-image":
            self.targets[-1] = ("mj-image", "")  # an ornament; its address alone would say nothing

    def _end(self, name: str) -> None:
        if self.targets and self.targets[-1][0] == name:
            _, target = self.targets.pop()
            if target:
                self.out.append(f" {target}" if name != "mj-button" else f"\n{target}")
        if name in ("td", "th"):
            self.out.append("  ")
        self._break(name)

    def _break(self, name: str) -> None:
        if name in _PARAGRAPHS:
            self.out.append("\n\n")
        elif name in _LINES and not self._at_line_start():
            self.out.append("\n")

    def _at_line_start(self) -> bool:
        last = next((part for part in reversed(self.out) if part.strip(" ")), "\n")
        return last.rstrip(" ").endswith("\n")

    def _text(self, text: str) -> None:
        if any(name in _SHOWN_IN for name in self.open):
            self._literal(text)
            return
        for _, piece in split(text, self.skeleton):
            if piece is not None and piece.part is Part.BLOCK:
                self.out.append(piece.text)

    def _literal(self, text: str) -> None:
        for literal, piece in split(text, self.skeleton):
            if piece is not None:
                self.out.append(piece.text)
            else:
                said = html.unescape(_SPACE.sub(" ", literal))
                self.out.append(_OPENERS.sub('{{ "{" }}', said))

    def _in_body(self, name: str) -> bool:
        return "mj-body" in self.open and name not in ("link", "base")


def tidied_source(text: str) -> str:
    return _EMPTY.sub("\n\n", re.sub(r" *\n *", "\n", text)).strip() + "\n"
