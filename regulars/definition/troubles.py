"""What is wrong with a text in a YAML file: a sign it may not start with, a colon, quotes that end too early."""

from __future__ import annotations

import re
from dataclasses import dataclass

WELL_QUOTED = re.compile(r"""^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')[ \t]*(?:#.*)?$""")
_SIGNS = {"&": ("D106", "& begins an anchor in YAML, not a text"), "*": ("D107", "* begins an alias in YAML, not a text"),
          "!": ("D108", "! begins a tag in YAML, not a text")}
_KEPT = "%@`|>,]}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with an unquoted or ill-quoted value: `offset` from its first character, `text` as meant."""

    code: str
    message: str
    text: str
    offset: int = 0
    length: int = 1


def trouble_of(value: str) -> Trouble | None:
    if not value:
        return None
    first = value[0]
    if first in "\"'":
        return _ill_quoted(value)
    if value.startswith(("{{", "{%")) or _goes_on_behind_brackets(value):
        return Trouble("D111", f"an unquoted text may not start with {first}", value, 0, len(value))
    if first in _SIGNS:
        return Trouble(*_SIGNS[first], value, 0, len(value))
    if first in _KEPT or value[:2] in {"- ", "? "}:
        return Trouble("D110", f"an unquoted text may not start with {first}", value, 0, len(value))
    colon = re.search(r":(?=\s|$)", value)
    if colon and first not in "{[":
        return Trouble("D112", "a colon followed by a space ends an unquoted text", value, colon.start())
    return None


def _goes_on_behind_brackets(value: str) -> bool:
    return value[0] in "{[" and not value.endswith(("}", "]", ",")) and not unclosed_brackets(value)


def _ill_quoted(value: str) -> Trouble | None:
    if WELL_QUOTED.match(value):
        return None
    quote, rest = value[0], value[1:]
    if rest.endswith(quote):
        end = rest.find(quote) + 1
        return Trouble("D113", f"the text ends at this {quote}, and more text follows", rest[:-1], end)
    if quote in rest:
        return Trouble("D113", f"the text ends at this {quote}, and more text follows", value, rest.find(quote) + 1)
    return Trouble("D113", "the quotes that open here are not closed", rest)


def shown(text: str) -> str:
    """The text in double quotes as a hint shows it: not longer than a line."""
    return quoted(text if len(text) <= 100 else text[:100] + "…")


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unclosed_brackets(line: str) -> list[str]:
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'', "", line)
    stack: list[str] = []
    for sign in bare:
        if sign in "{[":
            stack.append(sign)
        elif sign in "}]" and stack:
            stack.pop()
    return stack
