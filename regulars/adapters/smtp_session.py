"""One conversation with a relay, each phase known, so that every loss can be told to be before or after the dot."""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from regulars.adapters.smtp_failures import refused
from regulars.content.tokens import MessageRef
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.outgoing import Outgoing
from regulars.errors import SettingsError

COMMAND_TIMEOUT = 300  # seconds, RFC 5321 4.5.3.2
LAST_WORDS = 2
CLOSING = 421
SIGN_IN_FIRST = frozenset({530, 534, 535, 538})
LONGEST_REPLY = 500
MayGo = Callable[[MessageRef], Awaitable[bool]]
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_DOT_FIRST = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach and enter a relay. `tls`: none | starttls | implicit; `dot_timeout` in seconds."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "none"
    dot_timeout: int = 600

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Broken(Exception):
    """The conversation cannot go on, and no dot was sent."""

    def __init__(self, phase: Phase, why: str, code: int | None = None) -> None:
        super().__init__(why)
        self.phase = phase
        self.why = why
        self.code = code


class Session:
    """A signed-in connection that carries many mails, one after another."""

    def __init__(self, client: SMTP, account: Account) -> None:
        self._client = client
        self._account = account
        self.is_fresh = True  # a relay may have closed one that waited; of a fresh one that would be news

    @classmethod
    async def open(cls, account: Account, tls: ssl.SSLContext) -> Session:
        """Connects, encrypts and signs in. Raises Unreachable, or SettingsError where only other settings would help."""
        client = SMTP(
            hostname=account.host, port=account.port, timeout=60, use_tls=account.tls == "implicit",
            start_tls=account.tls == "starttls", tls_context=None if account.tls == "none" else tls,
        )
        try:
            await client.connect()
            await client.ehlo()
            if account.user:
                await client.login(account.user, account.password)
        except (SMTPException, OSError) as error:
            client.close()
            raise refused(str(account), account.user, error) from error
        return cls(client, account)

    @property
    def is_open(self) -> bool:
        return self._client.is_connected

    async def deliver(self, mail: Outgoing, may_go: MayGo) -> Result | None:
        """Offers one mail; None when `may_go` said no, and then the connection is closed: DATA knows no other way back.

        Raises Broken while the mail is certainly not delivered, SettingsError when the relay wants another account.
        """
        self.is_fresh = False
        if not (mail.envelope_from + mail.envelope_to).isascii() and not self._client.supports_extension("smtputf8"):
            return _beyond_the_relay(mail)
        for phase, command, welcome in _envelope(mail):
            reply = await self._ask(phase, command)
            if reply.code not in welcome:
                return await self._turned_down(mail, phase, reply)
        return await self._content(mail, may_go)

    async def close(self) -> None:
        try:
            await self._client.quit(timeout=LAST_WORDS)
        except (SMTPException, OSError):
            self.abort()

    def abort(self) -> None:
        self._client.close()

    async def _ask(self, phase: Phase, command: bytes) -> SMTPResponse:
        try:
            return await self._client.execute_command(command, timeout=COMMAND_TIMEOUT)
        except (SMTPException, OSError) as error:
            self.abort()
            raise Broken(phase, _why(error)) from error

    async def _turned_down(self, mail: Outgoing, phase: Phase, reply: SMTPResponse) -> Result:
        if reply.code == CLOSING or not 400 <= reply.code < 600:
            self.abort()  # about the connection, not about this mail
            raise Broken(phase, reply.message, reply.code)
        if phase is Phase.MAIL and reply.code in SIGN_IN_FIRST:
            self.abort()
            raise self._sign_in_first(reply)
        await self._start_over()
        return _refusal(mail, phase, reply)

    def _sign_in_first(self, reply: SMTPResponse) -> SettingsError:
        problem = (
            f"REGULARS_MAIL_URL: {self._account} takes no mail this way: {reply.code} {reply.message}; "
            "it wants TLS, or a user and password: smtp://USER:PASSWORD@HOST:587?tls=starttls"
        )
        return SettingsError([problem])

    async def _start_over(self) -> None:
        try:
            reply = await self._client.execute_command(b"RSET", timeout=COMMAND_TIMEOUT)
        except (SMTPException, OSError):
            self.abort()
        else:
            if reply.code != 250:
                self.abort()

    async def _content(self, mail: Outgoing, may_go: MayGo) -> Result | None:
        try:
            if not await self._all_but_the_dot(mail, may_go):
                self.abort()
                return None
        except SMTPException as error:
            self.abort()
            raise Broken(Phase.BODY, _why(error)) from error
        except BaseException:
            self.abort()  # the ledger could not answer: half a mail is on the line, and all else would be taken for more of it
            raise
        return await self._after_the_dot(mail)

    async def _all_but_the_dot(self, mail: Outgoing, may_go: MayGo) -> bool:
        """Whether the dot was written too."""
        self._write(_DOT_FIRST.sub(b"..", mail.content))
        if not await may_go(mail.ref):
            return False
        self._write(b".\r\n")
        return True

    def _write(self, content: bytes) -> None:
        if self._client.protocol is None:
            raise SMTPServerDisconnected("connection lost")
        self._client.protocol.write(content)

    async def _after_the_dot(self, mail: Outgoing) -> Result:
        try:
            protocol = self._client.protocol
            assert protocol is not None
            reply = await protocol.read_response(timeout=self._account.dot_timeout)
        except (SMTPException, OSError) as error:
            self.abort()
            return Result(mail.ref, Outcome.LOST_AFTER_DOT, Phase.DOT, reply=_why(error))
        return self._verdict(mail, reply)

    def _verdict(self, mail: Outgoing, reply: SMTPResponse) -> Result:
        if reply.code == CLOSING:
            self.abort()
        if 200 <= reply.code < 300:
            return _result(mail, Outcome.ACCEPTED, Phase.DOT, reply, evidence="reply")
        if 400 <= reply.code < 600:
            return _refusal(mail, Phase.DOT, reply)
        self.abort()
        return _result(mail, Outcome.LOST_AFTER_DOT, Phase.DOT, reply)


def _envelope(mail: Outgoing) -> tuple[tuple[Phase, bytes, frozenset[int]], ...]:
    option = "" if (mail.envelope_from + mail.envelope_to).isascii() else " SMTPUTF8"
    return (
        (Phase.MAIL, f"MAIL FROM:<{mail.envelope_from}>{option}".encode(), frozenset({250})),
        (Phase.RCPT, f"RCPT TO:<{mail.envelope_to}>".encode(), frozenset({250, 251})),
        (Phase.DATA, b"DATA", frozenset({354})),
    )


def _refusal(mail: Outgoing, phase: Phase, reply: SMTPResponse) -> Result:
    outcome = Outcome.REJECTED if reply.code >= 500 else Outcome.DEFERRED
    return _result(mail, outcome, phase, reply)


def _result(mail: Outgoing, outcome: Outcome, phase: Phase, reply: SMTPResponse, evidence: str | None = None) -> Result:
    enhanced = _ENHANCED.match(reply.message)
    words = reply.message.encode("utf-8", "replace").decode().replace("\0", "")[:LONGEST_REPLY]
    return Result(mail.ref, outcome, phase, reply.code, enhanced[0] if enhanced else None, words, evidence)


def _beyond_the_relay(mail: Outgoing) -> Result:
    """RFC 6531 3.2: the code is what a relay would have said."""
    words = "the address has letters beyond ASCII before its @, and the relay does not offer SMTPUTF8"
    return Result(mail.ref, Outcome.REJECTED, Phase.MAIL, 553, "5.6.7", words)


def _why(error: Exception) -> str:
    if isinstance(error, SMTPTimeoutError):
        return "the relay did not answer in time"
    if isinstance(error, SMTPResponseException):
        return f"the relay's answer made no sense: {error.message[:LONGEST_REPLY]}"
    return "the relay closed the connection"
