"""The consent ledger, append-only, and its last word on the customer's row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, String, bindparam, update

from regulars.adapters.database.bulk import load
from regulars.adapters.database.schema import consents, customers
from regulars.adapters.database.types import UtcTime
from regulars.audience.consent import Consent

EMAIL, MARKETING = "email", "marketing"


def note_consents(connection: Connection, answers: Sequence[tuple[int, Consent]], now: datetime) -> None:
    """(customer id, answer): the caller has seen that each changes something. An undated answer is dated `now`."""
    if not answers:
        return
    load(connection, consents, [
        {
            "customer_id": id_, "channel": EMAIL, "purpose": MARKETING, "state": answer.state, "at": answer.at or now,
            "recorded_at": now, "source": answer.source,
        }
        for id_, answer in answers
    ])
    last_word = update(customers).where(customers.c.id == bindparam("of")).values(
        marketing=bindparam("state", type_=String), marketing_at=bindparam("since", type_=UtcTime))
    connection.execute(last_word, [{"of": id_, "state": answer.state, "since": answer.at or now} for id_, answer in answers])
