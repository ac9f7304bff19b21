"""A template's text in pieces that know where they were written: plain text, and Jinja constructs as wholes.

Jinja's own lexer draws the borders, so quotes, `<` and `>` inside an expression never matter to MJML.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from jinja2 import TemplateSyntaxError
from jinja2.lexer import Lexer, newline_re

from regulars.diagnostics import Finding, Location


class Part(StrEnum):
    TEXT = "text"
    PRINT = "print"  # {{ … }}
    BLOCK = "block"  # {% … %}
    RAW = "raw"      # {% raw %} … {% endraw %}, a whole


@dataclass(frozen=True, slots=True)
class Word:
    """One token inside a construct and where it stands in its file."""

    kind: str
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Piece:
    """`offset` counts characters from the start of the file `path`. `words` come without white space."""

    part: Part
    text: str
    path: str
    offset: int
    words: tuple[Word, ...] = ()

    @property
    def keyword(self) -> str:
        """`for` of `{% for … %}`; empty for everything else."""
        return self.words[0].text if self.part is Part.BLOCK and self.words else ""


class Files:
    """The texts of templates/, with newlines as Jinja counts them, and places in them."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._starts: dict[str, list[int]] = {}
        self._normal: dict[str, str] = {}
        self._pieces: dict[str, tuple[Piece, ...]] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __getitem__(self, path: str) -> str:
        if path not in self._normal:
            self._normal[path] = newline_re.sub("\n", self._texts[path].removeprefix("\ufeff"))
        return self._normal[path]

    def pieces(self, lexer: Lexer, path: str) -> tuple[Piece, ...]:
        """The file in pieces, Jinja comments dropped; read once, however many templates include it. Raises Unreadable."""
        if path not in self._pieces:
            self._pieces[path] = _Reader(lexer, self, path, self[path], 0).pieces()
        return self._pieces[path]

    def place(self, path: str, offset: int, length: int = 1) -> Location:
        starts = self._starts.get(path)
        if starts is None:
            starts = [0, *(i + 1 for i, char in enumerate(self[path]) if char == "\n")]
            self._starts[path] = starts
        line = bisect_right(starts, offset)
        return Location(path, line, offset - starts[line - 1] + 1, max(length, 1))


class Unreadable(Exception):
    """A template that cannot be taken further, with the reason."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def construct(lexer: Lexer, files: Files, path: str, source: str, offset: int) -> Piece:
    """One construct that we wrote ourselves around a marketer's words at `offset` (an include's arguments)."""
    return _Reader(lexer, files, path, source, offset).pieces()[0]


class _Reader:
    def __init__(self, lexer: Lexer, files: Files, path: str, source: str, base: int) -> None:
        self.lexer, self.files, self.path, self.source, self.base = lexer, files, path, source, base
        self.at = 0
        self.begun: int | None = None
        self.found: list[Piece] = []
        self.words: list[Word] = []

    def pieces(self) -> tuple[Piece, ...]:
        try:
            for _, kind, text in self.lexer.tokeniter(self.source, self.path):
                self._take(kind, text)
        except TemplateSyntaxError as error:
            raise Unreadable(self._finding(error)) from error
        if self.begun is not None:
            raise Unreadable(self._unclosed())
        return tuple(self.found)

    def _take(self, kind: str, text: str) -> None:
        start = self._find(text)
        self.at = start + len(text)
        if kind == "data" and self.begun is None:
            self._add(Part.TEXT, start)
        elif kind.endswith("_begin"):
            self.begun, self.words = start, []
        elif kind.endswith("_end"):
            self._close(kind)
        elif kind not in ("whitespace", "data", "comment"):
            self.words.append(Word(kind, text, self.base + start))

    def _find(self, text: str) -> int:
        # `{%-` makes the lexer drop the white space before it; nothing else is ever missing from its stream.
        start = self.at
        while not self.source.startswith(text, start):
            start += 1
        return start

    def _close(self, kind: str) -> None:
        assert self.begun is not None
        parts = {"variable_end": Part.PRINT, "block_end": Part.BLOCK, "raw_end": Part.RAW}
        if kind in parts:
            self._add(parts[kind], self.begun)
        self.begun = None

    def _add(self, part: Part, start: int) -> None:
        words = () if part in (Part.TEXT, Part.RAW) else tuple(self.words)
        self.found.append(Piece(part, self.source[start:self.at], self.path, self.base + start, words))

    def _finding(self, error: TemplateSyntaxError) -> Finding:
        begun = self.begun
        if begun is not None and set("<\n") & set(self.source[begun:self.at]):
            return self._unclosed()
        place = self.files.place(self.path, self.base + self.at)
        return Finding(place, "C101", f"this Jinja cannot be read: {error.message}", "compare with {{ customer.first_name }}")

    def _unclosed(self) -> Finding:
        assert self.begun is not None
        opener = self.source[self.begun:self.begun + 2]
        closer = {"{{": "}}", "{%": "%}", "{#": "#}"}.get(opener, "}}")
        place = self.files.place(self.path, self.base + self.begun, 2)
        return Finding(place, "C101", f'"{opener}" is not closed', f'put "{closer}" where it ends')


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A template whose constructs are replaced by names that MJML leaves alone (`jjq7q`).

    `constructs[7]` is what stands behind `jjq7q`. `place(offset)` leads back to where it was written.
    """

    text: str
    prefix: str
    constructs: tuple[Piece, ...]
    pieces: tuple[Piece, ...]
    starts: tuple[int, ...]
    files: Files

    def place(self, offset: int, length: int = 1) -> Location:
        index = max(bisect_right(self.starts, offset) - 1, 0)
        if not self.pieces:
            return Location("templates")
        piece = self.pieces[index]
        inside = offset - self.starts[index] if piece.part is Part.TEXT else 0
        return self.files.place(piece.path, piece.offset + inside, length)


def skeleton_of(pieces: Iterable[Piece], files: Files) -> Skeleton:
    kept = tuple(pieces)
    prefix = _unused_prefix(kept)
    texts: list[str] = []
    starts: list[int] = []
    constructs: list[Piece] = []
    length = 0
    for piece in kept:
        starts.append(length)
        if piece.part is Part.TEXT:
            texts.append(piece.text)
        else:
            texts.append(f"{prefix}{len(constructs)}q")
            constructs.append(piece)
        length += len(texts[-1])
    return Skeleton("".join(texts), prefix, tuple(constructs), kept, tuple(starts), files)


def _unused_prefix(pieces: tuple[Piece, ...]) -> str:
    prefix = "jjq"
    while any(prefix in piece.text for piece in pieces if piece.part is Part.TEXT):
        prefix += "j"
    return prefix

