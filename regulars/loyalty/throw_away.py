"""Mail addresses that somebody keeps for a few minutes: the domains that give them out, from a list that others maintain."""

from __future__ import annotations


def gives_throw_aways(domain: str | None) -> bool:
    """`domain`: in small A-labels, as addresses are stored; a part of one that is listed counts too."""
    from disposable_email_domains import blocklist

    parts = (domain or "").split(".")
    return any(".".join(parts[start:]) in blocklist for start in range(len(parts) - 1))
