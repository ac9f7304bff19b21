"""API keys, as hashes: operations.ports.ApiKeys on the database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import api_keys
from regulars.loyalty.api_keys import ApiKey


class ApiKeysInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: ApiKey) -> None:
        with self._database.write() as connection:
            connection.execute(insert(api_keys), [asdict(key) | {"scopes": list(key.scopes)}])

    def find(self, key_id: str) -> ApiKey | None:
        with self._database.read() as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).first()
        return _key(row) if row else None

    def all(self) -> list[ApiKey]:
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id))]

    def end(self, key_ids: Collection[str], at: datetime, *, revoked: bool) -> None:
        mark = update(api_keys).where(api_keys.c.id.in_(sorted(key_ids)))
        with self._database.write() as connection:
            connection.execute(mark.values(revoked_at=at) if revoked else mark.values(expires_at=at))


def _key(row: Any) -> ApiKey:
    return ApiKey(
        row.id, row.name, row.secret_hash, tuple(row.scopes), row.created_at, row.expires_at, row.revoked_at, row.used_at)
