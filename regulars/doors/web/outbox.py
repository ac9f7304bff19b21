"""/outbox: spooled mail, readable at this machine only; each mail in a frame that can do nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from regulars.adapters.spool import Spool, Spooled
from regulars.doors.web.door import Door
from regulars.doors.web.following import Endpoint
from regulars.doors.web.guards import is_from_here
from regulars.doors.web.page import message_page, page
from regulars.doors.web.words import ENGLISH

ON_A_PAGE = 50
SHOWN = ("From", "To", "Reply-To", "Date", "List-Unsubscribe", "Message-ID")
_FRAME = {
    "content-security-policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src http: https: data:; "
        "style-src 'unsafe-inline' https:; font-src https:; base-uri 'self'; form-action 'none'; frame-ancestors 'self'"
    ),
    "cache-control": "no-store",
    "x-frame-options": "SAMEORIGIN",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A mail in the list."""

    name: str
    at: datetime
    subject: str
    to: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail on its page."""

    name: str
    subject: str
    headers: list[tuple[str, str]]
    html: str
    text: str


def outbox(door: Door) -> Endpoint:
    async def show(request: Request) -> Response:
        spool = _spool_for(door, request)
        if spool is None:
            return await _nothing(door, request)
        number = _page_number(request)
        lines = await run_in_threadpool(_lines, spool, number)
        return page("outbox.html", words=ENGLISH, shop=None, title="Outbox", mails=lines[:ON_A_PAGE],
                    page=number, more=len(lines) > ON_A_PAGE)

    return show


def outbox_mail(door: Door) -> Endpoint:
    async def show(request: Request) -> Response:
        mail = await _mail(door, request)
        if mail is None:
            return await _nothing(door, request)
        return page("outbox_mail.html", words=ENGLISH, shop=None, title=mail.subject, mail=mail)

    return show


def outbox_html(door: Door) -> Endpoint:
    async def show(request: Request) -> Response:
        mail = await _mail(door, request)
        if mail is None:
            return await _nothing(door, request)
        return HTMLResponse('<base target="_blank">' + mail.html, headers=_FRAME)

    return show


def _spool_for(door: Door, request: Request) -> Spool | None:
    return door.house.spool if is_from_here(request) else None


async def _nothing(door: Door, request: Request) -> Response:
    return message_page(door.words(request), await door.shop(), "not_found", status=404)


def _page_number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) else 1


def _lines(spool: Spool, number: int) -> list[Line]:
    return [_line(spool, each) for each in spool.newest(ON_A_PAGE + 1, (number - 1) * ON_A_PAGE)]


def _line(spool: Spool, mail: Spooled) -> Line:
    message = _parsed(spool.read(mail.name) or b"")
    return Line(mail.name, mail.at, _header(message, "Subject") or "(no subject)", _header(message, "To"))


async def _mail(door: Door, request: Request) -> Shown | None:
    spool = _spool_for(door, request)
    name = request.path_params["name"]
    content = await run_in_threadpool(spool.read, name) if spool else None
    return None if content is None else _shown(name, _parsed(content))


def _shown(name: str, message: EmailMessage) -> Shown:
    headers = [(header, value) for header in SHOWN if (value := _header(message, header))]
    subject = _header(message, "Subject") or "(no subject)"
    return Shown(name, subject, headers, _part(message, "html"), _part(message, "plain"))


def _parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
