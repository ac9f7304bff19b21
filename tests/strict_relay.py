"""An SMTP server to the letter of RFC 5321 and 2920 that notes what arrives together, and lies where it is told to."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

TOGETHER = 0.005  # seconds that it waits for more of what was written at once
HANG_UP = b"\0"   # at a lie's end
ANSWERS = {
    "EHLO": b"250-strict.example\r\n250-8BITMIME\r\n250 SIZE 1000000\r\n", "MAIL": b"250 2.1.0 sender fine\r\n",
    "RCPT": b"250 2.1.5 recipient fine\r\n", "DATA": b"354 go ahead\r\n", ".": b"250 2.0.0 queued\r\n",
    "RSET": b"250 2.0.0 forgotten\r\n", "QUIT": b"221 2.0.0 bye\r\n" + HANG_UP,
}
_LONE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass
class StrictRelay:
    """`lies`: the answer to the n-th (from 1) of a verb, b"" for none at all. `groups`: of each connection, verbs by turn.

    `mails`: recipient and content of each mail that was answered with 250, or with a lie that is no refusal.
    """

    pipelining: bool = True
    banner: bytes = b"220 strict.example\r\n"
    lies: dict[tuple[str, int], bytes] = field(default_factory=dict)
    most: int = 1_000_000  # connections at a time
    together: float = TOGETHER
    groups: list[list[list[str]]] = field(default_factory=list)
    mails: list[tuple[str, bytes]] = field(default_factory=list)
    lone: list[bytes] = field(default_factory=list)  # line ends that are none
    open: int = 0
    most_open: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    lines: set[asyncio.Transport] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        serving = self._loop.create_server(lambda: _Conversation(self), "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._close)
        self._thread.join(10)

    def _close(self) -> None:
        self._server.close()
        for transport in self.lines:
            transport.abort()
        self._loop.call_soon(self._loop.call_soon, self._loop.stop)

    def answer(self, verb: str, otherwise: bytes) -> bytes:
        self.counts[verb] += 1
        return self.lies.get((verb, self.counts[verb]), otherwise)


class _Conversation(asyncio.Protocol):
    def __init__(self, relay: StrictRelay) -> None:
        self._relay = relay
        self._buffer = b""
        self._turns: list[list[str]] = []
        self._group: list[str] = []
        self._replies = b""
        self._in_content = self._is_waiting = False
        self._recipient: str | None = None
        self._has_sender = False

    def connection_made(self, transport):
        self._transport = transport
        self._relay.lines.add(transport)
        self._relay.open += 1
        self._relay.most_open = max(self._relay.most_open, self._relay.open)
        if self._relay.open > self._relay.most:
            self._write(b"421 4.7.0 too many connections\r\n" + HANG_UP)
            return
        self._relay.groups.append(self._turns)
        self._write(self._relay.answer("banner", self._relay.banner))

    def connection_lost(self, exc):
        self._relay.open -= 1
        self._relay.lines.discard(self._transport)

    def data_received(self, data):
        self._buffer += data
        if not self._is_waiting:
            self._is_waiting = True
            asyncio.get_running_loop().call_later(self._relay.together, self._turn)

    def _turn(self):
        self._is_waiting = False
        while (taken := self._content() if self._in_content else self._command()) is not None:
            verb, answer = taken
            self._group.append(verb)
            self._replies += answer
        if self._buffer or not self._group:
            return  # the group is still arriving
        self._turns.append(self._group)
        replies, self._group, self._replies = self._replies, [], b""
        self._write(replies)

    def _command(self):
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return None
        self._buffer = rest
        self._relay.lone += _LONE.findall(line)
        verb = line[:4].decode("ascii", "replace").upper()
        answer = self._in_order(verb) or self._relay.answer(verb, ANSWERS.get(verb, b"500 5.5.2 unknown\r\n"))
        if verb == "EHLO" and self._relay.pipelining:
            answer = answer.replace(b"250-8BIT", b"250-PIPELINING\r\n250-8BIT")
        fine = answer[:1] in {b"2", b"3"}
        if verb == "MAIL":
            self._has_sender = fine
        elif verb == "RCPT" and fine:
            self._recipient = re.search(r"<(.*)>", line.decode())[1]
        elif verb == "DATA":
            self._in_content = answer[:3] == b"354"
        elif verb == "RSET":
            self._has_sender, self._recipient = False, None
        return verb, answer

    def _in_order(self, verb):
        """RFC 5321 4.1.4: what comes at the wrong time."""
        if (verb == "MAIL" and self._has_sender) or (verb == "RCPT" and not self._has_sender):
            return b"503 5.5.1 bad sequence\r\n"
        if verb == "DATA" and self._recipient is None and ("DATA", self._relay.counts["DATA"] + 1) not in self._relay.lies:
            self._relay.counts["DATA"] += 1
            return b"503 5.5.1 no recipient\r\n"
        return None

    def _content(self):
        if self._buffer.startswith(b".\r\n"):
            content, self._buffer = b"", self._buffer[3:]
        elif (end := self._buffer.find(b"\r\n.\r\n")) >= 0:
            content, self._buffer = self._buffer[:end + 2], self._buffer[end + 5:]
        else:
            return None
        self._relay.lone += _LONE.findall(content)
        self._in_content = self._has_sender = False
        recipient, self._recipient = self._recipient, None
        if recipient is None:
            return ".", b"554 5.5.1 no recipients\r\n"
        answer = self._relay.answer(".", ANSWERS["."])
        if answer[:1] not in {b"4", b"5"}:
            self._relay.mails.append((recipient, re.sub(rb"(?m)^\.", b"", content)))
        return ".", answer

    def _write(self, replies):
        said, hang_up, _ = replies.partition(HANG_UP)
        self._transport.write(said)
        if hang_up:
            self._transport.close()
