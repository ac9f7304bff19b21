"""The signed names that links in a mail carry; `tracking/tokens.py` reads them by the same definition.

A token is 38 characters of base64url over 28 bytes: purpose, key id, launch, number, link and a 128-bit
HMAC-SHA256 over all of that and the link's target. The target travels beside the token, so a redirect
needs no look-up, and a changed target no longer fits its signature.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from binascii import b2a_base64
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

LAYOUT = struct.Struct(">BBIIH")
MAC_BYTES = 16
TOKEN_LENGTH = 38


class Purpose(IntEnum):
    """A token of one purpose is refused at the door of another."""

    OPEN = 1         # /o/TOKEN.gif
    CLICK = 2        # /c/TOKEN/TARGET
    UNSUBSCRIBE = 3  # /u/TOKEN
    VIEW = 4         # /v/TOKEN
    PREFERENCES = 5  # /p/TOKEN


@dataclass(frozen=True, slots=True, order=True)
class MessageRef:
    """A message: its launch and its number within the launch (both 0 in a preview)."""

    launch: int
    number: int

    def __str__(self) -> str:
        return f"{self.launch}-{self.number}"


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One secret of the ring with its one-byte id. Id 0 is kept for previews."""

    secret: bytes
    id: int

    @classmethod
    def of(cls, secret: str) -> Key:
        digest = hashlib.sha256(b"regulars key id\0" + secret.encode()).digest()
        return cls(secret.encode(), 1 + digest[0] % 255)


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """Newest first: the first signs, all verify, so that links outlive a rotated key."""

    keys: tuple[Key, ...]

    @classmethod
    def of(cls, secrets: str) -> KeyRing:
        """From the setting's form `new,old`."""
        return cls(tuple(Key.of(part) for part in (piece.strip() for piece in secrets.split(",")) if part))

    @property
    def newest(self) -> Key:
        return self.keys[0]

    @property
    def preview(self) -> Key:
        """Signs previews: of the real length, answered with the real target, and never stored."""
        return _preview_key(self.newest)

    def candidates(self, key_id: int) -> tuple[Key, ...]:
        if key_id == 0:
            return tuple(_preview_key(key) for key in self.keys)
        return tuple(key for key in self.keys if key.id == key_id)


def _preview_key(key: Key) -> Key:
    return Key(hmac.digest(key.secret, b"preview", "sha256"), 0)


def signature(key: Key, head: bytes, target: str) -> bytes:
    return hmac.digest(key.secret, head + target.encode(), "sha256")[:MAC_BYTES]


def token(key: Key, purpose: Purpose, ref: MessageRef, link: int = 0, target: str = "") -> str:
    """The name by which a link in this message may be followed; `link` is its number in the template."""
    head = LAYOUT.pack(purpose, key.id, ref.launch, ref.number, link)
    return _urlsafe(head + signature(key, head, target))


@lru_cache(maxsize=4096)
def packed_target(target: str) -> str:
    """The target as it travels behind a click token."""
    return _urlsafe(target.encode())


def _urlsafe(value: bytes) -> str:
    """RFC 4648 5, without padding."""
    return b2a_base64(value, newline=False).translate(_ALPHABET, b"=").decode()


_ALPHABET = bytes.maketrans(b"+/", b"-_")
