"""What a launch sent to one customer, and who has an address: the look-ups of a preview. Reads only."""

from __future__ import annotations

from sqlalchemy import select

from regulars.adapters.database.coupon_of_message import CODE, code_in, coupon_of_message
from regulars.adapters.database.editions import BUNDLE, edition_of_message
from regulars.adapters.database.engine import Database
from regulars.adapters.database.identities import by_email_key
from regulars.adapters.database.schema import coupons, editions, launches, messages
from regulars.content.tokens import MessageRef
from regulars.delivery.sent import SentMail


class SentMailsInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def customer(self, email_key: str) -> int | None:
        with self._database.read() as connection:
            return by_email_key(connection, [email_key]).get(email_key)

    def find(self, launch_id: int, email_key: str) -> SentMail | None:
        kept = (
            messages.c.number, messages.c.customer_id, messages.c.email, messages.c.composed_at, messages.c.content_hash,
            BUNDLE.label("bundle"), *CODE,
        )
        with self._database.read() as connection:
            customer_id = by_email_key(connection, [email_key]).get(email_key)
            row = connection.execute(
                select(*kept).join(launches, launches.c.id == messages.c.launch_id).outerjoin(editions, edition_of_message())
                .outerjoin(coupons, coupon_of_message()).where(
                    messages.c.launch_id == launch_id, messages.c.customer_id == customer_id, messages.c.composed_at.is_not(None)
                )
            ).first()
        if row is None:
            return None
        return SentMail(MessageRef(launch_id, row.number), row.customer_id, row.email, row.composed_at, row.content_hash, row.bundle, code_in(row))
