"""What a shop's system tells in one call, in our values: the same for every provider, the API and Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from regulars.audience.addresses import Address, read_address
from regulars.audience.cells import BadCell
from regulars.audience.people import PersonRow
from regulars.audience.record import Record, record_of
from regulars.definition.workspace import Shop
from regulars.loyalty.products import ProductRow
from regulars.loyalty.rates import Rates
from regulars.loyalty.tellings import Gathered, Telling, gathered, order_of

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ProductTold:
    """`product_id`: the shop's number of the whole product, `stock_id`: what its stock is told by."""

    row: ProductRow
    told_at: datetime
    product_id: str | None = None
    stock_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProductGone:
    product_id: str
    told_at: datetime


@dataclass(frozen=True, slots=True)
class StockTold:
    """How much there is of it in one place."""

    stock_id: str
    place: str
    available: int
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Who:
    """A customer by the shop's own id, by address, or both; one with an address who is not known yet becomes a customer."""

    address: Address | None = None
    shop_id: str | None = None


@dataclass(frozen=True, slots=True)
class EventTold:
    """Something that happened to a customer. (source, source_id) makes it happen once."""

    kind: str
    who: Who
    at: datetime
    source: str
    source_id: str
    subject: str = ""
    data: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Merged:
    """Two customers of the shop, by its own ids, are one from now on."""

    kept: str
    gone: str


@dataclass(frozen=True, slots=True)
class CustomerGone:
    """The shop has deleted them: nobody there agrees to mail any more."""

    shop_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PrivacyAsked:
    """`kind`: access | erasure | shop_erasure."""

    kind: str
    who: Who


News = Telling | PersonRow | ProductTold | ProductGone | StockTold | EventTold | Merged | CustomerGone | PrivacyAsked


@dataclass(frozen=True, slots=True)
class Heard:
    """A call in our values. `ignored`: why nothing of it concerns us."""

    news: tuple[News, ...] = ()
    ignored: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """(source, event_id) names it: the same again is answered as before. `key`: of an API key that it came with."""

    source: str
    event_id: str
    topic: str
    body_hash: str
    heard: Heard
    answer: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """By what a call is read: the shop's money, zone and declared words, and the present. `sent_at`: what a header says of its time."""

    shop: Shop
    rates: Rates
    now: datetime
    sent_at: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.shop.timezone)

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def record(self, fields: Mapping[str, Any], others: Mapping[str, str] | None = None) -> Record:
        """Of told values, those that say anything."""
        return record_of({name: str(value) for name, value in fields.items() if value is not None}, self.zone, self.now, others)


def must_be_priced(heard: Heard, terms: Terms) -> None:
    """Raises BadCell for an order that cannot be priced or compared, before anything of it is recorded."""
    for news in heard.news:
        if isinstance(news, Telling):
            order_of(gathered(Gathered(), news), terms.rates, terms.day_of)


def address_in(written: str) -> Address:
    """Raises BadCell."""
    try:
        return read_address(written)
    except ValueError as error:
        raise BadCell(f"email: {error}") from error
