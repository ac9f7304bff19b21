"""Which encoding a file of text is in, decided by all of its bytes where nobody says so."""

from __future__ import annotations

import codecs
from collections import Counter
from pathlib import Path

from regulars.errors import UsageError

_CHUNK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# The six places in which Turkish Windows has Ğ İ Ş ğ ı ş where Western Windows has Icelandic letters, and letters that Icelandic
# writes beside its own and Turkish does not know.
_DIFFERENT = bytes((0xD0, 0xDD, 0xDE, 0xF0, 0xFD, 0xFE))
_ICELANDIC = "ÁÆÍÓÚáæíóú".encode("cp1252")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a"))


def encoding_of(path: str) -> str:
    """utf-8-sig, utf-16, cp1254 or cp1252. Raises UsageError for what is no text; OSError."""
    with Path(path).open("rb") as file:
        start = file.read(_CHUNK)
        _refuse_spreadsheet(path, start)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name
        utf8 = codecs.getincrementaldecoder("utf-8")()
        is_utf8, counts = True, Counter[str]()
        chunk = start
        while chunk:
            if is_utf8:
                try:
                    utf8.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
            _count(chunk, counts)
            chunk = file.read(_CHUNK)
        if is_utf8:
            try:
                utf8.decode(b"", final=True)
            except UnicodeDecodeError:
                is_utf8 = False
    if is_utf8 or counts["controls"]:
        return "utf-8-sig"
    return "cp1254" if counts["different"] and counts["different"] >= counts["icelandic"] else "cp1252"


def _count(chunk: bytes, counts: Counter[str]) -> None:
    for name, letters in (("different", _DIFFERENT), ("icelandic", _ICELANDIC), ("controls", _CONTROLS)):
        counts[name] += len(chunk) - len(chunk.translate(None, letters))


def _refuse_spreadsheet(path: str, start: bytes) -> None:
    if start.startswith((_ZIP, _OLD_EXCEL)):
        raise UsageError(f"{path} is a spreadsheet or an archive, not a CSV file", hint="open it, and save the sheet as CSV (UTF-8)")
