"""Mail to a relay over a pool of connections: a loop in a thread of its own speaks, a second thread commits, the caller composes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread
from typing import Any

import uvloop

from regulars.adapters.smtp_pool import Pool
from regulars.adapters.smtp_rest import Rest
from regulars.adapters.smtp_session import LAST_WORDS, Account
from regulars.adapters.smtp_shift import GRACE, PATIENCE, Shift
from regulars.adapters.smtp_turns import Turns
from regulars.content.tokens import MessageRef
from regulars.delivery.evidence import Sought
from regulars.delivery.lanes import UNLIMITED, Busy
from regulars.delivery.outgoing import Outgoing
from regulars.errors import SettingsError, Unreachable
from regulars.operations.ports import Ledger

LOOK = 0.05  # seconds between two looks whether the sending should go on


class Relay:
    """The SMTP transport. Use it from one thread at a time; connections stay open for a while after each send."""

    def __init__(
        self, account: Account, connections: int = 4, tls: ssl.SSLContext | None = None, busy: Callable[[], Busy] = lambda: UNLIMITED
    ) -> None:
        """`busy`: asked at each send how many connections may be busy with whom."""
        self._account = account
        self._connections = connections
        self._pool = Pool(account, connections, tls or ssl.create_default_context())
        self._busy = busy
        self._rest = Rest()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._committing = ThreadPoolExecutor(1, "ledger")

    def send(self, batches: Iterable[Sequence[Outgoing]], ledger: Ledger, go_on: Callable[[], bool]) -> None:
        """As the port says; batches are asked for, and `go_on`, in the calling thread.

        Raises SettingsError where the relay wants other credentials; no mail is blamed for that, nor for Unreachable.
        Both are raised again, before a batch is asked for, while it is too early for another attempt.
        """
        self._rest.insist()
        loop = self._started()
        turns = Turns(ledger, loop, self._committing, lambda: shift.connections)
        shift = Shift(self._pool, turns, loop, self._busy())
        try:
            self._feed(shift, loop, batches, go_on)
            self._see_out(shift, loop, go_on)
        except BaseException:
            loop.call_soon_threadsafe(shift.stop, 0, PATIENCE)
            shift.is_over.wait()
            raise
        finally:
            self._wait_for(turns.finish())
        self._tell(shift.failure, turns.failure, has_sent=shift.taken > 0)

    @property
    def address(self) -> str:
        return f"smtp://{self._account.host}:{self._account.port}"

    def arrived(self, mails: Sequence[Sought]) -> Mapping[MessageRef, bool]:
        return {}

    def close(self) -> None:
        """Says goodbye; nothing can be sent any more."""
        if self._loop is not None:
            with suppress(TimeoutError):
                self._wait_for(self._pool.close(), LAST_WORDS + 1)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._speaking.join()
            self._loop.close()
            self._loop = None
        self._committing.shutdown()

    def _feed(
        self, shift: Shift, loop: asyncio.AbstractEventLoop, batches: Iterable[Sequence[Outgoing]], go_on: Callable[[], bool]
    ) -> None:
        """Asks for the next batch so early that it is there when the last one ends: by what the lines took during the last request."""
        taken = 0
        for batch in batches:
            reserve = min(2 * (shift.taken - taken), len(batch)) + 2 * self._connections
            shift.is_hungry.clear()
            loop.call_soon_threadsafe(shift.add, batch, reserve)
            while not shift.is_hungry.wait(LOOK) and go_on():
                pass
            if shift.is_stopping or not go_on():
                return
            taken = shift.taken

    def _see_out(self, shift: Shift, loop: asyncio.AbstractEventLoop, go_on: Callable[[], bool]) -> None:
        loop.call_soon_threadsafe(shift.end)
        while go_on():
            if shift.is_over.wait(LOOK):
                return
        loop.call_soon_threadsafe(shift.stop, GRACE)
        shift.is_over.wait()

    def _tell(self, failure: BaseException | None, of_ledger: BaseException | None, *, has_sent: bool) -> None:
        if isinstance(failure, (Unreachable, SettingsError)):
            self._rest.failed(failure)
        elif has_sent:
            self._rest.worked()
        if error := of_ledger or failure:
            raise error

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = uvloop.new_event_loop()
            self._speaking = Thread(target=self._loop.run_forever, name="smtp", daemon=True)
            self._speaking.start()
        return self._loop

    def _wait_for(self, work: Coroutine[Any, Any, None], seconds: float | None = None) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)
