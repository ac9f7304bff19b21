"""What surrounds every answer: bodies have a limit, headers tell browsers to be careful, the inside stays inside."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regulars.settings import LOOPBACK_HOSTS

LARGEST_BODY = 64 * 1024
LARGEST_CALL = 2 * 1024 * 1024  # of programs: an order with very many lines
CALLED = ("/hooks/", "/api/")   # addresses that programs tell things at
MOST_DRAINED = 16 * 1024 * 1024
CAREFUL = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",  # addresses here hold a person's token
    "x-robots-tag": "noindex, nofollow",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
BODY = "regulars.body"
FORWARDING = ("forwarded", "via", "x-real-ip")


class Careful:
    """ASGI middleware: adds the headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def carefully(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in CAREFUL.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, carefully if scope["type"] == "http" else send)


class LimitedBodies:
    """ASGI middleware: no address takes more than LARGEST_BODY, and those of programs no more than LARGEST_CALL; the rest is read
    and forgotten, so that the sender hears us."""

    def __init__(self, app: ASGIApp, too_large: Callable[[Request], Response]) -> None:
        self.app = app
        self.too_large = too_large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self.app
        if scope["type"] == "http" and _announces_body(scope):
            scope[BODY] = await _read(receive, LARGEST_CALL if is_called(scope["path"]) else LARGEST_BODY)
            if scope[BODY] is None:
                answer = self.too_large(Request(scope))
        await answer(scope, receive, send)


def body_of(request: Request) -> bytes:
    body: bytes = request.scope.get(BODY) or b""
    return body


def _announces_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def is_called(path: str) -> bool:
    """Do programs talk there?"""
    return path.startswith(CALLED)


async def _read(receive: Receive, largest: int) -> bytes | None:
    """The body, or None when it is too large."""
    kept, size = bytearray(), 0
    while size <= MOST_DRAINED:
        message = await receive()
        if message["type"] != "http.request":
            break
        part = message.get("body", b"")
        size += len(part)
        if size <= largest:
            kept += part
        if not message.get("more_body", False):
            break
    return bytes(kept) if size <= largest else None


def is_from_here(request: Request) -> bool:
    """Whether somebody at this very machine asks, with nobody in between: what /outbox shows is not for the world.

    The Host is checked because a page elsewhere can point its own name at 127.0.0.1 and read what comes back.
    """
    if request.client is None or request.client.host not in LOOPBACK_HOSTS:
        return False
    if any(name in FORWARDING or name.startswith("x-forwarded") for name in request.headers):
        return False
    hosts = request.headers.getlist("host")
    return len(hosts) == 1 and _hostname(hosts[0]) in LOOPBACK_HOSTS


def _hostname(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
    except ValueError:
        return None
    return parts.hostname if parts.username is None and not parts.path else None
