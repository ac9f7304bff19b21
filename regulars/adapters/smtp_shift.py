"""One send: as many connections as the queue deserves, each carrying mail after mail, until there is none or it has to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Event

from regulars.adapters.smtp_pool import Pool
from regulars.adapters.smtp_queue import MailQueue
from regulars.adapters.smtp_session import Session
from regulars.adapters.smtp_turns import LedgerFailed, Turns
from regulars.content.tokens import MessageRef
from regulars.delivery.lanes import UNLIMITED, Busy
from regulars.delivery.outcomes import Result
from regulars.delivery.outgoing import Outgoing
from regulars.errors import Unreachable

MAILS_FOR_ANOTHER = 2  # queued mails that each further connection is opened for
KEPT_BACK = 20  # marks refused in a row: the launch does not send any more, and each costs a connection
GRACE = 5      # seconds that mails before their dot have left when a send stops
PATIENCE = 10  # seconds that an interrupted send waits for replies to dots already sent


class Shift:
    """Lives in the loop's thread; what has no underscore may be looked at from any. The desk of its sessions."""

    def __init__(self, pool: Pool, turns: Turns, loop: asyncio.AbstractEventLoop, busy: Busy = UNLIMITED) -> None:
        self.failure: BaseException | None = None
        self.is_hungry = Event()  # the next batch should be asked for
        self.is_over = Event()
        self.is_stopping = False
        self.taken = 0
        self._pool = pool
        self._turns = turns
        self._loop = loop
        self._queue = MailQueue(busy)
        self._reserve = 0
        self._may_ask = False
        self._crew: dict[asyncio.Task[None], Session | None] = {}
        self._resting: list[asyncio.Future[None]] = []
        self._has_all = False
        self._is_proven = pool.has_idle  # somebody is let in: it is worth while to send more
        self._kept_back = 0       # by the ledger, since it last let one go
        self._is_heard = False    # the relay has said something about a mail

    @property
    def connections(self) -> int:
        return sum(session is not None for session in self._crew.values())

    # orders

    def add(self, batch: Sequence[Outgoing], reserve: int) -> None:
        """`is_hungry` is set, once, when fewer than `reserve` mails wait, or when they are not wanted any more."""
        if self.is_stopping:
            self.is_hungry.set()  # it came to its end while this batch was made, and nobody else would tell
            return
        self._queue.add(batch)
        self._reserve, self._may_ask = reserve, True
        self._wake()
        self._call_crew()
        self._look_at_stock()

    def end(self) -> None:
        """No more batches will come."""
        self._has_all = True
        self._wake()
        self._close_when_done()

    def stop(self, grace: float, patience: float | None = None) -> None:
        """Begins no more mails; those whose dot is not written within `grace` seconds go back.

        Replies to dots are waited for, for at most `patience` seconds more where that is given.
        """
        self.is_stopping = True
        self.is_hungry.set()
        self._loop.call_later(grace, self._drop_the_undotted, patience)
        self.end()

    # the desk

    def take(self) -> Outgoing | None:
        mail = None if self.is_stopping else self._queue.take()
        if mail is not None:
            self.taken += 1
            self._look_at_stock()
            if self._has_all and not self._queue:
                self._wake()
        return mail

    def put_back(self, mail: Outgoing) -> None:
        self._queue.put_back(mail)
        self._wake()

    def report(self, result: Result) -> None:
        self._is_heard = True
        self._free(result.ref)
        self._turns.report(result)

    async def may_go(self, ref: MessageRef) -> bool:
        self._is_heard = True
        allowed = await self._turns.may_go(ref)
        self._kept_back = 0 if allowed else self._kept_back + 1
        if not allowed:
            self._free(ref)
        if self._kept_back >= KEPT_BACK and not self.is_stopping:
            self.stop(GRACE)
        return allowed

    # the crew

    def _call_crew(self) -> None:
        """One goes first; who else is called depends on whether it is let in, and on how much there is to do."""
        most = self._pool.limit if self._is_proven else 1
        while not self.is_stopping and len(self._crew) < most and self._queue.ready > MAILS_FOR_ANOTHER * len(self._crew):
            task = self._loop.create_task(self._work())
            self._crew[task] = None
            task.add_done_callback(self._left)

    async def _work(self) -> None:
        """Carries mails over one connection after another. A mail is taken before there is one, and goes back if there is none."""
        me = asyncio.current_task()
        assert me is not None
        at_hand: Outgoing | None = None
        try:
            while (at_hand := at_hand or await self._next()) is not None and not self.is_stopping:
                session = self._crew[me] or await self._connected(me)
                mail, at_hand = at_hand, None
                at_hand = await session.carry(mail, self)
                if session.is_worn or not session.is_open:
                    self._let_go(me)
        except Unreachable as error:
            self._turned_away(error, me)
        except LedgerFailed:
            self.stop(0, PATIENCE)
        finally:
            if at_hand is not None:
                self.put_back(at_hand)
            self._let_go(me)

    async def _next(self) -> Outgoing | None:
        while (mail := self.take()) is None and not self.is_stopping and not (self._has_all and not self._queue):
            rest = self._loop.create_future()
            self._resting.append(rest)
            await rest
        return mail

    async def _connected(self, me: asyncio.Task[None]) -> Session:
        session = self._crew[me] = await self._pool.session()
        self._is_proven = True
        self._call_crew()
        return session

    def _let_go(self, me: asyncio.Task[None]) -> None:
        session, self._crew[me] = self._crew[me], None
        if session is not None:
            self._pool.keep(session)

    def _turned_away(self, error: Unreachable, me: asyncio.Task[None]) -> None:
        """Where others are in, the relay wants no more of us for a while."""
        if any(session is not None and session.is_open for session in self._crew.values()):
            self._pool.lower(len(self._crew) - 1)
        elif len(self._crew) == 1:
            self._fail(error)
        else:
            self._is_proven = False  # the last who tries has the word

    def _left(self, task: asyncio.Task[None]) -> None:
        del self._crew[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)
        self._call_crew()
        self._close_when_done()

    def _fail(self, error: BaseException) -> None:
        self.failure = self.failure or error
        self.stop(GRACE)

    # the end

    def _drop_the_undotted(self, patience: float | None) -> None:
        if self._crew and not self._is_heard and patience is None:
            self.failure = self.failure or self._pool.silence()
        for task, session in self._crew.items():
            if session is None:
                task.cancel()
            else:
                session.stop()
        if patience is not None:
            self._loop.call_later(patience, self._drop_all)

    def _drop_all(self) -> None:
        for session in self._crew.values():
            if session is not None:
                session.hang_up("the sending was interrupted")

    def _free(self, ref: MessageRef) -> None:
        """Somebody may have waited for a place in its lane."""
        if self._queue.done(ref):
            self._wake()
            self._call_crew()

    def _wake(self) -> None:
        resting, self._resting = self._resting, []
        for rest in resting:
            if not rest.done():
                rest.set_result(None)

    def _look_at_stock(self) -> None:
        if self._may_ask and len(self._queue) < self._reserve:
            self._may_ask = False
            self.is_hungry.set()

    def _close_when_done(self) -> None:
        if not self._crew and self._has_all and (self.is_stopping or not self._queue):
            self.is_over.set()
            self.is_hungry.set()
