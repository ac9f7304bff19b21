"""What of a mail is written to a relay, and what never is: nothing in it can be taken for a command or for another mail."""

from __future__ import annotations

import re
from dataclasses import dataclass

from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.outgoing import Outgoing

LONE_DOT = b".\r\n"
RSET = b"RSET\r\n"
LONGEST_ADDRESS = 320  # bytes: RFC 5321 4.5.3.1 allows 64 before the @ and 255 after it
# RFC 5321's Dot-string; no quotes, no %-routes. Beyond ASCII: RFC 6531.
_ADDRESS = re.compile(r"[A-Za-z0-9!#$&'*+/=?^_`{|}~.\-\u00a1-\U0010ffff]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it is written: MAIL and RCPT, whole lines; `content` with its dots stuffed, without the one that ends it."""

    mail: Outgoing
    from_: bytes
    to: bytes
    content: bytes


def letter(mail: Outgoing, *, smtputf8: bool) -> Letter | Result:
    """The Result says why this mail cannot be said to a relay, with the code that a relay would have given."""
    if not _is_plain(mail.envelope_from):
        return _refused(mail, 553, "5.1.7", f"the sender's address cannot stand in a command: {mail.envelope_from[:80]!r}")
    if not _is_plain(mail.envelope_to):
        return _refused(mail, 553, "5.1.3", f"the address cannot stand in a command: {mail.envelope_to[:80]!r}")
    is_ascii = mail.envelope_from.isascii() and mail.envelope_to.isascii()
    if not is_ascii and not smtputf8:  # RFC 6531 3.2
        return _refused(
            mail, 553, "5.6.7", "the address has letters beyond ASCII before its @, and the relay does not offer SMTPUTF8"
        )
    content = stuffed(mail.content)
    if content is None:
        return _refused(mail, 554, "5.6.0", "the mail has a line that does not end in CR and LF, or a NUL")
    option = "" if is_ascii else " SMTPUTF8"
    return Letter(
        mail, f"MAIL FROM:<{mail.envelope_from}>{option}\r\n".encode(), f"RCPT TO:<{mail.envelope_to}>\r\n".encode(), content
    )


def stuffed(content: bytes) -> bytes | None:
    """With a second dot where a line begins with one (RFC 5321 4.5.2), so that only our own dot ends the mail.

    None for a content with a lone CR or LF, which relays take for a line's end or not (RFC 5321 2.3.8), or with a NUL.
    """
    lines = content.splitlines()  # at CRLF, CR and LF alike: all ends have two bytes, or one of them is no CRLF
    if len(b"".join(lines)) + 2 * len(lines) != len(content) or b"\0" in content:
        return None
    if content.startswith(b"."):
        content = b"." + content
    return content.replace(b"\r\n.", b"\r\n..")


def _is_plain(address: str) -> bool:
    return (
        _ADDRESS.fullmatch(address) is not None and address.isprintable() and len(address.encode()) <= LONGEST_ADDRESS
    )


def _refused(mail: Outgoing, code: int, enhanced: str, words: str) -> Result:
    return Result(mail.ref, Outcome.REJECTED, Phase.MAIL, code, enhanced, words)
