"""Results and marks of all connections, committed together: while one commit runs in its thread, the next is gathered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress

from regulars.content.tokens import MessageRef
from regulars.delivery.outcomes import Result
from regulars.operations.ports import Ledger

LINGER = 0.01   # seconds that a result waits for a mark to be committed with
GATHER = 0.004  # seconds that a mark waits for those of other connections: a commit costs the same for one and for twenty


class LedgerFailed(Exception):
    """The ledger could not commit; `Turns.failure` is what it said."""


class Turns:
    """Used in the loop's thread only; `thread` runs one commit at a time. `connections`: how many may have something to say."""

    def __init__(
        self, ledger: Ledger, loop: asyncio.AbstractEventLoop, thread: Executor, connections: Callable[[], int]
    ) -> None:
        self.failure: BaseException | None = None
        self._ledger = ledger
        self._loop = loop
        self._thread = thread
        self._connections = connections
        self._results: list[Result] = []
        self._waiting: list[tuple[MessageRef, asyncio.Future[bool]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_called = False  # the timer is a mark's
        self._running: asyncio.Future[set[MessageRef]] | None = None

    def report(self, result: Result) -> None:
        self._results.append(result)
        if self._timer is None:
            self._timer = self._loop.call_later(LINGER, self._begin)

    async def may_go(self, ref: MessageRef) -> bool:
        """Raises LedgerFailed."""
        if self.failure is not None:
            raise LedgerFailed
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append((ref, answer))
        self._call()
        return await answer

    async def finish(self) -> None:
        """Commits what is left, also after a failure: a result that the ledger has heard is worth a second try."""
        while self._running is not None:
            await asyncio.wait([self._running])
        if self._timer is not None:
            self._timer.cancel()
        if self._results:
            results, self._results = self._results, []
            with suppress(LedgerFailed):
                await self._loop.run_in_executor(self._thread, self._turn, results, [])

    def _call(self) -> None:
        """Begins when all have spoken, after what this turn of the loop has to read, or soon."""
        if self._running is not None:
            return  # its end calls the next
        if len(self._waiting) >= self._connections():
            self._loop.call_soon(self._begin)
        elif not self._is_called:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_later(GATHER, self._begin)
            self._is_called = True

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._is_called = False
        if self._running is not None or self.failure is not None:
            return  # the end of the running one begins the next
        results, self._results = self._results, []
        waiting, self._waiting = self._waiting, []
        if not results and not waiting:
            return
        self._running = self._loop.run_in_executor(self._thread, self._turn, results, [ref for ref, _ in waiting])
        self._running.add_done_callback(lambda done: self._ended(done, waiting))

    def _turn(self, results: Sequence[Result], refs: Sequence[MessageRef]) -> set[MessageRef]:
        """In the thread. Whatever goes wrong is kept for who called `send`: an interrupt must not stop the loop instead."""
        try:
            return self._ledger.turn(results, refs)
        except BaseException as error:
            if self.failure is None:
                self.failure = error
            raise LedgerFailed from error

    def _ended(self, done: asyncio.Future[set[MessageRef]], waiting: Sequence[tuple[MessageRef, asyncio.Future[bool]]]) -> None:
        self._running = None
        if done.exception() is not None:
            waiting, self._waiting = [*waiting, *self._waiting], []
        for ref, answer in waiting:
            if self.failure is not None:
                answer.set_exception(LedgerFailed())
            else:
                answer.set_result(ref in done.result())
        if self._waiting:
            self._call()
        elif self._results and self._timer is None:
            self._timer = self._loop.call_later(LINGER, self._begin)
