"""CSV files as they are in the wild: encodings, separators, quotes; read row by row, never as a whole."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

from regulars.adapters.encodings import encoding_of
from regulars.errors import UsageError

LONGEST_LINE = 1_000_000
MOST_COLUMNS = 1_000
_SEPARATORS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_TITLES = 20  # lines that may stand above a header


class CsvFile:
    """`columns`: the header's names. `rows()` yields (line number, cells), or (line number, why it cannot be read).
    `encoding`: None is decided by the file's content."""

    def __init__(self, path: str, encoding: str | None = None) -> None:
        self.path = path
        self.encoding = "utf-8-sig"
        self.separator = ","
        with _in_our_words(path):
            self.encoding = encoding_of(path) if encoding is None else _codec(encoding)
        with self._opened() as lines:
            header = next(lines, "")
            if "\0" in header:
                raise UsageError(f"{path} holds zero bytes; it is no CSV file", hint="if it is in UTF-16, say so: --encoding utf-16")
            self.separator = _separator(header, lines)
        with self._opened() as lines:
            header = next(lines, "")
            self.columns = next(csv.reader([header, *_continuation(header, lines)], delimiter=self.separator), [])
        if not any(name.strip() for name in self.columns):
            raise UsageError(f"{path} has no header: its first line must name the columns")
        if len(self.columns) > MOST_COLUMNS:
            raise UsageError(f"{path} has {len(self.columns)} columns; is it a CSV file?")

    def rows(self) -> Iterator[tuple[int, list[str] | str]]:
        with self._opened() as lines:
            reader = csv.reader(lines, delimiter=self.separator, strict=True)
            next(reader, None)
            while True:
                line = reader.line_num + 1
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield line, _why(error)
                    continue
                if any(row):
                    yield line, row

    @property
    def guessed(self) -> str | None:
        """The encoding, where it is another than UTF-8, as it is named."""
        return None if self.encoding.startswith("utf-8") else self.encoding

    @contextmanager
    def _opened(self) -> Iterator[Iterator[str]]:
        try:
            with _in_our_words(self.path), Path(self.path).open(encoding=self.encoding, newline="") as file:
                yield _bounded(file, self.path)
        except UnicodeError as error:
            raise _wrong_encoding(self.path, self.encoding) from error


@contextmanager
def _in_our_words(path: str) -> Iterator[None]:
    try:
        yield
    except IsADirectoryError as error:
        raise UsageError(f"{path} is a folder, not a file") from error
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _codec(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise UsageError(f'there is no encoding "{encoding}"', hint="known ones: utf-8, cp1254 (Turkish Windows), cp1252, utf-16") from error
    return "utf-8-sig" if name == "utf-8" else name


def _bounded(file: IO[str], path: str) -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise UsageError(f"{path}:{number}: the line is longer than {LONGEST_LINE:,} letters; this is not a CSV file of rows")
        yield line


def _separator(header: str, below: Iterator[str]) -> str:
    """Of the first line that has any: a title may stand above the header, and the caller says so."""
    if header.startswith("sep=") and len(header.strip()) == 5:
        raise UsageError("the first line says sep=; delete it, so that the first line names the columns")
    for line in (header, *islice(below, _TITLES)):
        counts = {separator: _outside_quotes(line).count(separator) for separator in _SEPARATORS}
        if any(counts.values()):
            return max(_SEPARATORS, key=lambda separator: counts[separator])
    return _SEPARATORS[0]


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _continuation(header: str, lines: Iterator[str]) -> Iterator[str]:
    """The rest of a header whose quoted name holds a line break."""
    quotes = header.count('"')
    while quotes % 2 and (line := next(lines, "")):
        quotes += line.count('"')
        yield line


def _why(error: csv.Error) -> str:
    said = str(error)
    if "field larger" in said or "unexpected end" in said:
        return "a quoted cell is not closed: a quote inside a quoted cell is written twice"
    if "expected after" in said:
        return "a quoted cell goes on after its closing quote: a quote inside a quoted cell is written twice"
    return f"the row cannot be read: {said}"


def _wrong_encoding(path: str, encoding: str) -> UsageError:
    name = encoding.removesuffix("-sig").removesuffix("_sig")
    line, byte = _first_wrong_byte(path, encoding)
    hint = "say which it is, for instance --encoding cp1254 (Turkish Windows), cp1252 (Western Windows) or utf-16"
    return UsageError(f"{path}:{line}: the file is not {name.upper()}: byte {byte}", hint=hint)


def _first_wrong_byte(path: str, encoding: str) -> tuple[int, str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    read, lines = 0, 1
    with Path(path).open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                pending = len(error.object) - len(chunk)  # bytes that the decoder still held from the chunk before
                place = max(error.start - pending, 0)
                wrong = error.object[error.start:error.start + 1]
                return lines + chunk.count(b"\n", 0, place), f"0x{wrong.hex()} at position {read + place}"
            if not chunk:
                return lines, "sequence is cut at the end"
            read, lines = read + len(chunk), lines + chunk.count(b"\n")
