"""One mailbox, one key: how an address is normalised, hashed for the suppression list, and shown half hidden."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import NamedTuple

MOST_LETTERS = 254


class Address(NamedTuple):
    """`written` is what mail is sent to, `key` what makes it unique, `domain` in A-labels.

    `reachable` is False for a name before the @ that plain SMTP cannot carry (`ünal@…`).
    """

    written: str
    key: str
    domain: str
    reachable: bool


@lru_cache(maxsize=65_536)
def read_address(text: str) -> Address:
    """The normalised address; ValueError with a sentence when it is none. Asks no server."""
    from email_validator import EmailNotValidError, validate_email

    trimmed = text.strip()
    if len(trimmed) > MOST_LETTERS:
        raise ValueError(f"an address has at most {MOST_LETTERS} letters, this one has {len(trimmed)}")
    try:
        # test_environment: `.test` is a reserved domain, and our own examples live there
        read = validate_email(trimmed, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f'"{trimmed[:60]}" is not a mail address: {_as_clause(str(error))}') from error
    domain = str(read.ascii_domain)
    return Address(read.ascii_email or read.normalized, f"{read.local_part.casefold()}@{domain}", domain, read.ascii_email is not None)


def address_hash(key: str, secret: bytes) -> str:
    """What a suppression keeps instead of the address: without `secret` it tells nobody who it was."""
    return hmac.new(secret, key.encode(), hashlib.sha256).hexdigest()


def masked(key: str) -> str:
    """`a***@example.com`: enough to recognise one's own entry."""
    local, _, domain = key.rpartition("@")
    return f"{local[:1]}***@{domain}"


def same_mailbox(one: str, other: str) -> bool:
    """Are two keys likely one person's: equal but for `+tag` and dots before the @?"""
    return _bare(one) == _bare(other)


def _bare(key: str) -> str:
    local, _, domain = key.rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def _as_clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
