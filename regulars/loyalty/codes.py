"""Referral codes: eight letters that are easy to read out and spell no word, the same before and after they are stored."""

from __future__ import annotations

import hashlib
import hmac

from regulars.audience.addresses import same_mailbox

# No 0/O, 1/I/L, 5/S, 2/Z, 8/B look-alikes to mix up, and no vowels, so that chance writes no words.
PROGRAMME = "referral"  # one for now; codes are unique by programme already
ALPHABET = "34679CDFGHJKMNPQRTVWXY"
LENGTH = 8
_SPOKEN_AS = str.maketrans("", "", " -_.\t\u00a0")


def derive_code(secret: bytes, programme: str, customer_id: int, attempt: int = 0) -> str:
    """The code a customer gets at first use; `attempt` rises when the one before is somebody's already."""
    message = f"{programme}\0{customer_id}\0{attempt}".encode()
    number = int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest()[:16], "big")
    letters = []
    for _ in range(LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def read_code(written: str) -> str | None:
    """A code as a customer typed it, in its one form; None when it cannot be one."""
    code = written.translate(_SPOKEN_AS).upper()
    return code if len(code) == LENGTH and all(letter in ALPHABET for letter in code) else None


def code_typed_as_coupon(coupon: str | None) -> str | None:
    """A shop may give the friend's discount for the referral code itself; then it comes as the order's coupon."""
    return coupon if coupon and read_code(coupon) else None


def may_refer(advocate: tuple[int, str | None], friend: tuple[int, str | None]) -> bool:
    """(customer id, address key) of both: nobody brings themselves, nor their own other spelling."""
    same_person = advocate[0] == friend[0]
    return not same_person and not (advocate[1] and friend[1] and same_mailbox(advocate[1], friend[1]))
