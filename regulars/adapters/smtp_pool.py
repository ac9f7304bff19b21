"""Connections to one relay: opened by need, kept from send to send while they are used, closed when they rest."""

from __future__ import annotations

import asyncio
import ssl
import time

from regulars.adapters.smtp_session import Account, Session
from regulars.errors import Unreachable

IDLE = 15      # seconds; a worker with more to send is back sooner
LOWERED = 60   # seconds until a relay that wanted fewer connections is asked for more again


class Pool:
    """At most so many connections; lives in one event loop."""

    def __init__(self, account: Account, connections: int, tls: ssl.SSLContext) -> None:
        self._account = account
        self._connections = connections
        self._tls = tls
        self._idle: dict[Session, asyncio.TimerHandle] = {}
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._limit = connections
        self._lowered_until = 0.0

    @property
    def limit(self) -> int:
        """How many the relay seems to grant at the moment."""
        return self._limit if time.monotonic() < self._lowered_until else self._connections

    @property
    def has_idle(self) -> bool:
        return any(session.is_open for session in self._idle)

    def lower(self, to: int) -> None:
        """The relay refused another connection while so many were open."""
        self._limit, self._lowered_until = max(to, 1), time.monotonic() + LOWERED

    async def session(self) -> Session:
        """One that waits, else a new one. Raises Unreachable and SettingsError."""
        while self._idle:
            session, timer = self._idle.popitem()
            timer.cancel()
            if session.is_open:
                return session
        if self._goodbyes and self.limit < self._connections:
            await asyncio.wait(self._goodbyes)  # the relay counts closely, and those count until they are gone
        return await Session.open(self._account, self._tls)

    def keep(self, session: Session) -> None:
        if not session.is_open:
            return
        if session.is_worn:
            self._dismiss(session)
        else:
            self._idle[session] = asyncio.get_running_loop().call_later(IDLE, self._dismiss, session)

    def silence(self) -> Unreachable:
        """What to say of a relay that let us in and then said nothing."""
        return Unreachable(f"the relay {self._account} does not answer", hint="it may be overloaded; ask who runs it")

    async def close(self) -> None:
        for session, timer in list(self._idle.items()):
            timer.cancel()
            self._dismiss(session)
        while self._goodbyes:
            await asyncio.wait(self._goodbyes)

    def _dismiss(self, session: Session) -> None:
        self._idle.pop(session, None)
        goodbye = asyncio.get_running_loop().create_task(session.close())
        self._goodbyes.add(goodbye)
        goodbye.add_done_callback(self._goodbyes.discard)
