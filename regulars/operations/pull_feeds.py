"""Pulls the files that regulars.yaml names under sources: fetched when they are due, read as an import reads them, told as webhooks are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.definition.feeds import Feed
from regulars.definition.workspace import Shop
from regulars.errors import Interrupted, RegularsError, UsageError
from regulars.loyalty.calls import Terms
from regulars.loyalty.feed import FeedState, Seal, failed, read_through
from regulars.loyalty.rates import Rates
from regulars.operations.import_customers import import_customers
from regulars.operations.import_orders import import_orders
from regulars.operations.import_products import import_products
from regulars.operations.importing import Imported, Source
from regulars.operations.ports import (
    Catalogue,
    Clock,
    FeedDoor,
    Feeds,
    Fetched,
    IntakeBook,
    People,
    Purchases,
    RowSpool,
    SuppressionList,
)
from regulars.operations.reading_files import ORDERS, Shape, customers_shape, products_shape, understood
from regulars.operations.tell_feed import Teller, tell_customers, tell_orders, tell_products

LEASE = 900  # seconds; a pull that goes on for longer asks for more
RENEW_EVERY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class FeedDesk:
    """`shop`: as the file is now, None while it cannot be read. `tokens`: by the variable that holds them."""

    feeds: Feeds
    door: FeedDoor
    tokens: Mapping[str, str]
    shop: Callable[[], Shop | None]
    rates: Callable[[Shop], Rates]
    book: IntakeBook
    purchases: Purchases
    people: People
    suppressions: SuppressionList
    catalogue: Catalogue
    spool: Callable[[], RowSpool]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Pulled:
    """`imported`: None when nothing had changed. `problem`: why the pull failed. `begun`: journeys that it started."""

    name: str
    outcome: str
    imported: Imported | None = None
    problem: str = ""
    begun: int = 0


def pull_due(desk: FeedDesk, go_on: Callable[[], bool]) -> list[Pulled]:
    """Every feed whose time has come and that nobody else pulls."""
    shop = desk.shop()
    found = []
    for name, feed in (shop.sources if shop else {}).items():
        if go_on() and shop and (state := desk.feeds.claim(name, feed.url, LEASE, desk.clock.now())) is not None:
            found.append(_pull(desk, shop, feed, state, go_on))
    return found


def pull_now(desk: FeedDesk, shop: Shop, name: str, go_on: Callable[[], bool]) -> Pulled:
    """This feed, whether it is due or not."""
    if name not in shop.sources:
        there = ", ".join(shop.sources) or "none"
        raise UsageError(f'there is no source "{name}"; regulars.yaml names {there}', hint="sources: {orders: {url: https://…, every: 1 hour}}")
    feed = shop.sources[name]
    state = desk.feeds.claim(name, feed.url, LEASE, desk.clock.now(), early=True)
    if state is None:
        raise RegularsError(f"{name} is being pulled by another process", hint="regulars sources list shows what came of it")
    return _pull(desk, shop, feed, state, go_on)


def _pull(desk: FeedDesk, shop: Shop, feed: Feed, state: FeedState, go_on: Callable[[], bool]) -> Pulled:
    began = desk.clock.now()
    try:
        token = _token(feed, desk.tokens)
        with desk.door.fetch(feed.url, token, Seal(state.etag, state.last_modified, state.content_hash)) as fetched:
            if fetched.file is None:
                desk.feeds.settle(read_through(state, feed, None, "nothing new", began))
                return Pulled(state.name, "nothing new")
            imported, begun = _record(desk, shop, feed, state, fetched, _alive(desk, state, go_on))
            outcome = _in_words(imported, is_first=state.pulled_at is None)
            desk.feeds.settle(read_through(state, feed, fetched.seal, outcome, began))
            return Pulled(state.name, outcome, imported, begun=begun)
    except Interrupted:
        desk.feeds.release(state)
        return Pulled(state.name, "stopped")
    except RegularsError as error:
        desk.feeds.settle(failed(state, feed, error.message, began))
        return Pulled(state.name, error.message, problem=error.message)


def _record(
    desk: FeedDesk, shop: Shop, feed: Feed, state: FeedState, fetched: Fetched, alive: Callable[..., None]
) -> tuple[Imported, int]:
    """The first time everything is history, as in an import; from then on what is new happens now."""
    assert fetched.file is not None
    now, shape = desk.clock.now(), _shape(feed.kind, shop)
    known = understood(fetched.file, shape, shop, now, name=feed.url)
    spool = desk.spool()
    try:
        source = Source(known.file, spool, known.reading, alive, known.read_as, known.currency)
        if state.pulled_at is None or not feed.live:
            return _import(desk, shop, feed.kind, source), 0
        teller = Teller(desk.book, Terms(shop, desk.rates(shop), now), f"feed:{state.name}", f"{state.fence}/{now.isoformat()}")
        if feed.kind == "orders":
            result = tell_orders(source, desk.purchases, desk.feeds, teller)
        elif feed.kind == "customers":
            result = tell_customers(source, desk.people, desk.suppressions, teller)
        else:
            result = tell_products(source, desk.catalogue, teller)
        return result, teller.begun
    finally:
        spool.close()


def _import(desk: FeedDesk, shop: Shop, kind: str, source: Source) -> Imported:
    if kind == "orders":
        return import_orders(source, desk.purchases, shop.currency, desk.rates(shop))
    if kind == "customers":
        return import_customers(source, desk.people, desk.suppressions, shop.attributes)
    return import_products(source, desk.catalogue, shop.currency)


def _shape(kind: str, shop: Shop) -> Shape:
    return {"orders": ORDERS, "customers": customers_shape(shop.attributes), "products": products_shape(shop)}[kind]


def _token(feed: Feed, tokens: Mapping[str, str]) -> str | None:
    if feed.token and feed.token not in tokens:
        raise RegularsError(f"{feed.token} is not set", hint="it holds the bearer token of the feed; set it for every process that pulls")
    return tokens.get(feed.token)


def _alive(desk: FeedDesk, state: FeedState, go_on: Callable[[], bool]) -> Callable[..., None]:
    """Called while rows are read and stored: stops when it should, and keeps the lease."""
    renewed: list[datetime] = [desk.clock.now()]

    def alive(*_: object, **__: object) -> None:
        if not go_on():
            raise Interrupted("stopped")
        if (now := desk.clock.now()) - renewed[0] >= RENEW_EVERY:
            renewed[0] = now
            if not desk.feeds.renew(state, LEASE):
                raise Interrupted("another process pulls it")

    return alive


def _in_words(imported: Imported, *, is_first: bool) -> str:
    said: Sequence[str] = [f"{imported.imported:,} new or different", f"{imported.unchanged:,} unchanged", f"{imported.rejected_count:,} rejected"]
    first = f" (line {imported.rejected[0][0]}: {imported.rejected[0][1]})" if imported.rejected else ""
    return ", ".join(said) + first + ("; the first time, so nothing starts" if is_first else "")
