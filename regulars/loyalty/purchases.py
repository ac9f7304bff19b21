"""A row of an orders file becomes a line, and all lines of one order id become the order, priced and weighed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from typing import Any, NamedTuple

from regulars.audience import cells
from regulars.audience.addresses import Address, read_address
from regulars.audience.cells import BadCell
from regulars.audience.record import Record
from regulars.loyalty.counting import counting
from regulars.loyalty.rates import Rates, compared

REQUIRED = ("order_id", "ordered_at", "email")
FIELDS = (
    *REQUIRED, "customer_id", "sku", "product", "category", "quantity", "unit_price", "currency", "unit_cost",
    "line_discount", "status", "paid_at", "shipped_at", "delivered_at", "cancelled_at", "refunded", "discount",
    "channel", "coupon", "referral_code", "served_by",
)
AMOUNTS = ("unit_price", "unit_cost", "line_discount", "refunded", "discount")
MOMENTS = ("ordered_at", "paid_at", "shipped_at", "delivered_at", "cancelled_at")
MOST_LINES = 10_000
_LARGEST_AMOUNT = 10**14

Packed = tuple[str, datetime, tuple[Any, ...], str | None, str, tuple[Any, ...], tuple[Any, ...], tuple[tuple[str, str], ...]]


class Person(NamedTuple):
    """Whose order: the shop's own customer id is believed before the address."""

    address: Address
    shop_id: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return ("shop_id", self.shop_id) if self.shop_id else ("email", self.address.key)


class Head(NamedTuple):
    """What a row says about its whole order; among its rows the first that says anything wins."""

    status: str | None = None
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    refunded: int | None = None
    discount: int | None = None
    channel: str | None = None
    coupon: str | None = None
    referral_code: str | None = None
    served_by: str | None = None


_HEAD_FIELDS = frozenset(Head._fields)
_NOTHING_SAID = Head()


class Line(NamedTuple):
    """`quantity` in thousandths, money in 1/10,000; `amount` = quantity x unit_price - discount."""

    sku: str | None
    product: str | None
    category: str | None
    quantity: int
    unit_price: int
    unit_cost: int | None
    discount: int
    amount: int


class Row(NamedTuple):
    order_id: str
    ordered_at: datetime
    person: Person
    currency: str
    head: Head
    line: Line
    other: tuple[tuple[str, str], ...]

    def packed(self) -> Packed:
        """Without our classes, which take ten times as long to put away on disk."""
        person, shop_id = self.person
        return (
            self.order_id, self.ordered_at, tuple(person), shop_id, self.currency, tuple(self.head), tuple(self.line), self.other)

    @classmethod
    def unpacked(cls, packed: Packed) -> Row:
        order_id, ordered_at, address, shop_id, currency, head, line, other = packed
        return cls(order_id, ordered_at, Person(Address(*address), shop_id), currency, Head(*head), Line(*line), other)


@dataclass(frozen=True, slots=True)
class Order:
    """`amounts_compared`: of each line, and `total_compared` (after refunds): in the shop's compare currency.

    It counts at a time t when counts_from <= t, and t < counts_until where that is known. A refund lowers totals
    and is not counted as an order.
    """

    order_id: str
    ordered_at: datetime
    person: Person
    currency: str
    head: Head
    lines: tuple[Line, ...]
    other: tuple[tuple[str, str], ...]
    is_refund: bool
    counts_from: datetime | None
    counts_until: datetime | None
    total: int
    total_compared: int
    amounts_compared: tuple[int, ...]
    content_hash: str


def read_row(record: Record, default_currency: str) -> Row:
    """Raises BadCell with the column and the reason."""
    order_id = record.required("order_id")
    try:
        address = read_address(record.required("email"))
    except BadCell:
        raise
    except ValueError as error:
        raise BadCell(f"email: {error}") from error
    ordered_at = record.past("ordered_at")
    if ordered_at is None:
        raise BadCell("ordered_at is empty")
    person = Person(address, record.read("customer_id", cells.shop_id))
    currency = record.read("currency", cells.currency) or default_currency
    return Row(order_id, ordered_at, person, currency, _head(record), _line(record), record.others())


def make_order(rows: Sequence[Row], rates: Rates, day_of: Callable[[datetime], date]) -> Order:
    """One order of all its rows; `day_of` gives the shop's calendar day. BadCell when they contradict each other."""
    first = rows[0]
    _must_agree(rows)
    ordered_at = min(row.ordered_at for row in rows)
    head = Head(*(_first_said(column) for column in zip(*(row.head for row in rows), strict=True)))
    lines = tuple(row.line for row in rows)
    rate = rates.on(day_of(ordered_at), first.currency)
    total = sum(line.amount for line in lines) - (head.discount or 0)
    refunded = head.refunded or 0
    counts_from, counts_until = counting(ordered_at, total, head.status, head.paid_at, head.cancelled_at, head.refunded)
    amounts = tuple(compared(line.amount, rate) for line in lines)
    if max(map(abs, (total, *amounts))) > _LARGEST_AMOUNT:
        raise BadCell(f"order {first.order_id} comes to more than ten billion; is a column shifted, or a rate upside down?")
    other = dict(chain.from_iterable(reversed(row.other) for row in reversed(rows)))
    return _with_hash(Order(
        first.order_id, ordered_at, first.person, first.currency, head, lines, tuple(sorted(other.items())), total < 0,
        counts_from, counts_until, total, compared(total - refunded, rate), amounts, "",
    ))


def _head(record: Record) -> Head:
    if not record.tells_any(_HEAD_FIELDS):
        return _NOTHING_SAID
    refunded, discount = record.read("refunded", cells.money), record.read("discount", cells.money)
    if (refunded or 0) < 0 or (discount or 0) < 0:
        raise BadCell("refunded and discount are written without a minus sign")
    return Head(
        record.text("status"), record.past("paid_at"), record.past("shipped_at"), record.past("delivered_at"),
        record.past("cancelled_at"), refunded, discount, record.text("channel"), record.text("coupon"),
        record.text("referral_code"), record.text("served_by"),
    )


def _line(record: Record) -> Line:
    written_quantity = record.read("quantity", cells.quantity)
    quantity = cells.QUANTITY_SCALE if written_quantity is None else written_quantity
    unit_price = record.read("unit_price", cells.money) or 0
    discount = record.read("line_discount", cells.money) or 0
    amount = cells.times(quantity, unit_price)
    if abs(amount) > _LARGEST_AMOUNT:
        raise BadCell("quantity times unit_price is beyond ten billion; is a column shifted?")
    return Line(
        record.text("sku"), record.text("product"), record.text("category"), quantity, unit_price,
        record.read("unit_cost", cells.money), discount, amount - discount,
    )


def _must_agree(rows: Sequence[Row]) -> None:
    first = rows[0]
    for row in rows:
        if row.person.key != first.person.key:
            raise BadCell(f"order {first.order_id} has lines of different customers; is order_id the right column?")
        if row.currency != first.currency:
            raise BadCell(f"order {first.order_id} has lines in {first.currency} and in {row.currency}")


def _first_said(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _with_hash(order: Order) -> Order:
    """Equal for the same order again; rates take part, so that corrected rates are believed at the next import."""
    told = (
        order.order_id, order.ordered_at, order.person.key, order.person.address.key, order.currency, order.head, order.lines,
        order.other, order.total_compared, order.amounts_compared,
    )
    written = json.dumps(told, default=str, ensure_ascii=False).encode()
    return replace(order, content_hash=hashlib.blake2b(written, digest_size=16).hexdigest())
