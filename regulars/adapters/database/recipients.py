"""Everything that templates say about a batch of customers, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from regulars.adapters.database.causes import causes_of
from regulars.adapters.database.engine import Database
from regulars.adapters.database.referral_codes import codes_to_be, ensure_codes, stored_codes
from regulars.adapters.database.rewards_earned import rewards_earned
from regulars.adapters.database.schema import customers
from regulars.adapters.database.shopping import order_totals, purchases, usual_products, wishes_of
from regulars.adapters.database.types import among
from regulars.audience.people import value_for_templates
from regulars.content.recipient import Cause, Needs, OrderTotals, Recipient
from regulars.content.tokens import MessageRef
from regulars.definition.quantities import Money
from regulars.definition.workspace import Shop

_COLUMNS = ("id", "email", "first_name", "last_name", "locale", "timezone", "country", "city", "birth_date", "birth_month_day", "attributes")


@dataclass(frozen=True, slots=True)
class RecipientsInDatabase:
    """`secret`: what referral codes are derived from."""

    database: Database
    secret: bytes = field(repr=False)

    def load(self, customer_ids: Sequence[int], needs: Needs, as_of: datetime, shop: Shop) -> Mapping[int, Recipient]:
        """As they were at `as_of`; referral codes that are needed and missing are made. Erased customers are absent."""
        with self.database.read() as connection:
            codes: Mapping[int, str] = stored_codes(connection, customer_ids) if needs.referral else {}
        if needs.referral and len(codes) < len(set(customer_ids)):
            with self.database.write() as connection:
                codes = ensure_codes(connection, customer_ids, self.secret, as_of)
        with self.database.read() as connection:
            return load_recipients(connection, customer_ids, needs, as_of, shop, codes)

    def look(self, customer_ids: Sequence[int], needs: Needs, as_of: datetime, shop: Shop) -> Mapping[int, Recipient]:
        """The same for previews and plans: a missing code is shown as it will be, and nothing is written."""
        with self.database.read() as connection:
            codes = codes_to_be(connection, customer_ids, self.secret) if needs.referral else {}
            return load_recipients(connection, customer_ids, needs, as_of, shop, codes)

    def causes(self, refs: Sequence[MessageRef], shop: Shop) -> Mapping[MessageRef, Cause]:
        """What started the journeys that made these messages; those of no automation are absent."""
        with self.database.read() as connection:
            return causes_of(connection, refs, shop)


def load_recipients(
    connection: Connection, customer_ids: Sequence[int], needs: Needs, as_of: datetime, shop: Shop, codes: Mapping[int, str]
) -> dict[int, Recipient]:
    """`codes`: referral codes by customer id. At most a few thousand customers: a batch."""
    totals = order_totals(connection, customer_ids, as_of, shop.compare_in)
    bought = purchases(connection, customer_ids, as_of) if needs.purchases else {}
    usual = usual_products(connection, customer_ids, as_of) if needs.usual else {}
    earned = rewards_earned(connection, customer_ids, as_of, shop) if needs.rewards else {}
    wished = wishes_of(connection, customer_ids, as_of) if needs.wishlist else {}
    query = select(*(customers.c[name] for name in _COLUMNS)).where(
        among(customers.c.id, customer_ids), customers.c.erased_at.is_(None), customers.c.email.is_not(None))
    defaults = {name: value_for_templates(None, attribute) for name, attribute in shop.attributes.items()}
    none = OrderTotals(0, Money(0, shop.compare_in))
    return {
        row.id: Recipient(
            customer_id=row.id, email=row.email, first_name=row.first_name, last_name=row.last_name, locale=row.locale,
            timezone=row.timezone, country=row.country, city=row.city, birthday=_birthday(row),
            attributes=defaults | {
                name: value_for_templates(value, shop.attributes[name])
                for name, value in row.attributes.items() if value is not None and name in shop.attributes
            },
            orders=totals.get(row.id, none), purchases=bought.get(row.id, ()),
            usual=usual.get(row.id), referral_code=codes.get(row.id), rewards=earned.get(row.id),
            wishlist=wished.get(row.id, ()),
        )
        for row in connection.execute(query).all()
    }


def _birthday(row: Any) -> str | None:
    if row.birth_date is not None:
        return str(row.birth_date.isoformat())
    return f"--{row.birth_month_day // 100:02}-{row.birth_month_day % 100:02}" if row.birth_month_day else None
