"""A small shop whose mails have coupon codes: what tests of codes are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from regulars.adapters.database.orders import Orders
from regulars.adapters.database.schema import coupon_entries, coupons
from regulars.audience.header import match_header
from regulars.audience.record import Reading
from regulars.definition.programme import Made, Offer, Reward, RewardKind
from regulars.definition.quantities import Duration, Money
from regulars.definition.workspace import Scoring
from regulars.loyalty.coupons import Entry, Line, Standing, folded, replayed
from regulars.loyalty.purchases import FIELDS, REQUIRED, make_order, read_row
from regulars.loyalty.rates import Rates
from tests.integration.launching import ShopFloor, workspace

TEN = Offer(
    "comeback-10", Reward(RewardKind.PERCENT, "10%", percent=10), minimum=(Money.of(500, "TRY"),), prefix="COME",
    valid_for=Duration(seconds=10 * 86_400),
)
IMPORTED = replace(TEN, made_in=Made.IMPORTED)
SHOPIFY = replace(TEN, made_in=Made.SHOPIFY)
STATIC = replace(TEN, code="SUMMER")
TEMPLATE = """\
<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ customer.greeting }} [{{ offer.code }}] until {{ offer.valid_until | date("short") }}</mj-text>
<mj-text>{{ shop.name }}, {{ shop.address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


class OfferFloor(ShopFloor):
    """`hello` has the offer."""

    def __init__(self, database, offer: Offer = TEN, **changed: str) -> None:
        super().__init__(database, offered(offer, **changed))
        self.offer = offer

    def stock(self, *codes: str) -> None:
        self.coupons.add(self.offer.name, codes or [f"CODE-{number}" for number in range(10)], self.clock.now())

    def rows(self) -> list[Any]:
        with self.database.read() as connection:
            return connection.execute(select(coupons).order_by(coupons.c.code_folded)).all()

    def by_number(self, launch_id: int = 1) -> dict[int, str]:
        return {row.number: row.code for row in self.rows() if row.launch_id == launch_id}

    def code_states(self) -> dict[str, str]:
        return {row.code: row.state for row in self.rows()}

    def shown(self) -> dict[int, str]:
        """Number of the message -> the code in the mail that arrived."""
        return {mail.ref.number: code_in(mail.content) for mail in self.transport.mailbox}

    def replay(self, code: str) -> Standing | None:
        entry = coupon_entries.c
        with self.database.read() as connection:
            rows = connection.execute(select(coupon_entries).where(entry.code_folded == folded(code)).order_by(entry.id)).all()
        return replayed(
            Line(Entry(row.entry), None if row.launch_id is None else (row.launch_id, row.number), row.order_id) for row in rows
        )

    def assert_replays(self) -> None:
        """The ledger says of each code what its row says."""
        for row in self.rows():
            standing = self.replay(row.code)
            assert standing is not None
            assert standing.state == row.state, row
            if row.state == "bound":
                assert standing.message == (row.launch_id, row.number)


def offered(offer: Offer, **changed: str):
    made = workspace(template=TEMPLATE, **changed)
    campaign = replace(made.campaigns["hello"], offer=offer.name)
    return replace(made, shop=replace(made.shop, offers={offer.name: offer}), campaigns={"hello": campaign})


def code_in(content: bytes) -> str:
    shown = content.replace(b"=\r\n", b"").decode(errors="replace")
    return shown[shown.index("[") + 1:shown.index("]")]


def order(order_id: str, email: str, coupon: str | None, at: datetime, total: str = "600", **head: Any) -> dict[str, str]:
    """A row of an orders file."""
    return {
        "order_id": order_id, "ordered_at": at.isoformat(), "email": email, "sku": "GUJI", "quantity": "1", "unit_price": total,
        "currency": "TRY", "coupon": coupon or "", **head,
    }


def record(floor: OfferFloor, now: datetime, *rows: dict[str, str]) -> set[str]:
    """As an import does: rows of one order id are one order."""
    if not floor.database.is_sqlite:  # `add_customers` numbers people by itself
        with floor.database.write() as connection:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('customers', 'id'), (SELECT max(id) FROM customers) + 1)"))
    columns = (*FIELDS, "coupons")
    reading = Reading(match_header(columns, FIELDS, REQUIRED, {}), ZoneInfo("Europe/Istanbul"), now)
    by_id: dict[str, list[Any]] = {}
    for row in rows:
        by_id.setdefault(row["order_id"], []).append(read_row(reading.record([row.get(name, "") for name in columns]), "TRY"))
    made = [make_order(lines, Rates("TRY"), lambda at: at.astimezone(UTC).date()) for lines in by_id.values()]
    return Orders(floor.database, Scoring()).record(made, now)
