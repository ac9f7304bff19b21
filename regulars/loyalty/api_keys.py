"""Keys by which a shop's own programs tell things: a part that may be seen, and a random one that is kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

PREFIX = "rk"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`id`: the part of the key that may be seen. `secret_hash`: SHA-256 of its random part, in hex."""

    id: str
    name: str
    secret_hash: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def opens(self, secret: str) -> bool:
        """Compared in the same time whatever is wrong."""
        return hmac.compare_digest(hash_of(secret), self.secret_hash)


def parts_of(written: str) -> tuple[str, str] | None:
    """Id and secret of a key as it was shown; None when it cannot be one."""
    prefix, _, rest = written.partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if prefix == PREFIX and 0 < len(key_id) <= 16 and 20 <= len(secret) <= 100 and written.isascii() else None


def hash_of(secret: str) -> str:
    """Enough for what is random and long: there is nothing to guess that a slow hash would protect."""
    return hashlib.sha256(secret.encode()).hexdigest()
