"""Header texts and bodies in the forms that mail allows: RFC 2047 words, quoted strings, quoted-printable."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from functools import lru_cache
from textwrap import wrap

LINE = 78
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_WORD_BYTES = 45  # 60 letters of base64, within the 75 that an encoded word may have
_LONGEST_PLAIN_WORD = 60
_STYLE = b" style="
_SOFT_BREAK = b"=\r\n"  # RFC 2045 6.7 (5): not part of the text
_LATE_SPACE = re.compile(rb"^([^\r\n]{73,})(=20|=09)\r\n", re.MULTILINE)
_LONGEST_KEPT = 4096
CRLF = "\r\n"


def one_line(text: str) -> str:
    """Control characters and line breaks become one space: a header is one line, whatever a customer is called."""
    return _CONTROLS.sub(" ", text).strip()


def unstructured(text: str, room: int) -> str:
    """A Subject's value; `room`: letters taken on the first line. Decodes to `one_line(text)`."""
    text = one_line(text)
    if not _is_plain(text):
        return _encoded_words(text)
    if room + len(text) <= LINE:
        return text
    lines = wrap("x" * room + text, LINE, subsequent_indent=" ", break_long_words=False, break_on_hyphens=False)
    return CRLF.join(lines)[room:]


def phrase(text: str) -> str:
    """A display name, quoted or encoded where it must be. Decodes to `one_line(text)`."""
    text = one_line(text)
    if not _is_plain(text) or len(text) > _LONGEST_PLAIN_WORD:
        return _encoded_words(text)
    if _ATOMS.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quoted_printable(text: str) -> bytes:
    """Lines of at most 76 ASCII letters; never holds `=_`, so boundaries may. The last CRLF belongs to the boundary.

    Before each style there is a soft line break, which no reader sees: so what stands between two of them, mostly the
    same in all mails of a launch, is encoded once. It halves the work.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    head, *pieces = text.encode("utf-8", "replace").replace(b"\n", b"\r\n").split(_STYLE)
    if not pieces:
        return _encoded(head) + b"\r\n"
    encoded = [_kept(piece) if len(piece) <= _LONGEST_KEPT else _encoded(_STYLE + piece) for piece in pieces]
    return _SOFT_BREAK.join([_kept_head(head), *encoded]) + b"\r\n"


def _encoded(text: bytes) -> bytes:
    """It breaks lines as the first line of the text ends, so there is always one. A space at a line's end is encoded
    after the line was measured, and makes it one letter too long."""
    lines = b2a_qp(text + b"\r\n", istext=True)
    if b"=20\r\n" in lines or b"=09\r\n" in lines:
        lines = _LATE_SPACE.sub(rb"\1" + _SOFT_BREAK + rb"\2\r\n", lines)
    return lines[:-2]


@lru_cache(maxsize=1024)
def _kept(piece: bytes) -> bytes:
    return _encoded(_STYLE + piece)


@lru_cache(maxsize=16)
def _kept_head(head: bytes) -> bytes:
    """It is long, and there are few."""
    return _encoded(head)


def _is_plain(text: str) -> bool:
    """Survives folding and unfolding as it is."""
    return (
        text.isascii() and "=?" not in text and "  " not in text
        and all(len(word) <= _LONGEST_PLAIN_WORD for word in text.split(" "))
    )


def _encoded_words(text: str) -> str:
    whole = text.encode("utf-8", "replace")
    if len(whole) <= _WORD_BYTES:
        return f"=?utf-8?b?{b64encode(whole).decode()}?="
    words, chunk = [], b""
    for letter in text:
        encoded = letter.encode("utf-8", "replace")
        if len(chunk) + len(encoded) > _WORD_BYTES:
            words.append(chunk)
            chunk = b""
        chunk += encoded
    words.append(chunk)
    return (CRLF + " ").join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)
