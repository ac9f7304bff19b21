"""Header texts and bodies in the forms that mail allows: RFC 2047 words, quoted strings, quoted-printable."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from textwrap import wrap

LINE = 78
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_WORD_BYTES = 45  # 60 letters of base64, within the 75 that an encoded word may have
_LONGEST_PLAIN_WORD = 60
CRLF = "\r\n"


def one_line(text: str) -> str:
    """Control characters and line breaks become one space: a header is one line, whatever a customer is called."""
    return _CONTROLS.sub(" ", text).strip()


def unstructured(text: str, room: int) -> str:
    """A Subject's value; `room`: letters taken on the first line. Decodes to `one_line(text)`."""
    text = one_line(text)
    if not _is_plain(text):
        return _encoded_words(text)
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
    """Lines of at most 76 ASCII letters; never holds `=_`, so boundaries may. The last CRLF belongs to the boundary."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n") + "\n"
    return b2a_qp(lines.replace("\n", CRLF).encode("utf-8", "replace"), istext=True)


def _is_plain(text: str) -> bool:
    """Survives folding and unfolding as it is."""
    return (
        text.isascii() and "=?" not in text and "  " not in text
        and all(len(word) <= _LONGEST_PLAIN_WORD for word in text.split(" "))
    )


def _encoded_words(text: str) -> str:
    words, chunk = [], b""
    for letter in text:
        encoded = letter.encode("utf-8", "replace")
        if len(chunk) + len(encoded) > _WORD_BYTES:
            words.append(chunk)
            chunk = b""
        chunk += encoded
    words.append(chunk)
    return (CRLF + " ").join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)
