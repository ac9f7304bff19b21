"""Many calls, one commit: calls queue up while the transaction before theirs is written, and each is answered when it is durable."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from regulars.errors import RegularsError, Unreachable
from regulars.loyalty.calls import Call
from regulars.loyalty.intake import Answered

PATIENCE = 4.5      # seconds that a call may wait: shops hang up after five, and tell again later
LONGEST_LINE = 2_000
IN_ONE_COMMIT = 100
GATHERING = 0.002   # seconds that the first of a batch waits for others
log = logging.getLogger(__name__)


class LineFull(RegularsError):
    """More calls wait than can be taken in soon; who tells them again later loses nothing."""


@dataclass(slots=True)
class _Waiting:
    call: Call
    answer: asyncio.Future[Answered]


class CallLine:
    """`take` takes in calls in one transaction, in a thread of its own. To be used inside one event loop."""

    def __init__(self, take: Callable[[Sequence[Call]], Sequence[Answered]]) -> None:
        self._take = take
        self._line: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._writing: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return len(self._line)

    def start(self) -> None:
        self._writing = asyncio.get_running_loop().create_task(self._write_for_ever())

    async def add(self, call: Call, patience: float = PATIENCE) -> Answered:
        """What is said to the call, once it is durable. Raises LineFull, Unreachable, or what taking it in raised.

        One that was given up after `patience` seconds may be taken in all the same: told again it changes nothing more.
        """
        if len(self._line) >= LONGEST_LINE:
            raise LineFull("too many calls wait to be taken in", hint="tell it again later")
        waiting = _Waiting(call, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        self._emptied.clear()
        self._arrived.set()
        try:
            async with asyncio.timeout(patience):
                return await waiting.answer
        except TimeoutError:
            raise Unreachable("the database did not take it in in time", hint="tell it again later") from None

    async def close(self, patience: float = 5.0) -> None:
        """Takes in what is in line, for at most `patience` seconds, and stops."""
        if self._writing is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._emptied.wait()
        self._writing.cancel()
        with suppress(asyncio.CancelledError):
            await self._writing
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _write_for_ever(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(GATHERING)
            batch = [self._line.popleft() for _ in range(min(len(self._line), IN_ONE_COMMIT))]
            if not self._line:
                self._arrived.clear()
            await self._write([each for each in batch if not each.answer.done()])
            if not self._line:
                self._emptied.set()

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        try:
            await self._in_thread(batch)
        except Unreachable as error:
            _fail(batch, error)
        except Exception as error:
            if len(batch) == 1:
                log.exception("a call could not be taken in")
                _fail(batch, error)
                return
            for each in batch:
                await self._write([each])

    async def _in_thread(self, batch: Sequence[_Waiting]) -> None:
        calls = [waiting.call for waiting in batch]
        answers = await asyncio.get_running_loop().run_in_executor(self._thread, self._take, calls)
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
