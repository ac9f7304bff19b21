"""What every address of the web door shares: keys, clock, journal, the shop, and how bad links are answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from typing import TypeVar

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from regulars.adapters.database.front_desk import FrontDesk
from regulars.adapters.database.hits import HitBook
from regulars.adapters.hit_journal import HitJournal
from regulars.bootstrap import House
from regulars.content.tokens import Purpose
from regulars.definition.workspace import Scoring, Shop
from regulars.doors.web.page import message_page
from regulars.doors.web.words import Words, accepted_languages, words_for
from regulars.errors import RegularsError, WorkspaceBroken
from regulars.operations.record_hits import record_hits
from regulars.tracking.hits import Hit, HitKind, agent_of, network_of
from regulars.tracking.tokens import Verified, verified

log = logging.getLogger(__name__)
LONGEST_LOOK = 0.5  # seconds
Found = TypeVar("Found")
NEVER_KEPT = {"cache-control": "no-store, max-age=0"}


@dataclass(slots=True)
class Door:
    """`patience_to_leave`: seconds that an unsubscribe may wait for its commit before we say that it failed."""

    house: House
    desk: FrontDesk
    journal: HitJournal = field(init=False)
    patience_to_leave: float = 5.0
    known_shop: Shop | None = None

    def __post_init__(self) -> None:
        self.journal = HitJournal(self._store)

    def token(self, request: Request, purpose: Purpose, target: str = "") -> Verified | None:
        return verified(request.path_params["token"], self.house.settings.keys, purpose, target)

    def hit(
        self, request: Request, kind: HitKind, token: Verified | None = None, *,
        target: str | None = None, code: str | None = None, source: str = "",
    ) -> Hit:
        """The request as it is stored."""
        return Hit(
            kind, self.house.clock.now(), request.method, token.ref if token else None, token.link if token else 0,
            target=target, code=code, user_agent=agent_of(request.headers.get("user-agent", "")),
            network=_network(request), source=source,
        )

    async def shop(self) -> Shop | None:
        """From regulars.yaml if it is at hand, else from the bundle that was frozen last."""
        if self.known_shop is None:
            self.known_shop = await self.look_up(self._find_shop, otherwise=None)
        return self.known_shop

    async def look_up(self, ask: Callable[..., Found], *arguments: object, otherwise: Found) -> Found:
        """What the database says, or `otherwise` when it does not say anything in time."""
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                return await run_sync(partial(ask, *arguments), abandon_on_cancel=True)
        except (RegularsError, TimeoutError) as error:
            log.warning("the database was asked in vain: %s", error or "no answer in time")
            return otherwise

    async def front_page(self, request: Request) -> Response:
        """Where links lead that we did not sign."""
        shop = await self.shop()
        if shop is None:
            return message_page(self.words(request), None, "not_found", status=404)
        return RedirectResponse(shop.url, 303 if request.method == "POST" else 302, NEVER_KEPT)

    def words(self, request: Request, *languages: str | None) -> Words:
        """For the mail's language if it is known, else the browser's, else the shop's first."""
        accepted = accepted_languages(request.headers.get("accept-language", ""))
        return words_for(*languages, *accepted, *(self.known_shop.languages if self.known_shop else ()))

    def _store(self, hits: Sequence[Hit]) -> None:
        scoring = self.known_shop.scoring if self.known_shop else Scoring()
        record_hits(hits, HitBook(self.house.database, scoring))

    def _find_shop(self) -> Shop | None:
        try:
            return self.house.shop
        except WorkspaceBroken:
            return self.desk.newest_shop()


def _network(request: Request) -> str | None:
    """Behind a proxy of one's own, the address that the proxy saw last; from the outside nobody can claim one."""
    peer = request.client.host if request.client else None
    forwarded = request.headers.get("x-forwarded-for", "")
    if forwarded and _is_ours(peer):
        return network_of(forwarded.rpartition(",")[2].strip()) or network_of(peer)
    return network_of(peer)


def _is_ours(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_private
    except ValueError:
        return False
