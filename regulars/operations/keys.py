"""API keys: made, shown once, kept as hashes, changed for new ones and withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from regulars.diagnostics import did_you_mean
from regulars.errors import UsageError
from regulars.loyalty.api_keys import PREFIX, ApiKey, hash_of
from regulars.operations.ports import ApiKeys

SCOPES = ("orders:write", "customers:write", "products:write", "events:write")


def create_key(
    keys: ApiKeys, name: str, scopes: Sequence[str], now: datetime, *, key_id: str, secret: str, lasts: timedelta | None = None
) -> str:
    """The whole key, which is nowhere afterwards. `key_id` and `secret` are random. Raises UsageError."""
    if not name.strip() or len(name) > 64:
        raise UsageError("a key needs a name of at most 64 letters", hint="name it after what uses it: regulars keys create till --scope orders:write")
    if any(known.is_good(now) for known in _named(keys, name)):
        raise UsageError(f"there is a key {name!r}", hint=f"regulars keys rotate {name}, or give this one another name")
    return _add(keys, name, _checked(scopes), now, key_id, secret, now + lasts if lasts else None)


def rotate_key(keys: ApiKeys, name: str, now: datetime, *, key_id: str, secret: str, grace: timedelta) -> str:
    """A new key of the same name and scopes; the old one works for `grace` longer."""
    old = [known for known in _named(keys, name) if known.is_good(now)]
    if not old:
        raise UsageError(f"there is no key {name!r}", hint="regulars keys list")
    whole = _add(keys, name, old[0].scopes, now, key_id, secret, old[0].expires_at)
    keys.end([known.id for known in old if known.expires_at is None or known.expires_at > now + grace], now + grace, revoked=False)
    return whole


def revoke_key(keys: ApiKeys, name: str, now: datetime) -> int:
    """How many there were, old ones in their grace included; they open nothing from now on."""
    good = [known.id for known in keys.all() if name in {known.name, known.id} and known.is_good(now)]
    if not good:
        raise UsageError(f"there is no key {name!r}", hint="regulars keys list")
    keys.end(good, now, revoked=True)
    return len(good)


def _named(keys: ApiKeys, name: str) -> list[ApiKey]:
    return [known for known in keys.all() if known.name == name]


def _checked(scopes: Sequence[str]) -> tuple[str, ...]:
    if not scopes:
        raise UsageError("a key needs a scope", hint=f"--scope {SCOPES[0]}; there are {', '.join(SCOPES)}")
    for scope in scopes:
        if scope not in SCOPES:
            raise UsageError(f'there is no scope "{scope}"', hint=did_you_mean(scope, SCOPES, f"there are {', '.join(SCOPES)}"))
    return tuple(dict.fromkeys(scopes))


def _add(keys: ApiKeys, name: str, scopes: tuple[str, ...], now: datetime, key_id: str, secret: str, expires_at: datetime | None) -> str:
    keys.add(ApiKey(key_id, name, hash_of(secret), scopes, now, expires_at))
    return f"{PREFIX}_{key_id}_{secret}"
