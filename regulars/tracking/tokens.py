"""Reads the signed names that came back in a link, by the definition of `content/tokens.py`.

A token that is forged, truncated, foreign or made for another door is None, never an exception: whoever
holds a bad one is led to the shop's front page, and learns nothing.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass

from regulars.content.tokens import LAYOUT, MAC_BYTES, TOKEN_LENGTH, KeyRing, MessageRef, Purpose, signature

LONGEST_TARGET = 8_192  # characters as it travels; browsers and relays cut longer addresses anyway
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
_NO_MAC = bytes(MAC_BYTES)


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature fits. `link`: its number in the bundle, 0 for none. Previews are answered, not stored."""

    ref: MessageRef
    link: int
    is_preview: bool


def verified(text: str, ring: KeyRing, purpose: Purpose, target: str = "") -> Verified | None:
    """The message behind the token `text`, if one of the ring's keys signed it for this purpose and target."""
    raw = _bytes_of(text, TOKEN_LENGTH)
    if raw is None or len(raw) != LAYOUT.size + MAC_BYTES:
        return None
    head, mac = raw[: LAYOUT.size], raw[LAYOUT.size :]
    made_for, key_id, launch, number, link = LAYOUT.unpack(head)
    signatures = [signature(key, head, target) for key in ring.candidates(key_id)] or [_NO_MAC]
    # Every candidate is compared, in constant time, so that the answer's timing says nothing about any of them.
    fits = [hmac.compare_digest(mac, candidate) for candidate in signatures]
    if signatures == [_NO_MAC] or not any(fits) or made_for != purpose:
        return None
    return Verified(MessageRef(launch, number), link, is_preview=key_id == 0)


def unpacked_target(text: str) -> str | None:
    """The web address that travelled behind a click token; None for anything else."""
    raw = _bytes_of(text, LONGEST_TARGET)
    try:
        target = raw.decode() if raw else ""
    except UnicodeDecodeError:
        return None
    is_address = target.startswith(("https://", "http://")) and target.isprintable() and target.isascii()
    return target if is_address else None


def _bytes_of(text: str, longest: int) -> bytes | None:
    if len(text) > longest or not _ALPHABET.fullmatch(text):
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        return None
    # The last letter has bits to spare: only their one canonical spelling counts, so that every changed letter tells.
    return raw if urlsafe_b64encode(raw).rstrip(b"=").decode() == text else None
