"""Where shops' systems tell things: every call is read, stands in line, and is answered when it is durable."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from regulars.adapters.call_line import CallLine, LineFull
from regulars.definition.workspace import Shop
from regulars.doors.told.json_text import NotJson, read_json
from regulars.doors.web.door import NEVER_KEPT, Door
from regulars.doors.web.guards import body_of
from regulars.doors.web.problems import Problem
from regulars.errors import RegularsError
from regulars.loyalty.api_keys import ApiKey, parts_of
from regulars.loyalty.calls import Call, Terms
from regulars.loyalty.intake import Answered
from regulars.loyalty.rates import Rates
from regulars.operations.take_in import take_in

log = logging.getLogger(__name__)
LONG = 32 * 1024        # bytes; longer bodies are read beside the event loop
KEYS_REMEMBERED = 2.0   # seconds: a revoked key works no longer than that
RATES_REMEMBERED = 30.0
TIDY_EVERY = 3_600.0
ANSWERS_KEPT = timedelta(days=30)  # shops tell a call again for two days at most


@dataclass(slots=True)
class Counter:
    door: Door
    line: CallLine = field(init=False)
    _keys: dict[str, tuple[float, ApiKey | None]] = field(default_factory=dict)
    _rates: tuple[float, Shop, Rates] | None = None
    _tidy_at: float = 0.0

    def __post_init__(self) -> None:
        self.line = CallLine(self._take)

    async def open(self) -> None:
        """Once, in the event loop; what takes a moment is read before the first call comes."""
        self.line.start()
        if (shop := self.door.house.shop_now() or self.door.known_shop) is not None:
            try:
                await run_in_threadpool(self._read_rates, shop)
            except RegularsError as error:
                log.warning("nothing can be taken in: %s", error.message)  # links in mails must work all the same

    def terms(self, sent_at: str | None = None) -> Terms:
        """Raises Problem while nobody knows the shop."""
        shop = self.door.house.shop_now() or self.door.known_shop
        if shop is None:
            raise Problem(503, "regulars.yaml cannot be read here, so nobody knows the shop's currency and words")
        if self._rates is None or self._rates[1] is not shop:
            self._read_rates(shop)
        assert self._rates is not None
        return Terms(shop, self._rates[2], self.door.house.clock.now(), sent_at)

    async def read(self, request: Request) -> Any:
        """The body's JSON. Raises Problem."""
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"", "identity"}:
            raise Problem(415, f"the body is packed ({encoding[:40]}); send it as it is")
        body = body_of(request)
        try:
            return await run_in_threadpool(read_json, body) if len(body) > LONG else read_json(body)
        except NotJson as error:
            raise Problem(400, str(error)) from None

    async def say(self, call: Call) -> Response:
        """What is answered to it, once everything that follows from it is durable. Raises Problem."""
        try:
            said = await self.line.add(call)
        except LineFull as error:
            raise Problem(429, error.message) from None
        except RegularsError as error:
            log.warning("a call of %s waits to be told again: %s", call.source, error.message)
            raise Problem(503, "it could not be stored at this moment; tell it again") from None
        told = json.loads(said.answer or "{}")
        if "problem" in told:
            raise Problem(said.status, told["problem"])
        return JSONResponse(told, said.status, NEVER_KEPT)

    async def key(self, request: Request, scope: str) -> ApiKey:
        """Whose call it is. Raises Problem."""
        kind, _, written = request.headers.get("authorization", "").partition(" ")
        named = parts_of(written.strip()) if kind.lower() == "bearer" else None
        known = await self._known_key(named[0]) if named else None
        now = self.door.house.clock.now()
        if named is None or known is None or not known.opens(named[1]) or not known.is_good(now):
            raise Problem(401, "send a key that is good: Authorization: Bearer rk_…; regulars keys create makes one", headers={
                "www-authenticate": 'Bearer realm="regulars"'})
        if scope not in known.scopes:
            raise Problem(403, f"the key {known.name!r} has no scope {scope}; it has {', '.join(known.scopes)}")
        return known

    async def _known_key(self, key_id: str) -> ApiKey | None:
        until, known = self._keys.get(key_id, (0.0, None))
        if until > time.monotonic():
            return known
        try:
            known = await run_in_threadpool(self.door.house.api_keys.find, key_id)
        except RegularsError:
            raise Problem(503, "keys cannot be looked up at this moment; tell it again") from None
        if len(self._keys) > 1_000:
            self._keys.clear()  # of keys that nobody made: who guesses must not fill the memory
        self._keys[key_id] = (time.monotonic() + KEYS_REMEMBERED, known)
        return known

    def _read_rates(self, shop: Shop) -> None:
        self._rates = (time.monotonic() + RATES_REMEMBERED, shop, self.door.house.rates_of(shop))

    def _take(self, calls: Sequence[Call]) -> Sequence[Answered]:
        """In the line's own thread."""
        house, terms = self.door.house, self.terms()
        taken = take_in(calls, house.intake, terms)
        if taken.begun:
            house.doorbell.ring_for_journeys()
        if self._rates is not None and self._rates[0] < time.monotonic():
            self._read_rates(terms.shop)
        if self._tidy_at < time.monotonic():
            self._tidy_at = time.monotonic() + TIDY_EVERY
            house.intake.forget(terms.now - ANSWERS_KEPT)
        return taken.answers


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


