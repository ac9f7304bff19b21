"""The web door as an ASGI application: `make_app(house)`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from regulars.adapters.database.front_desk import FrontDesk
from regulars.bootstrap import House
from regulars.doors.web import api
from regulars.doors.web.counter import Counter
from regulars.doors.web.door import Door, log
from regulars.doors.web.following import click, pixel, referral
from regulars.doors.web.guards import Careful, LimitedBodies, is_called
from regulars.doors.web.health import healthz
from regulars.doors.web.hooks import shopify_hook, woocommerce_hook
from regulars.doors.web.leaving import preferences, unsubscribe
from regulars.doors.web.metrics import metrics
from regulars.doors.web.outbox import outbox, outbox_html, outbox_mail
from regulars.doors.web.page import message_page
from regulars.doors.web.pictures import picture
from regulars.doors.web.problems import Problem, problem
from regulars.doors.web.viewing import view
from regulars.errors import RegularsError

Answer = Callable[[Request, Exception], Awaitable[Response]]
ASKS_AND_ACTS = ["GET", "POST"]
_SAID = {404: "not_found", 405: "not_so", 413: "too_large"}


def make_app(house: House, *, patience_to_leave: float = 5.0) -> Starlette:
    """Everything that links in mails lead to, for one process with one event loop."""
    door = Door(house, FrontDesk(house.database), patience_to_leave=patience_to_leave)
    counter = Counter(door)

    @asynccontextmanager
    async def open_hours(_app: Starlette) -> AsyncIterator[None]:
        await door.shop()
        door.journal.start()
        await counter.open()
        yield
        await counter.line.close()
        await door.journal.close()

    return Starlette(
        routes=[
            Route("/", door.front_page),
            Route("/o/{token}.gif", pixel(door)),
            Route("/c/{token}/{target}", click(door)),
            Route("/r/{code}", referral(door)),
            Route("/u/{token}", unsubscribe(door), methods=ASKS_AND_ACTS),
            Route("/p/{token}", preferences(door), methods=ASKS_AND_ACTS),
            Route("/v/{token}", view(door)),
            Route("/i/{name}", picture(door)),
            Route("/hooks/shopify", shopify_hook(counter), methods=["POST"]),
            Route("/hooks/woocommerce", woocommerce_hook(counter), methods=["POST"]),
            *api.routes(counter),
            Route("/healthz", healthz(door)),
            Route("/metrics", metrics(door)),
            Route("/outbox", outbox(door)),
            Route("/outbox/{name}", outbox_mail(door)),
            Route("/outbox/{name}/html", outbox_html(door)),
        ],
        middleware=[Middleware(Careful), Middleware(LimitedBodies, too_large=_said(door, 413))],
        exception_handlers={Problem: _told, HTTPException: _refused(door), RegularsError: _failed(door), Exception: _failed(door)},
        lifespan=open_hours,
    )


def _said(door: Door, status: int) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        if is_called(request.url.path):
            return problem(status, "the body is larger than 2 MB; tell it in several calls")
        return message_page(door.words(request), door.known_shop, _SAID[status], status=status)

    return answer


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem(error.status, error.detail, error.wrongs, error.headers)


def _refused(door: Door) -> Answer:
    async def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        if is_called(request.url.path):
            return problem(status, str(getattr(error, "detail", "")) or "nothing is here", headers=getattr(error, "headers", None))
        response = message_page(door.words(request), door.known_shop, _SAID.get(status, "not_so"), status=status)
        response.headers.update((error.headers or {}) if isinstance(error, HTTPException) else {})
        return response

    return answer


def _failed(door: Door) -> Answer:
    async def answer(request: Request, error: Exception) -> Response:
        log.error("a page could not be shown: %s", error if isinstance(error, RegularsError) else type(error).__name__)
        if is_called(request.url.path):
            return problem(503, "it could not be done at this moment; tell it again")
        return message_page(door.words(request), door.known_shop, "failed", status=503)

    return answer
