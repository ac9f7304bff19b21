"""What a relay says, as replies: whole lines with one code, however the network cut them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

LONGEST_LINE = 4096    # RFC 5321 4.5.3.1.5 allows 512; some relays explain themselves at length
LONGEST_REPLY = 32768
_FIRST_DIGITS = b"2345"


class Nonsense(Exception):
    """These bytes are no reply, so nothing after them can be trusted to be one."""


class Reply(NamedTuple):
    """`text`: without code, its lines separated by newlines."""

    code: int
    text: str


class ReplyReader:
    """Bytes in, replies out (RFC 5321 4.2)."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = b""  # of the lines so far
        self._lines: list[str] = []
        self._size = 0

    @property
    def is_between(self) -> bool:
        """Is nothing begun that waits for its end?"""
        return not self._rest and not self._code

    def feed(self, data: bytes) -> Iterator[Reply]:
        """Raises Nonsense after the replies that came before it."""
        data = self._rest + data if self._rest else data
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            reply = self._add(data[start:end].rstrip(b"\r"))
            start = end + 1
            if reply is not None:
                yield reply
        self._rest = data[start:]
        if len(self._rest) > LONGEST_LINE:
            raise Nonsense(_shown(self._rest))

    def _add(self, line: bytes) -> Reply | None:
        code, hyphen = line[:3], line[3:4]
        self._size += len(line)
        if (
            not (len(code) == 3 and code.isdigit() and code[:1] in _FIRST_DIGITS and hyphen in b" -")
            or (self._code and code != self._code) or len(line) > LONGEST_LINE or self._size > LONGEST_REPLY
        ):
            raise Nonsense(_shown(line))
        self._code = code
        self._lines.append(line[4:].decode("utf-8", "replace").strip())
        if hyphen == b"-":
            return None
        reply = Reply(int(code), "\n".join(self._lines))
        self._code, self._lines, self._size = b"", [], 0
        return reply


def _shown(line: bytes) -> str:
    return line[:200].decode("utf-8", "replace")
