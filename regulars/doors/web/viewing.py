"""/v/TOKEN: the mail in the browser, as its recipient got it."""

from __future__ import annotations

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from regulars.content.tokens import Purpose
from regulars.doors.web.door import Door
from regulars.doors.web.following import Endpoint
from regulars.doors.web.page import message_page, page
from regulars.operations.view_message import view_message
from regulars.tracking.hits import HitKind

# A mail is the marketer's writing and the customer's data: it may show pictures, and run nothing.
SHOWS_ONLY = {
    "content-security-policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; default-src 'none'; "
        "img-src http: https: data:; style-src 'unsafe-inline' https:; font-src https:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "cache-control": "private, no-store",
    "x-frame-options": "DENY",
}


def view(door: Door) -> Endpoint:
    async def show(request: Request) -> Response:
        token = door.token(request, Purpose.VIEW)
        if token is None:
            return await door.front_page(request)
        if token.is_preview:
            words = door.words(request)
            return page("message.html", words=words, shop=await door.shop(), title=words.expired_title, text=words.only_preview, note="")
        house = door.house
        compose = partial(
            view_message, token.ref, door.desk, house.bundles, house.recipients, house.settings.keys, house.settings.base_url
        )
        email = await run_in_threadpool(compose)
        await door.journal.add(door.hit(request, HitKind.VIEW, token))
        if email is None:
            return message_page(door.words(request), await door.shop(), "expired", status=410)
        return HTMLResponse(email.html, headers=SHOWS_ONLY)

    return show
