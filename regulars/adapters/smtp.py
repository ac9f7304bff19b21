"""Mail to a relay over a few connections, each kept for many mails; one loop, no threads, no pipelining."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from regulars.adapters.smtp_session import Account, Broken, Session
from regulars.content.tokens import MessageRef
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.outgoing import Outgoing
from regulars.errors import SettingsError, Unreachable
from regulars.operations.ports import Ledger

PATIENCE = 10  # seconds that an interrupted send waits for replies to dots already sent


class Relay:
    """The SMTP transport. Use it from one thread at a time; connections stay open from batch to batch."""

    def __init__(self, account: Account, connections: int = 4, tls: ssl.SSLContext | None = None) -> None:
        self._account = account
        self._connections = connections
        self._tls = tls or ssl.create_default_context()
        self._loop = asyncio.new_event_loop()
        self._idle: list[Session] = []

    def send(self, batches: Iterable[Sequence[Outgoing]], ledger: Ledger, go_on: Callable[[], bool]) -> None:
        """As the port says. Raises SettingsError where the relay wants other credentials; no mail is blamed for that."""
        for batch in batches:
            self._send(batch, ledger)
            if not go_on():
                return

    def _send(self, batch: Sequence[Outgoing], ledger: Ledger) -> None:
        if not batch:
            return
        shift = _Shift(self, batch, ledger)
        tasks = [self._loop.create_task(shift.work()) for _ in range(min(self._connections, len(batch)))]
        try:
            self._loop.run_until_complete(asyncio.gather(*tasks))
        except BaseException:
            shift.queue.clear()
            self._loop.run_until_complete(_ended(tasks))
            raise
        finally:
            shift.turns.finish()
        if shift.queue and shift.failure is not None:
            raise shift.failure

    def arrived(self, mails: Sequence[tuple[MessageRef, str]]) -> Mapping[MessageRef, bool]:
        return {}

    def close(self) -> None:
        while self._idle:
            self._loop.run_until_complete(self._idle.pop().close())
        self._loop.close()

    async def session(self) -> Session:
        while self._idle:
            session = self._idle.pop()
            if session.is_open:
                return session
        return await self.new_session()

    async def new_session(self) -> Session:
        return await Session.open(self._account, self._tls)

    def keep(self, session: Session) -> None:
        if session.is_open:
            self._idle.append(session)


class _Shift:
    """One batch: connections take mails from a queue until it is empty or nobody can reach the relay."""

    def __init__(self, relay: Relay, batch: Sequence[Outgoing], ledger: Ledger) -> None:
        self.queue = deque(batch)
        self.turns = _Turns(ledger)
        self.failure: Unreachable | SettingsError | None = None
        self._relay = relay

    async def work(self) -> None:
        """A mail is taken only once there is a connection for it, so an unreachable relay costs no mail an attempt."""
        session: Session | None = None
        try:
            while self.queue:
                if session is None or not session.is_open:
                    session = await self._relay.session()
                if self.queue:
                    await self._carry(self.queue.popleft(), session)
        except (Unreachable, SettingsError) as error:
            self.failure = error
        except BaseException:
            if session is not None:
                session.abort()  # half a mail may be on the line: the next one must not be taken for its end
            raise
        if session is not None:
            self._relay.keep(session)

    async def _carry(self, mail: Outgoing, session: Session) -> None:
        was_fresh = session.is_fresh
        try:
            result = await session.deliver(mail, self.turns.may_go)
        except Broken as broken:
            if broken.phase is Phase.MAIL and not was_fresh:
                self.queue.appendleft(mail)  # the relay had hung up while we were away; this mail was never mentioned
                return
            result = Result(mail.ref, Outcome.LOST_BEFORE_DOT, broken.phase, broken.code, reply=broken.why)
        except SettingsError:
            self.queue.appendleft(mail)
            raise
        if result is not None:
            self.turns.report(result)


class _Turns:
    """Gathers what one turn of the event loop brings, so that many connections share one commit."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._results: list[Result] = []
        self._waiting: list[tuple[MessageRef, asyncio.Future[bool]]] = []
        self._scheduled = False

    def report(self, result: Result) -> None:
        self._results.append(result)

    async def may_go(self, ref: MessageRef) -> bool:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((ref, answer))
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._turn)
        return await answer

    def finish(self) -> None:
        """Commits the results that came after the last handoff."""
        if self._results:
            results, self._results = self._results, []
            self._ledger.turn(results, [])

    def _turn(self) -> None:
        self._scheduled = False
        results, self._results = self._results, []
        waiting, self._waiting = self._waiting, []
        try:
            allowed = self._ledger.turn(results, [ref for ref, _ in waiting])
        except Exception as error:  # noqa: BLE001  it belongs to whoever waits, and ends the batch there
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        except BaseException:
            for _, answer in waiting:
                answer.cancel()  # Ctrl-C: nobody will answer them any more
            raise
        for ref, answer in waiting:
            if not answer.done():
                answer.set_result(ref in allowed)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Replies to dots already sent are worth a moment; what is slower stays uncertain."""
    _, late = await asyncio.wait(tasks, timeout=PATIENCE)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
