"""Facts about this database itself, made at first use and then kept for ever."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, select

from regulars.adapters.database.schema import installation
from regulars.adapters.database.upsert import upsert

SUPPRESSION_KEY = "suppression_key"


def suppression_key(connection: Connection) -> bytes:
    """What addresses are hashed with. Lost, the suppression list would match nobody: it lives beside the list."""
    query = select(installation.c.value).where(installation.c.name == SUPPRESSION_KEY)
    if (kept := connection.scalar(query)) is None:
        made = {"name": SUPPRESSION_KEY, "value": secrets.token_hex(32)}
        connection.execute(upsert(connection, installation).values(made).on_conflict_do_nothing())
        kept = connection.scalar(query)
    return bytes.fromhex(str(kept))
