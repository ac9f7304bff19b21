"""Many requests, one commit: hits queue up while the transaction before theirs is written.

Each request waits until its hit is durable, but never longer than its patience; then it is answered anyway and
the hit counts as lost. It stays in line all the same, and counts as recovered when the database comes back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from regulars.errors import Unreachable
from regulars.tracking.hits import Hit

PATIENCE = 0.5      # seconds that a pixel or a redirect may wait
LONGEST_LINE = 20_000
IN_ONE_COMMIT = 1_000
GATHERING = 0.003   # seconds that the first of a batch waits for others: what a commit costs is shared by all of them
BREATH = 1.0        # seconds between attempts while the database is away
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    hit: Hit
    answer: asyncio.Future[bool]
    since: float  # by the loop's clock


class HitJournal:
    """`store` writes hits in one transaction, in a thread of its own. To be used inside one event loop."""

    def __init__(self, store: Callable[[Sequence[Hit]], None]) -> None:
        self._store = store
        self._line: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hits")
        self._writing: asyncio.Task[None] | None = None
        self.lost = 0       # answered before they were durable
        self.recovered = 0  # of those, stored later after all

    @property
    def waiting(self) -> int:
        return len(self._line)

    @property
    def lag(self) -> float:
        """Seconds that the oldest hit in line waits to be durable."""
        return asyncio.get_running_loop().time() - self._line[0].since if self._line else 0.0

    def start(self) -> None:
        self._arrived.set()
        self._writing = asyncio.get_running_loop().create_task(self._write_for_ever())

    async def add(self, hit: Hit, patience: float = PATIENCE) -> bool:
        """Whether the hit is durable. False after `patience` seconds, or at once when the line is full."""
        if len(self._line) >= LONGEST_LINE:
            self.lost += 1
            return False
        loop = asyncio.get_running_loop()
        waiting = _Waiting(hit, loop.create_future(), loop.time())
        self._line.append(waiting)
        self._emptied.clear()
        self._arrived.set()
        giving_up = loop.call_later(patience, _give_up, waiting.answer)
        try:
            durable = await waiting.answer
        finally:
            giving_up.cancel()
        self.lost += not durable
        return durable

    async def close(self, patience: float = 5.0) -> None:
        """Writes what is in line, for at most `patience` seconds, and stops."""
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
            batch = [self._line[number] for number in range(min(len(self._line), IN_ONE_COMMIT))]
            if not batch:
                self._arrived.clear()
                self._emptied.set()
                continue
            try:
                await self._write(batch)
            except Unreachable as error:
                log.warning("%s hits wait: %s", len(self._line), error.message)
                await asyncio.sleep(BREATH)

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            await self._in_thread(batch)
        except Unreachable:
            raise
        except Exception:
            log.exception("a batch of %s hits could not be stored; trying them one by one", len(batch))
            await self._one_by_one(batch)

    async def _one_by_one(self, batch: Sequence[_Waiting]) -> None:
        """One hit that the database refuses must not take its neighbours along."""
        for waiting in batch:
            try:
                await self._in_thread([waiting])
            except Unreachable:
                raise
            except Exception:
                log.exception("a hit could not be stored")
                self._line.popleft()
                _answer(waiting, durable=False)

    async def _in_thread(self, batch: Sequence[_Waiting]) -> None:
        hits = [waiting.hit for waiting in batch]
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store, hits)
        self.recovered += sum(waiting.answer.done() and not waiting.answer.cancelled() for waiting in batch)
        for waiting in batch:
            self._line.popleft()  # only now: what is in line is not yet durable
            _answer(waiting, durable=True)


def _answer(waiting: _Waiting, *, durable: bool) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(durable)


def _give_up(answer: asyncio.Future[bool]) -> None:
    if not answer.done():
        answer.set_result(False)
