"""One conversation with a relay: a mail a round trip, and every loss told to be before or after the dot.

Where the relay offers PIPELINING (RFC 2920) one write holds the content of mail N, its dot and the envelope of N+1,
and one read their four answers; elsewhere the same is said one command at a time. A content and its dot are written
only after the ledger allowed them, so until then nothing can have been delivered.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from typing import Protocol

from aiosmtplib import SMTP, SMTPException

from regulars.adapters.smtp_envelope import LONE_DOT, RSET, Letter, letter
from regulars.adapters.smtp_failures import refused, wants_an_account
from regulars.adapters.smtp_replies import Reply
from regulars.adapters.smtp_verdicts import (
    is_about_the_connection,
    lost_after_the_dot,
    lost_before_the_dot,
    refusal,
    verdict,
)
from regulars.adapters.smtp_wire import Lost, Wire
from regulars.content.tokens import MessageRef
from regulars.delivery.outcomes import Phase, Result
from regulars.delivery.outgoing import Outgoing

LAST_WORDS = 2
LATEST = 20  # seconds between asking the ledger and writing the dot: far less than a handoff's lease has beyond the dot's timeout
SIGN_IN_FIRST = frozenset({530, 534, 535, 538})
STOPPED = "the sending was stopped"
_OK = frozenset({250})
_OK_OR_FORWARDED = frozenset({250, 251})
_GO_AHEAD = frozenset({354})
_Step = tuple[Phase, bytes, frozenset[int]]  # a command, and the codes that let the next one count


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach and enter a relay. `tls`: none | starttls | implicit; timeouts in seconds.

    `command_timeout`: for the greeting and each answer but the one to the dot. RFC 5321 4.5.3.2 grants five minutes to
    strangers' servers; this is the shop's own relay, and before the dot giving up costs nothing but another attempt.
    `per_connection`: mails before a connection is changed for a new one.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "none"
    dot_timeout: int = 600
    command_timeout: int = 60
    per_connection: int = 100

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Desk(Protocol):
    """Where a session gets its mails and tells what became of them."""

    def take(self) -> Outgoing | None:
        """The next mail for this connection; None: there is none now."""
        ...

    def put_back(self, mail: Outgoing) -> None:
        """It was taken and not begun."""
        ...

    def report(self, result: Result) -> None: ...

    async def may_go(self, ref: MessageRef) -> bool:
        """Whether the dot may be written, once that is on record."""
        ...


class Session:
    """A signed-in connection that carries many mails, one after another."""

    def __init__(self, wire: Wire, account: Account, *, pipelining: bool, smtputf8: bool) -> None:
        self._wire = wire
        self._account = account
        self._pipelining = pipelining
        self._smtputf8 = smtputf8
        self._begun = 0
        self._steps: list[_Step] = []  # of the envelope that was named last
        self._needs_reset = False      # a refused mail has left its envelope at the relay
        self._awaits_verdict = False   # a dot was written and not answered
        self._is_stopped = False

    @classmethod
    async def open(cls, account: Account, tls: ssl.SSLContext) -> Session:
        """Connects, encrypts and signs in. Raises Unreachable, or SettingsError where only other settings would help."""
        client = SMTP(
            hostname=account.host, port=account.port, timeout=account.command_timeout, use_tls=account.tls == "implicit",
            start_tls=account.tls == "starttls", tls_context=None if account.tls == "none" else tls,
        )
        try:
            await client.connect()
            await client.ehlo()
            if account.user:
                await client.login(account.user, account.password)
            wire = Wire.taken_over(client)
        except (SMTPException, OSError) as error:
            client.close()
            raise refused(str(account), account.user, error) from error
        except asyncio.CancelledError:
            client.close()
            raise
        return cls(
            wire, account, pipelining=client.supports_extension("pipelining"), smtputf8=client.supports_extension("smtputf8")
        )

    @property
    def is_open(self) -> bool:
        return self._wire.is_open

    @property
    def is_worn(self) -> bool:
        """Has it carried as many mails as a connection should?"""
        return self._begun >= self._account.per_connection

    async def carry(self, mail: Outgoing, desk: Desk) -> Outgoing | None:
        """Offers this mail and then all that the desk gives, while the connection lasts; each is told to the desk.

        Returns a mail that was named and to which nothing was said, because the relay had hung up before it or we did:
        it needs another connection. Raises SettingsError when the relay wants another account, and what the desk raises.
        """
        named = self._named(mail, desk)
        while named is not None:
            mail, is_first = named.mail, self._begun == 0
            self._begun += 1
            try:
                denial, is_awaited = await self._envelope(mail, desk)
            except _Broken as broken:
                self.hang_up(broken.why)
                if self._is_stopped or (broken.phase is Phase.MAIL and not is_first):
                    return mail
                desk.report(lost_before_the_dot(mail, broken.phase, broken.why, broken.code))
                return None
            if denial is not None:
                desk.report(denial)
                named = await self._past_the_refused(desk, is_awaited=is_awaited)
            elif await self._is_allowed(mail, desk):
                named = await self._content(named, desk)
            else:
                return None
        return None

    def stop(self) -> None:
        """Drops what is certainly not delivered, at once or after the verdict that is awaited."""
        self._is_stopped = True
        if not self._awaits_verdict:
            self.hang_up(STOPPED)

    def hang_up(self, why: str) -> None:
        self._wire.hang_up(why)

    async def close(self) -> None:
        try:
            self._wire.write(b"QUIT\r\n", answers=1)
            await self._wire.reply(LAST_WORDS)
        except Lost:
            pass
        self.hang_up("we said goodbye")

    # envelopes

    def _named(self, mail: Outgoing | None, desk: Desk, *end: bytes) -> Letter | None:
        """Writes the end of one mail, and where the relay likes it so, the envelope of this one or of the next that can be said.

        That the connection is closed shows when answers are read.
        """
        while isinstance(following := letter(mail, smtputf8=self._smtputf8) if mail else None, Result):
            desk.report(following)
            mail = desk.take()
        chunks, answers = list(end), 1 if end else 0
        if following is not None:
            self._steps = _steps(following, reset=self._needs_reset)
            self._needs_reset = False
            if self._pipelining:
                chunks.append(b"".join([command for _, command, _ in self._steps]))
                answers += len(self._steps)
        if chunks and self.is_open:
            self._wire.write(*chunks, answers=answers)
        return following

    def _next(self, desk: Desk) -> Outgoing | None:
        return desk.take() if self.is_open and not self.is_worn else None

    async def _envelope(self, mail: Outgoing, desk: Desk) -> tuple[Result | None, bool]:
        """The refusal, if there was one, and whether the relay waits for a content. Raises _Broken."""
        denial: Result | None = None
        is_awaited = False
        for phase, command, welcome in self._steps:
            try:
                reply = await self._answer(phase, command, welcome)
            except _Broken:
                if denial is None:
                    raise
                return denial, False  # it had its verdict before the relay left
            if reply.code in welcome:
                is_awaited = phase is Phase.DATA
            elif denial is None:
                denial = self._denial(mail, phase, reply, desk)
            if denial is not None and not self._pipelining:
                break
        self._needs_reset = denial is not None
        return denial, is_awaited

    async def _answer(self, phase: Phase, command: bytes, welcome: frozenset[int]) -> Reply:
        """A welcome one, or a refusal of this mail. Raises _Broken for all else."""
        try:
            if not self._pipelining:
                self._wire.write(command, answers=1)
            reply = await self._wire.reply(self._account.command_timeout)
        except Lost as lost:
            raise _Broken(phase, str(lost)) from lost
        if reply.code not in welcome and (is_about_the_connection(reply) or command == RSET):
            self.hang_up(reply.text)
            raise _Broken(phase, reply.text, reply.code)
        return reply

    def _denial(self, mail: Outgoing, phase: Phase, reply: Reply, desk: Desk) -> Result:
        if phase is Phase.MAIL and reply.code in SIGN_IN_FIRST:
            desk.put_back(mail)
            self.hang_up(reply.text)
            raise wants_an_account(str(self._account), reply.code, reply.text)
        return refusal(mail, phase, reply)

    async def _past_the_refused(self, desk: Desk, *, is_awaited: bool) -> Letter | None:
        """The next mail, named. RCPT was refused and DATA was not: a lone dot ends the mail that nobody gets (RFC 2920 3.1)."""
        if not is_awaited:
            return self._named(self._next(desk), desk)
        following = self._named(self._next(desk), desk, LONE_DOT)
        try:
            reply = await self._wire.reply(self._account.command_timeout)
        except Lost as lost:
            self.hang_up(str(lost))
        else:
            if is_about_the_connection(reply):  # also of a relay that thanks for a mail to nobody
                self.hang_up(reply.text)
        return following

    # the content

    async def _is_allowed(self, mail: Outgoing, desk: Desk) -> bool:
        """If not, the connection is closed: DATA knows no other way back."""
        asked = time.monotonic()
        try:
            if not await desk.may_go(mail.ref):
                self.hang_up("the mail may not go")
                return False
        except BaseException:
            self.hang_up("the ledger could not answer")  # a content is awaited: all else would be taken for it
            raise
        if self.is_open and time.monotonic() - asked < LATEST:
            return True
        why = "it took too long to put on record that it goes" if self.is_open else self._wire.trouble
        self.hang_up(why)
        desk.report(lost_before_the_dot(mail, Phase.BODY, why))
        return False

    async def _content(self, sent: Letter, desk: Desk) -> Letter | None:
        """Writes content and dot, tells the verdict, and returns the next mail, named."""
        self._awaits_verdict = True
        following = self._next(desk) if self._pipelining else None
        named = self._named(following, desk, sent.content, LONE_DOT)
        desk.report(await self._verdict(sent.mail))
        self._awaits_verdict = False
        if self._is_stopped:
            self.hang_up(STOPPED)
        return named or self._named(self._next(desk), desk)

    async def _verdict(self, mail: Outgoing) -> Result:
        try:
            reply = await self._wire.reply(self._account.dot_timeout)
        except Lost as lost:
            self.hang_up(str(lost))
            return lost_after_the_dot(mail, str(lost))
        if is_about_the_connection(reply) and not 200 <= reply.code < 300:
            self.hang_up(reply.text)
        return verdict(mail, reply)


class _Broken(Exception):
    """The conversation cannot go on, and no dot was sent."""

    def __init__(self, phase: Phase, why: str, code: int | None = None) -> None:
        super().__init__(why)
        self.phase = phase
        self.why = why
        self.code = code


def _steps(named: Letter, *, reset: bool) -> list[_Step]:
    steps = [(Phase.MAIL, named.from_, _OK), (Phase.RCPT, named.to, _OK_OR_FORWARDED), (Phase.DATA, b"DATA\r\n", _GO_AHEAD)]
    return [(Phase.MAIL, RSET, _OK), *steps] if reset else steps
