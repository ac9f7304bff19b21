"""Addresses as the wire wants them: domains in ASCII, nothing that could end a header or an envelope."""

from __future__ import annotations

import re
from functools import lru_cache

import idna

from regulars.content.email import CannotCompose

_UNFIT = re.compile(r'[\x00-\x20\x7f-\x9f<>()\[\]:;,\\"@]')


@lru_cache(maxsize=1024)
def ascii_address(address: str) -> str:
    """The address with its domain as DNS knows it; the local part stays. Raises CannotCompose."""
    local, _, domain = address.rpartition("@")
    if not local or not domain or _UNFIT.search(local):
        raise CannotCompose(f"no mail can be addressed to {address[:80]!r}")
    return f"{local}@{ascii_domain(domain)}"


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """`çay.example` -> `xn--ay-3ia.example`. Raises CannotCompose for what is no domain."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise CannotCompose(f"{domain[:80]!r} is not a mail domain") from error
