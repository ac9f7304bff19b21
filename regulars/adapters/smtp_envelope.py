"""What of a mail is written to a relay, and what never is: nothing in it can be taken for a command or for another mail."""

from __future__ import annotations

import re

from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.outgoing import Outgoing

LONE_DOT = b".\r\n"
RSET = b"RSET\r\n"
LONGEST_ADDRESS = 320  # bytes: RFC 5321 4.5.3.1 allows 64 before the @ and 255 after it
_DOT_FIRST = re.compile(rb"^\.", re.MULTILINE)
# RFC 5321's Dot-string; no quotes, no %-routes. Beyond ASCII: RFC 6531.
_ADDRESS = re.compile(r"[A-Za-z0-9!#$&'*+/=?^_`{|}~.\-\u00a1-\U0010ffff]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def objection(mail: Outgoing, *, smtputf8: bool) -> Result | None:
    """Why this mail cannot be said to a relay, with the code that a relay would have given; None when it can."""
    if not _is_plain(mail.envelope_from):
        return _refused(mail, 553, "5.1.7", f"the sender's address cannot stand in a command: {mail.envelope_from[:80]!r}")
    if not _is_plain(mail.envelope_to):
        return _refused(mail, 553, "5.1.3", f"the address cannot stand in a command: {mail.envelope_to[:80]!r}")
    if not smtputf8 and not (mail.envelope_from.isascii() and mail.envelope_to.isascii()):  # RFC 6531 3.2
        return _refused(
            mail, 553, "5.6.7", "the address has letters beyond ASCII before its @, and the relay does not offer SMTPUTF8"
        )
    if not is_of_whole_lines(mail.content):
        return _refused(mail, 554, "5.6.0", "the mail has a line that does not end in CR and LF, or a NUL")
    return None


def is_of_whole_lines(content: bytes) -> bool:
    """Do all lines end in CRLF, is there neither a lone CR nor a lone LF (RFC 5321 2.3.8), nor a NUL?"""
    lines = content.count(b"\r\n")
    return content.endswith(b"\r\n") and lines == content.count(b"\n") == content.count(b"\r") and b"\0" not in content


def stuffed(content: bytes) -> bytes:
    """With a second dot where a line begins with one (RFC 5321 4.5.2), so that only our own dot ends the mail."""
    if b"\r\n." in content or content.startswith(b"."):
        return _DOT_FIRST.sub(b"..", content)
    return content


def commands(mail: Outgoing) -> tuple[bytes, bytes, bytes]:
    """MAIL, RCPT and DATA of a mail without objection."""
    option = "" if mail.envelope_from.isascii() and mail.envelope_to.isascii() else " SMTPUTF8"
    return (
        f"MAIL FROM:<{mail.envelope_from}>{option}\r\n".encode(),
        f"RCPT TO:<{mail.envelope_to}>\r\n".encode(),
        b"DATA\r\n",
    )


def _is_plain(address: str) -> bool:
    return (
        _ADDRESS.fullmatch(address) is not None and address.isprintable() and len(address.encode()) <= LONGEST_ADDRESS
    )


def _refused(mail: Outgoing, code: int, enhanced: str, words: str) -> Result:
    return Result(mail.ref, Outcome.REJECTED, Phase.MAIL, code, enhanced, words)
