"""Which mail an order is credited to: the last one the customer reacted to, if that was not too long ago."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Touch:
    """The customer did what the shop's `attribution: of` asks (a click, an open, a receipt) with this launch's mail."""

    customer_id: int
    at: datetime
    launch_id: int


@dataclass(frozen=True, slots=True)
class Sale:
    """An order that counts. `units`: money of 1/10,000 in the shop's compare currency."""

    customer_id: int
    at: datetime
    order_id: str
    units: int


def credited(sales: Iterable[Sale], touches: Iterable[Touch], within: timedelta) -> list[tuple[Sale, int]]:
    """Each sale with the launch of the last touch in (sale - within, sale]; sales without one are left out."""
    by_customer = {
        customer: sorted(group, key=attrgetter("at"))
        for customer, group in groupby(sorted(touches, key=attrgetter("customer_id")), key=attrgetter("customer_id"))
    }
    found = ((sale, _last_touch(by_customer.get(sale.customer_id, ()), sale, within)) for sale in sales)
    return [(sale, touch.launch_id) for sale, touch in found if touch is not None]


def _last_touch(touches: Sequence[Touch], sale: Sale, within: timedelta) -> Touch | None:
    before = [touch for touch in touches if sale.at - within < touch.at <= sale.at]
    return before[-1] if before else None
