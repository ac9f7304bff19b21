"""A real SMTP server on the loopback that does what a recipient's name says, so that one mail can go wrong alone."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.servers import free_port

AT_RCPT = {"full": "552 5.2.2 mailbox full", "later": "450 4.2.1 mailbox busy", "never": "550 5.1.1 no such user", "shutting.down": "421 4.3.2 closing"}
AT_DOT = {"dot.later": "451 4.3.0 try again", "dot.never": "554 5.7.1 content refused"}
USER, PASSWORD = "shop", "open:sesame/@"


@dataclass
class Arrived:
    sender: str
    recipient: str
    content: bytes


@dataclass
class RelayServer:
    """`arrived`: mails that got their 250, in order. `connections`: how many were opened."""

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    must_encrypt: bool = False
    must_sign_in: bool = False
    smtputf8: bool = False
    pipelining: bool = False  # whether it says so; it always bears it
    mails_a_connection: int = 1_000_000
    most_connections: int = 1_000_000  # later ones are turned away
    seconds_a_mail: float = 0  # between a dot and its reply
    arrived: list[Arrived] = field(default_factory=list)
    connections: int = 0
    port: int = field(default_factory=free_port)

    def __enter__(self) -> Self:
        relay = self

        class Door(Controller):
            def factory(self) -> SMTP:
                return _Conversation(
                    relay, _Handler(relay), enable_SMTPUTF8=relay.smtputf8, tls_context=None if relay.implicit else relay.tls,
                    require_starttls=relay.must_encrypt, auth_required=relay.must_sign_in,
                    auth_require_tls=relay.must_sign_in and not relay.implicit, authenticator=_check,
                )

        self._controller = Door(
            _Handler(self), hostname="127.0.0.1", port=self.port, ssl_context=self.tls if self.implicit else None
        )
        self._controller.start()
        self.connections = 0  # starting knocks once itself
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class _Conversation(SMTP):
    def __init__(self, relay: RelayServer, handler: object, **options: object) -> None:
        super().__init__(handler, **options)
        self._relay = relay
        self._mails = 0

    def connection_made(self, transport: object) -> None:
        self._relay.connections += 1
        if self._relay.connections > self._relay.most_connections:
            transport.write(b"421 4.3.2 closing\r\n")
            transport.close()
            return
        super().connection_made(transport)

    async def smtp_MAIL(self, arg: str) -> None:
        self._mails += 1
        if self._mails > self._relay.mails_a_connection:
            self.transport.close()
            return
        await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if self.envelope.rcpt_tos and _local(self.envelope.rcpt_tos[0]) == "hangup.data":
            self.transport.close()
            return
        await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, relay: RelayServer) -> None:
        self._relay = relay

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self._relay.pipelining else responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        if _local(address) == "hangup.rcpt":
            server.transport.close()
        if refusal := AT_RCPT.get(_local(address)):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        recipient = envelope.rcpt_tos[0]
        if refusal := AT_DOT.get(_local(recipient)):
            return refusal
        self._relay.arrived.append(Arrived(envelope.mail_from, recipient, envelope.content))
        await asyncio.sleep(self._relay.seconds_a_mail)
        if _local(recipient) == "dot.hangup":
            server.transport.close()
        if _local(recipient) == "dot.silence":
            await _for_ever()
        if _local(recipient) == "dot.nonsense":
            return "999 what"
        return f"250 2.0.0 Ok: queued as {len(self._relay.arrived)}"


async def _for_ever() -> None:
    await asyncio.sleep(60)


def _check(server, session, envelope, mechanism, auth_data) -> AuthResult:
    right = (auth_data.login, auth_data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def _local(address: str) -> str:
    return address.rpartition("@")[0]
