"""A backup of a test's database, and its return: a file copied back, or a database made anew from a copy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg

from regulars.adapters.database.engine import Database


class Backup:
    """Made at once; `restore()` brings the database back to that moment, whatever has happened since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        if database.is_sqlite:
            self._file = Path(database.engine.url.database)
            self._copy = self._file.with_suffix(".backup")
            with sqlite3.connect(self._file) as connection:
                connection.execute("VACUUM INTO ?", [str(self._copy)])
            return
        self._name = str(database.engine.url.database)
        self._copy_name = f"{self._name}_backup"
        database.close()
        self._say(f'CREATE DATABASE "{self._copy_name}" TEMPLATE "{self._name}"')

    def restore(self) -> None:
        self._database.close()
        if self._database.is_sqlite:
            for left_over in ("-wal", "-shm"):
                Path(f"{self._file}{left_over}").unlink(missing_ok=True)
            self._file.write_bytes(self._copy.read_bytes())
            return
        self._say(f'DROP DATABASE "{self._name}" WITH (FORCE)')
        self._say(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._copy_name}"')

    def close(self) -> None:
        if not self._database.is_sqlite:
            self._say(f'DROP DATABASE IF EXISTS "{self._copy_name}" WITH (FORCE)')

    def _say(self, statement: str) -> None:
        url = self._database.engine.url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)
