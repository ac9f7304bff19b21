"""From a template and everything it draws in, one list of pieces: layouts filled, includes expanded.

A layout is chosen by `{% extends "layouts/main.mjml" %}` and has holes: `{% block body %}…{% endblock %}`.
`<mj-include path="partials/card.mjml" with="item=item" />` puts a part in place; its arguments are seen
inside the part only. Paths start at templates/, and `card.tr.mjml` beside `card.mjml` wins for Turkish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jinja2.lexer import Lexer

from regulars.content.source import Files, Part, Piece, Unreadable, construct
from regulars.diagnostics import Finding, Location, did_you_mean

ROOT = "templates/"
MOST_CHARACTERS = 1_000_000
_INCLUDE = re.compile(r"<!--.*?-->|<mj-include\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(?:/>|>\s*</mj-include\s*>|>)", re.DOTALL)
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_PLAIN_PATH = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*")


@dataclass(slots=True)
class Assembler:
    """Assembles templates in one language; `findings` collects what is wrong on the way."""

    lexer: Lexer
    files: Files
    language: str
    findings: list[Finding] = field(default_factory=list)
    drawn: int = 0  # characters of all parts so far

    def assemble(self, path: str) -> tuple[Piece, ...]:
        """`path` is below templates/. Raises Unreadable when nothing sensible is left."""
        chosen = self.choose(path)
        self.drawn = 0
        return tuple(self._expanded(self._filled(chosen, {}, (chosen,)), (chosen,)))

    def choose(self, path: str) -> str:
        """The file that serves `path` in this language, as a path of the workspace."""
        stem, dot, ending = path.rpartition(".")
        own = f"{ROOT}{stem}.{self.language}{dot}{ending}"
        return own if own in self.files else ROOT + path

    # Layouts

    def _filled(self, path: str, blocks: dict[str, list[Piece]], stack: tuple[str, ...]) -> list[Piece]:
        pieces = list(self.files.pieces(self.lexer, path))
        first = next((p for p in pieces if p.part is not Part.TEXT or p.text.strip()), None)
        if first is None or first.keyword != "extends":
            self._names_known(blocks, pieces, path)
            return list(self._holes(pieces, blocks))
        layout = self._layout(first, stack)
        own, ahead = self._blocks(pieces[pieces.index(first) + 1:])
        return [*ahead, *self._filled(layout, {**own, **blocks}, (*stack, layout))]

    def _layout(self, piece: Piece, stack: tuple[str, ...]) -> str:
        target = piece.words[1] if len(piece.words) == 2 else None
        place = self.files.place(piece.path, piece.offset, len(piece.text))
        if target is None or target.kind != "string":
            hint = 'write {% extends "layouts/main.mjml" %}'
            raise Unreadable(Finding(place, "C107", "a layout is named by a text in quotes", hint))
        return self._found(target.text[1:-1], place, stack)

    def _blocks(self, pieces: Sequence[Piece]) -> tuple[dict[str, list[Piece]], list[Piece]]:
        blocks: dict[str, list[Piece]] = {}
        ahead: list[Piece] = []
        at = 0
        while at < len(pieces):
            piece = pieces[at]
            if piece.keyword == "block":
                end = self._end_of(pieces, at)
                blocks[_name(piece)] = list(pieces[at + 1:end])
                at = end
            elif piece.keyword in ("set", "import", "from", "macro"):
                ahead.append(piece)
            elif piece.part is not Part.TEXT or piece.text.strip():
                self._lost(piece)
            at += 1
        return blocks, ahead

    def _holes(self, pieces: Sequence[Piece], blocks: dict[str, list[Piece]]) -> Iterator[Piece]:
        at = 0
        while at < len(pieces):
            if pieces[at].keyword == "block":
                end = self._end_of(pieces, at)
                filling = blocks.get(_name(pieces[at]), pieces[at + 1:end])
                yield from self._holes(filling, blocks)
                at = end
            else:
                yield pieces[at]
            at += 1

    def _end_of(self, pieces: Sequence[Piece], start: int) -> int:
        depth = 0
        for at in range(start, len(pieces)):
            depth += {"block": 1, "endblock": -1}.get(pieces[at].keyword, 0)
            if depth == 0:
                return at
        opener = pieces[start]
        place = self.files.place(opener.path, opener.offset, len(opener.text))
        raise Unreadable(Finding(place, "C101", f"block {_name(opener)} is not closed", "put {% endblock %} where it ends"))

    def _names_known(self, blocks: dict[str, list[Piece]], pieces: Sequence[Piece], path: str) -> None:
        known = [_name(piece) for piece in pieces if piece.keyword == "block"]
        nested = {_name(piece) for filling in blocks.values() for piece in filling if piece.keyword == "block"}
        for name, filling in blocks.items():
            if name not in known and name not in nested and filling:
                place = self.files.place(filling[0].path, filling[0].offset)
                message = f'the layout {path} has no block "{name}"'
                self.findings.append(Finding(place, "C114", message, did_you_mean(name, known)))

    def _lost(self, piece: Piece) -> None:
        lead = len(piece.text) - len(piece.text.lstrip())
        place = self.files.place(piece.path, piece.offset + lead)
        hint = "put it between {% block … %} and {% endblock %} of a block that the layout has"
        self.findings.append(Finding(place, "C114", "this stands outside of every block, so it would be lost", hint))

    # Includes

    def _expanded(self, pieces: Sequence[Piece], stack: tuple[str, ...]) -> Iterator[Piece]:
        for piece in pieces:
            if piece.part is not Part.TEXT:
                yield piece
                continue
            done = 0
            for match in _INCLUDE.finditer(piece.text):
                if match[1] is None:
                    continue
                yield _slice(piece, done, match.start())
                yield from self._included(piece, match, stack)
                done = match.end()
            yield _slice(piece, done, len(piece.text))

    def _included(self, piece: Piece, match: re.Match[str], stack: tuple[str, ...]) -> Iterator[Piece]:
        given = {m[1]: m for m in _ATTRIBUTE.finditer(match[1])}
        place = self.files.place(piece.path, piece.offset + match.start(), len("<mj-include"))
        if "path" not in given:
            self.findings.append(Finding(place, "C111", "mj-include without a path", 'write path="partials/card.mjml"'))
            return
        named = given["path"]
        value_at = piece.offset + match.start(1) + named.start(2 if named[2] is not None else 3)
        path = _value(named)
        try:
            chosen = self._found(path, self.files.place(piece.path, value_at, len(path)), stack)
            inner = self.files.pieces(self.lexer, chosen)
            opening = self._arguments(piece, match, given.get("with"))
        except Unreadable as unreadable:
            self.findings.append(unreadable.finding)
            return
        self._weigh(len(self.files[chosen]), place)
        before, after = _WRAPPED.get(_value(given["type"]) if "type" in given else "", ("", ""))
        yield from opening
        yield Piece(Part.TEXT, before, chosen, 0)
        yield from self._expanded(inner, (*stack, chosen))
        yield Piece(Part.TEXT, after, chosen, 0)
        if opening:
            yield construct(self.lexer, self.files, piece.path, "{% endwith %}", opening[0].offset)

    def _weigh(self, characters: int, place: Location) -> None:
        self.drawn += characters
        if self.drawn > MOST_CHARACTERS:
            message = "with this part the template is over 1,000,000 characters"
            raise Unreadable(Finding(place, "C112", message, "does a part include another many times?"))

    def _arguments(self, piece: Piece, match: re.Match[str], given: re.Match[str] | None) -> list[Piece]:
        if given is None or not _value(given).strip():
            return []
        opener = "{% with "
        value_at = piece.offset + match.start(1) + given.start(2 if given[2] is not None else 3)
        source = f"{opener}{_value(given)} %}}"
        return [construct(self.lexer, self.files, piece.path, source, value_at - len(opener))]

    def _found(self, path: str, place: Location, stack: tuple[str, ...]) -> str:
        if not _PLAIN_PATH.fullmatch(path) or ".." in path:
            message = f'"{_printable(path)}" is not a plain path below templates/'
            raise Unreadable(Finding(place, "C113", message, "write it like partials/card.mjml"))
        chosen = self.choose(path)
        if chosen not in self.files:
            known = [name.removeprefix(ROOT) for name in self.files if name.startswith(ROOT)]
            raise Unreadable(Finding(place, "C111", f'there is no "{ROOT}{path}"', did_you_mean(path, known)))
        if chosen in stack:
            way = " -> ".join(name.removeprefix(ROOT) for name in (*stack[stack.index(chosen):], chosen))
            raise Unreadable(Finding(place, "C112", f"this leads back to itself: {way}", "remove one of the steps"))
        return chosen


_WRAPPED = {"css": ("<mj-style>", "</mj-style>"), "html": ("<mj-raw>", "</mj-raw>")}


def _slice(piece: Piece, start: int, end: int) -> Piece:
    return Piece(Part.TEXT, piece.text[start:end], piece.path, piece.offset + start)


def _name(piece: Piece) -> str:
    return piece.words[1].text if len(piece.words) > 1 else ""


def _value(match: re.Match[str]) -> str:
    return match[2] if match[2] is not None else match[3]


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
