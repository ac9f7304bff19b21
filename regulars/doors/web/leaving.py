"""Unsubscribing: GET asks, POST acts; mail programs post for their owners (RFC 8058)."""

from __future__ import annotations

from email import message_from_bytes
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from regulars.adapters.database.front_desk import Addressee
from regulars.audience.addresses import masked
from regulars.content.tokens import Purpose
from regulars.doors.web.door import Door
from regulars.doors.web.following import Endpoint
from regulars.doors.web.guards import body_of
from regulars.doors.web.page import message_page, page
from regulars.tracking.hits import HitKind
from regulars.tracking.tokens import Verified

ONE_CLICK = ("List-Unsubscribe", "One-Click")
SURE = ("sure", "yes")  # of the form in leave.html
NOBODY = Addressee("…@…", None, None, has_left=False)


def unsubscribe(door: Door) -> Endpoint:
    """/u/TOKEN"""

    async def answer(request: Request) -> Response:
        token = door.token(request, Purpose.UNSUBSCRIBE)
        if token is None:
            return await door.front_page(request)
        source = _source(request) if request.method == "POST" else None
        if source is not None:
            return await _leave(door, request, token, source)
        if not token.is_preview:
            await door.journal.add(door.hit(request, HitKind.UNSUBSCRIBE, token))
        return await _ask(door, request, token, "leave_title", "leave_question", action=request.url.path)

    return answer


def preferences(door: Door) -> Endpoint:
    """/p/TOKEN: whom we write to, and the way out. Its form posts here, and means the same as unsubscribing."""

    async def answer(request: Request) -> Response:
        token = door.token(request, Purpose.PREFERENCES)
        if token is None:
            return await door.front_page(request)
        if request.method == "POST" and _source(request) is not None:
            return await _leave(door, request, token, "preferences")
        return await _ask(door, request, token, "preferences_title", "preferences_text", action=request.url.path)

    return answer


async def _ask(door: Door, request: Request, token: Verified, title: str, text: str, *, action: str) -> Response:
    shop, person = await door.shop(), await _addressee(door, token)
    words = door.words(request, person.language, person.locale)
    names = {"shop": shop.name if shop else "", "address": masked(person.email)}
    return page(
        "leave.html", words=words, shop=shop, action=action, title=getattr(words, title).format(**names),
        text=getattr(words, text).format(**names), note=words.only_preview if token.is_preview else "",
    )


async def _leave(door: Door, request: Request, token: Verified, source: str) -> Response:
    shop, person = await door.shop(), await _addressee(door, token)
    words = door.words(request, person.language, person.locale)
    if token.is_preview:
        return page("message.html", words=words, shop=shop, title=words.leave_title, text=words.only_preview, note="")
    hit = door.hit(request, HitKind.UNSUBSCRIBE, token, source=source)
    if not await door.journal.add(hit, door.patience_to_leave):
        return message_page(words, shop, "not_stored", status=503)
    return message_page(words, shop, "left", address=masked(person.email))


async def _addressee(door: Door, token: Verified) -> Addressee:
    """Nobody while the database is away: the page can ask without a name, and storing the wish will tell the truth."""
    found = None if token.is_preview else await door.look_up(door.desk.addressee, token.ref, otherwise=None)
    return found or NOBODY


def _source(request: Request) -> str | None:
    """one-click | page; None for a post that says neither, which is no wish to leave."""
    fields = _form(body_of(request), request.headers.get("content-type", ""))
    if ONE_CLICK in fields:
        return "one-click"
    return "page" if SURE in fields else None


def _form(body: bytes, content_type: str) -> list[tuple[str, str]]:
    if content_type.lower().startswith("multipart/form-data"):
        message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace") + body)
        parts = message.get_payload() if message.is_multipart() else []
        return [
            (str(part.get_param("name", header="content-disposition")), str(part.get_payload()).strip())
            for part in parts if not isinstance(part, str)
        ]
    return parse_qsl(body.decode("latin-1"))
