"""Jinja's syntax tree of a template, in which every node knows its exact place.

Jinja tells lines only. So the tree is built from a source in which each token stands on a line of its own:
a node's line is then the number of its token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes

from regulars.content.sandbox import Sandbox
from regulars.content.source import Files, Part, Piece, Unreadable
from regulars.diagnostics import Finding, Location, nearest

STATEMENTS = ("for", "if", "elif", "else", "set", "with", "macro", "filter")
_CLOSERS = {"endfor": "for", "endif": "if", "endwith": "with", "endmacro": "macro", "endfilter": "filter", "endset": "set"}
_WAYS_OUT = {
    "include": 'write <mj-include path="partials/card.mjml" />',
    "import": 'put the part into a file of its own and write <mj-include path="partials/card.mjml" />',
    "from": 'put the part into a file of its own and write <mj-include path="partials/card.mjml" />',
    "extends": "a template has one layout, named in its first line",
    "autoescape": "what customers wrote is always escaped",
    "call": 'write <mj-include path="partials/card.mjml" with="item=item" />',
}
MOST_NESTED = 15  # Python takes twenty
_PARSER = Sandbox(escaping=False)


@dataclass(frozen=True, slots=True)
class Tree:
    """`places[n - 1]` belongs to line n."""

    root: nodes.Template
    pieces: Sequence[Piece]
    places: Sequence[tuple[str, int, int]]
    files: Files

    def place(self, line: int) -> Location:
        return _place(self.places, self.files, line)


def tree_of(pieces: Iterable[Piece], files: Files) -> Tree:
    """Raises Unreadable with the finding, in the marketer's words."""
    kept = [piece for piece in pieces if piece.part in (Part.PRINT, Part.BLOCK)]
    _statements_known(kept, files)
    _blocks_closed(kept, files)
    source, places = _one_token_a_line(kept)
    try:
        return Tree(_PARSER.parse(source), kept, places, files)
    except TemplateSyntaxError as error:
        message = f"this Jinja cannot be read: {_worded(error.message or '')}"
        raise Unreadable(Finding(_place(places, files, error.lineno), "C101", message, _hint(message))) from error
    except RecursionError as error:
        raise Unreadable(too_deep(max(kept, key=lambda piece: len(piece.words)), files)) from error


def too_deep(piece: Piece, files: Files) -> Finding:
    place = files.place(piece.path, piece.offset, len(piece.text))
    return Finding(place, "C101", "this expression is too long or nested too deeply", "make it simpler, with {% set %}")


def _one_token_a_line(pieces: Sequence[Piece]) -> tuple[str, list[tuple[str, int, int]]]:
    lines: list[str] = []
    places: list[tuple[str, int, int]] = []
    for piece in pieces:
        whole = (piece.path, piece.offset, len(piece.text))
        opener, closer = ("{{", "}}") if piece.part is Part.PRINT else ("{%", "%}")
        lines.append(opener)
        places.append(whole)
        for word in piece.words:
            lines.append(word.text)
            places.extend([(piece.path, word.offset, len(word.text))] * (1 + word.text.count("\n")))
        lines.append(closer)
        places.append(whole)
    return "\n".join(lines), places


def _place(places: Sequence[tuple[str, int, int]], files: Files, line: int) -> Location:
    if not places:
        return Location("templates")
    path, offset, length = places[min(max(line, 1), len(places)) - 1]
    return files.place(path, offset, length)


def _statements_known(pieces: Sequence[Piece], files: Files) -> None:
    for piece in pieces:
        word = piece.keyword
        if piece.part is Part.PRINT or word in STATEMENTS or word in _CLOSERS:
            continue
        place = files.place(piece.path, piece.words[0].offset if piece.words else piece.offset, len(word))
        near = nearest(word, [*STATEMENTS, *_CLOSERS])
        hint = _WAYS_OUT.get(word) or (f'did you mean "{near}"?' if near else f"known here: {', '.join(STATEMENTS)}")
        code = "C107" if word in _WAYS_OUT else "C101"
        raise Unreadable(Finding(place, code, f"templates have no {{% {word} %}}", hint))


def _blocks_closed(pieces: Sequence[Piece], files: Files) -> None:
    stack: list[Piece] = []
    for piece in pieces:
        word = piece.keyword
        if word in ("for", "if", "with", "macro", "filter") or (word == "set" and not _assigns(piece)):
            stack.append(piece)
            if len(stack) > MOST_NESTED:
                place = files.place(piece.path, piece.offset, len(piece.text))
                raise Unreadable(Finding(place, "C101", f"blocks are nested more than {MOST_NESTED} deep", "make it simpler"))
        elif word in _CLOSERS:
            if not stack or stack[-1].keyword != _CLOSERS[word]:
                raise Unreadable(_mismatch(piece, stack[-1] if stack else None, files))
            stack.pop()
    if stack:
        piece = stack[-1]
        place = files.place(piece.path, piece.offset, len(piece.text))
        hint = f"put {{% end{piece.keyword} %}} where it ends"
        raise Unreadable(Finding(place, "C101", f"{{% {piece.keyword} %}} is not closed", hint))


def _mismatch(closer: Piece, opener: Piece | None, files: Files) -> Finding:
    place = files.place(closer.path, closer.offset, len(closer.text))
    if opener is None:
        return Finding(place, "C101", f"{{% {closer.keyword} %}} closes nothing", "remove it, or open it before")
    opened = files.place(opener.path, opener.offset)
    hint = f"{{% {opener.keyword} %}} of {opened} must be closed first, by {{% end{opener.keyword} %}}"
    return Finding(place, "C101", f"{{% {closer.keyword} %}} does not close what is open", hint)


def _assigns(piece: Piece) -> bool:
    return any(word.kind == "operator" and word.text == "=" for word in piece.words)


def _worded(message: str) -> str:
    message = re.sub(r"expected token 'end of (print statement|statement block)', got (.+)", r"\2 is one word too many", message)
    message = re.sub(r"expected token (.+), got (.+)", r"\2 where \1 was expected", message)
    message = message.replace("'end of print statement'", "the end }}").replace("'end of statement block'", "the end %}")
    return message.rstrip(".").replace("Unexpected", "unexpected").replace("Expected", "expected")


def _hint(message: str) -> str:
    if "one word too many" in message:
        return "filters are joined by |, texts stand in quotes, and names have no spaces"
    return "compare with {{ customer.first_name }} and {% if purchases %} … {% endif %}"
