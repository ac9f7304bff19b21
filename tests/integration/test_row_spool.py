"""Rows that belong together come out side by side, in the file's order."""

from __future__ import annotations

import sqlite3

import pytest

from regulars.adapters.row_spool import DiskSpool
from regulars.errors import RegularsError


def test_rows_come_out_by_key_in_the_files_order():
    spool = DiskSpool()
    for line in range(5_000):
        spool.add(f"key {line % 3}", line, ("value", line))

    groups = {key: list(rows) for key, rows in spool.groups()}

    assert list(groups) == ["key 0", "key 1", "key 2"]
    assert groups["key 1"][:2] == [(1, ("value", 1)), (4, ("value", 4))]
    assert sum(map(len, groups.values())) == 5_000


def test_a_group_that_is_not_read_to_its_end_is_left_behind():
    spool = DiskSpool()
    for line, key in enumerate("aab"):
        spool.add(key, line, key)

    assert [next(rows) for _, rows in spool.groups()] == [(0, "a"), (2, "b")]


def test_a_full_disk_is_a_sentence_and_no_traceback():
    class Full:
        def executemany(self, *_):
            raise sqlite3.OperationalError("database or disk is full")

    spool = DiskSpool()
    spool._file = Full()
    spool.add("key", 1, "value")

    with pytest.raises(RegularsError, match="cannot be sorted on disk: database or disk is full"):
        next(spool.groups())
