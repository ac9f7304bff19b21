"""The pixel, the links and the referral codes: a hit is stored, then the visitor gets where they wanted to go."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from regulars.content.tokens import Purpose
from regulars.doors.web.door import NEVER_KEPT, Door
from regulars.loyalty.codes import read_code
from regulars.tracking.hits import HitKind
from regulars.tracking.tokens import unpacked_target

Endpoint = Callable[[Request], Awaitable[Response]]
GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")


def pixel(door: Door) -> Endpoint:
    """GET /o/TOKEN.gif; whatever the token is, a mail shows no broken picture."""

    async def show(request: Request) -> Response:
        token = door.token(request, Purpose.OPEN)
        if token is not None and not token.is_preview:
            await door.journal.add(door.hit(request, HitKind.OPEN, token))
        return Response(GIF, headers=NEVER_KEPT, media_type="image/gif")

    return show


def click(door: Door) -> Endpoint:
    """GET /c/TOKEN/TARGET leads to the target that the token signs, and to no other."""

    async def follow(request: Request) -> Response:
        target = unpacked_target(request.path_params["target"])
        token = door.token(request, Purpose.CLICK, target) if target else None
        if token is None or target is None:
            return await door.front_page(request)
        if not token.is_preview:
            await door.journal.add(door.hit(request, HitKind.CLICK, token, target=target))
        return Response(status_code=302, headers={"location": target, **NEVER_KEPT})

    return follow


def referral(door: Door) -> Endpoint:
    """GET /r/CODE counts the visit and leads to the shop with the code in the address, where the shop can read it."""

    async def visit(request: Request) -> Response:
        shop = await door.shop()
        code = read_code(request.path_params["code"])
        if shop is None or code is None or not await door.look_up(door.desk.knows_code, code, otherwise=True):
            # While the database is away any code of the right form passes: the friend should not pay for our trouble.
            return await door.front_page(request)
        await door.journal.add(door.hit(request, HitKind.REFERRAL, code=code))
        return RedirectResponse(with_code(shop.url, code), 302, NEVER_KEPT)

    return visit


def with_code(url: str, code: str) -> str:
    """The shop's address with `ref=CODE`; what it says already stays."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "ref"]
    return urlunsplit(parts._replace(query=urlencode([*kept, ("ref", code)])))
