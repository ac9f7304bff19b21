"""Brings rows of a file that belong together side by side, on disk, so that memory stays small for any file."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any

from regulars.errors import RegularsError

_AT_ONCE = 2_000


class DiskSpool:
    """`add` rows in the file's order; `groups` gives each key with its (line, value) pairs in that order."""

    def __init__(self) -> None:
        # "" is a private temporary file that the database itself deletes, so nobody can put a pickle into it
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("CREATE TABLE rows (key TEXT, line INTEGER, value BLOB)")
        self._file.execute("BEGIN")
        self._waiting: list[tuple[str, int, bytes]] = []

    def add(self, key: str, line: int, value: Any) -> None:
        self._waiting.append((key, line, pickle.dumps(value, pickle.HIGHEST_PROTOCOL)))
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def groups(self) -> Iterator[tuple[str, Iterator[tuple[int, Any]]]]:
        self._flush()
        with _in_our_words():
            rows = self._file.execute("SELECT key, line, value FROM rows ORDER BY key, line")
        for key, group in groupby(rows, key=itemgetter(0)):
            yield key, ((line, pickle.loads(value)) for _, line, value in group)  # noqa: S301  our own, see above

    def close(self) -> None:
        self._file.close()

    def _flush(self) -> None:
        with _in_our_words():
            self._file.executemany("INSERT INTO rows VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        hint = "make room in the folder for temporary files, or name another one in SQLITE_TMPDIR"
        raise RegularsError(f"the rows cannot be sorted on disk: {error}", hint=hint) from error
