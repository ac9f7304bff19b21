"""Reads JSON that a stranger may have written: strictly, in bounded time, and without anything the database would choke on."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

DEEPEST = 32
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class NotJson(ValueError):
    """The text says why."""


def read_json(body: bytes) -> Any:
    """Numbers with a fraction as Decimal. Raises NotJson for what is no JSON, for duplicate names, NaN, halves of letters and NUL."""
    try:
        read = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_float=Decimal, parse_constant=_no_constant, parse_int=_whole)
    except NotJson:
        raise
    except UnicodeDecodeError as error:
        raise NotJson(f"the body is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise NotJson("the body is nested too deeply") from None
    except ValueError as error:
        raise NotJson(f"the body is not JSON: {error}"[:200]) from None
    if _depth(body) > DEEPEST:
        raise NotJson(f"the body is nested deeper than {DEEPEST}")
    if _SUSPICIOUS.search(body):
        _must_be_letters(read)
    return read


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise NotJson(f'"{twice[:60]}" stands twice in one object')
    return found


def _no_constant(word: str) -> Any:
    raise NotJson(f"{word} is not a number of JSON")


def _whole(written: str) -> int:
    if len(written) > 40:
        raise NotJson(f"the number {written[:20]}… is too long")
    return int(written)


def _depth(body: bytes) -> int:
    """At most; brackets inside of texts count as well where quotes are odd, which is not worth a parser of our own."""
    depth = deepest = 0
    for part in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body).translate(None, delete=_BUT_BRACKETS):
        depth += 1 if part in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


_BUT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def _must_be_letters(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise NotJson("a text holds a NUL character")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotJson("a text holds half a letter (a surrogate without its other half)") from None
    elif isinstance(value, dict):
        for name, each in value.items():
            _must_be_letters(name)
            _must_be_letters(each)
    elif isinstance(value, list):
        for each in value:
            _must_be_letters(each)
