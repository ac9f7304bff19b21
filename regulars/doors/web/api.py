"""/api/v1: orders, customers, products and events, told by a shop's own programs with a key."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from regulars.doors.told.fields import KINDS
from regulars.doors.told.reading import Unreadable, heard
from regulars.doors.web.counter import Counter, hash_of
from regulars.doors.web.door import NEVER_KEPT
from regulars.doors.web.following import Endpoint
from regulars.doors.web.guards import body_of
from regulars.doors.web.openapi import as_text, document, words_of
from regulars.doors.web.page import page
from regulars.doors.web.problems import Problem
from regulars.loyalty.calls import Call

LONGEST_NAME = 200  # of a call


def routes(counter: Counter) -> list[Route]:
    return [
        *(Route(f"/api/v1/{kind}", tell(counter, kind), methods=["POST"]) for kind in KINDS),
        Route("/api/v1/openapi.json", described(counter)),
        Route("/api/v1/docs", readable(counter)),
    ]


def tell(counter: Counter, kind: str) -> Endpoint:
    """POST one, or a list; all of it is recorded, or nothing when something in it does not fit."""

    async def answer(request: Request) -> Response:
        key = await counter.key(request, f"{kind}:write")
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise Problem(415, f"the content-type is {media[:60] or 'missing'}; send application/json")
        told = await counter.read(request)
        given = request.headers.get("idempotency-key", "")
        if len(given) > LONGEST_NAME or not given.isprintable():
            raise Problem(400, f"an Idempotency-Key has at most {LONGEST_NAME} printable characters")
        source, name = f"api:{key.id}", f"{kind} {given or secrets.token_hex(16)}"
        try:
            meant = heard(kind, told, counter.terms(), f"{source}:{name}")
        except Unreadable as error:
            raise Problem(422, "nothing of it was recorded", error.wrongs) from None
        return await counter.say(Call(source, name, kind, hash_of(body_of(request)), meant, key=key.id))

    return answer


def described(counter: Counter) -> Endpoint:
    async def answer(_request: Request) -> Response:
        return JSONResponse(document(counter.terms().shop, counter.door.house.settings.base_url), headers=NEVER_KEPT)

    return answer


def readable(counter: Counter) -> Endpoint:
    """The same document for people."""

    async def answer(request: Request) -> Response:
        shop = counter.terms().shop
        told = document(shop, counter.door.house.settings.base_url)
        words = counter.door.words(request)
        return page("api.html", words=words, shop=shop, title="API", document=told, example=as_text, words_of=words_of)

    return answer
