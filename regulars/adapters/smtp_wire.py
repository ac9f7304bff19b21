"""Bytes to and from a relay after the sign-in: each reply belongs to one command, or the connection is over."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from aiosmtplib import SMTP, SMTPServerDisconnected

from regulars.adapters.smtp_replies import Nonsense, Reply, ReplyReader

IN_TIME = "the relay did not answer in time"
CLOSED = "the relay closed the connection"


class Lost(Exception):
    """Nothing more comes over this connection; the words say why."""


class Wire(asyncio.Protocol):
    """Takes the connection over from the client that signed in.

    A reply that nobody asked for ends the connection: the next one would be taken for another mail's.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._owed = 0  # replies to what was written that have not come yet
        self._waiter: asyncio.Future[None] | None = None
        self._trouble: str | None = None

    @classmethod
    def taken_over(cls, client: SMTP) -> Wire:
        """Of a client that has an answer to everything it said. Raises SMTPServerDisconnected."""
        transport = cast("asyncio.Transport | None", client.transport)
        if transport is None or transport.is_closing():
            raise SMTPServerDisconnected("Connection lost")
        wire = cls(transport, asyncio.get_running_loop())
        transport.set_protocol(wire)
        return wire

    @property
    def is_open(self) -> bool:
        return self._trouble is None and not self._transport.is_closing()

    @property
    def trouble(self) -> str:
        """Why it is not open any more."""
        return self._trouble or CLOSED

    def write(self, *chunks: bytes, answers: int) -> None:
        """All at once, so that it travels together; the relay owes so many answers. Raises Lost."""
        if not self.is_open:
            raise Lost(self.trouble)
        self._owed += answers
        self._transport.writelines(chunks)

    async def reply(self, seconds: float) -> Reply:
        """The next one in order. Raises Lost when there is none within so many seconds."""
        if not self._replies:
            if not self.is_open:
                raise Lost(self.trouble)
            self._waiter = self._loop.create_future()
            timer = self._loop.call_later(seconds, self.break_off, IN_TIME)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if not self._replies:
            raise Lost(self.trouble)
        return self._replies.popleft()

    def hang_up(self, why: str) -> None:
        """Nothing more is said or heard."""
        self._replies.clear()
        self.break_off(why)

    def break_off(self, why: str) -> None:
        """It is over; what came until now can still be read."""
        if self._trouble is None:
            self._trouble = why
            self._transport.abort()
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self._trouble is not None:
            return
        try:
            for reply in self._reader.feed(data):
                if not self._owed:
                    self.break_off(f"the relay spoke out of turn: {reply.code} {reply.text}")
                    return
                self._owed -= 1
                self._replies.append(reply)
        except Nonsense as error:
            self.break_off(f"the relay's answer made no sense: {error}")
            return
        if not self._owed and not self._reader.is_between:
            self.break_off("the relay spoke out of turn")
        elif self._replies:
            self._wake()

    def eof_received(self) -> bool:
        self.break_off(CLOSED)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.break_off(CLOSED)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
