"""Who is this? A shop's own customer id is believed before the address; a former address still finds its person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from regulars.adapters.database.bulk import look_up
from regulars.adapters.database.schema import customers, identities
from regulars.adapters.database.upsert import upsert

SHOP_ID, EMAIL = "shop_id", "email"


def by_shop_id(connection: Connection, values: Iterable[str]) -> dict[str, int]:
    return _known(connection, SHOP_ID, values)


def by_email_key(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Of the address they have; else of one they had."""
    wanted = set(keys)
    found: dict[str, int] = look_up(connection, customers.c.email_key, customers.c.id, wanted)
    return _known(connection, EMAIL, wanted - found.keys()) | found


def remember(connection: Connection, kind: str, owners: Mapping[str, int], now: datetime) -> None:
    """The first owner of a value stays its owner."""
    rows = [{"kind": kind, "value": value, "customer_id": id_, "since": now} for value, id_ in sorted(owners.items())]
    if rows:
        connection.execute(upsert(connection, identities).on_conflict_do_nothing(), rows)


def _known(connection: Connection, kind: str, values: Iterable[str]) -> dict[str, int]:
    return look_up(connection, identities.c.value, identities.c.customer_id, values, identities.c.kind == kind)
