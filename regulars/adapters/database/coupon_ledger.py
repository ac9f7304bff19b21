"""Lines of the coupons' ledger, which is only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from regulars.adapters.database.bulk import load
from regulars.adapters.database.schema import coupon_entries
from regulars.loyalty.coupons import Entry


def enter(
    connection: Connection, entry: Entry, codes: Sequence[tuple[str, int | None, int | None]], now: datetime, reason: str | None = None
) -> None:
    """`codes`: folded, each with the launch and number of its message, if it is about one."""
    load(connection, coupon_entries, [
        {"code_folded": code, "entry": entry.value, "at": now, "launch_id": launch_id, "number": number, "reason": reason}
        for code, launch_id, number in codes
    ])
