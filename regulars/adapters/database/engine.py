"""One door to the database: short reading and writing transactions, and foreign errors in our words."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, RootTransaction, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError

from regulars.errors import RegularsError, Unconfirmed, Unreachable

WRITES = {"regulars_writes": True}
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)  # seconds before each further try; a server restarts in less
RESTED = 5.0    # seconds in the pool, after which a connection may have been closed by the other side
T = TypeVar("T")


class Database:
    """SQLite or PostgreSQL behind `read()` and `write()`; both are transactions that commit at the end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; on SQLite it never waits for a writer."""
        with _in_our_words(self.engine), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """On SQLite the write lock is taken at the start (BEGIN IMMEDIATE), so no late upgrade can fail."""
        with _in_our_words(self.engine), self.engine.connect().execution_options(**WRITES) as connection:
            transaction = connection.begin()
            try:
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            _commit(transaction, self.engine)

    def insist(self, work: Callable[[Connection, bool], T]) -> T:
        """Writes, and once more when a deadlock chose this transaction or the server was lost.

        `work` hears whether an earlier try perhaps committed; it must be safe to say twice.
        """
        again = False
        for pause in PAUSES:
            try:
                with self.write() as connection:
                    return work(connection, again)
            except Unreachable as error:
                if self.is_sqlite and not isinstance(error, Unconfirmed):
                    raise  # a full disk does not get better by waiting, and its lock was waited for already
                again = again or isinstance(error, Unconfirmed)
            time.sleep(pause)
        with self.write() as connection:
            return work(connection, again)

    def close(self) -> None:
        self.engine.dispose()


def _commit(transaction: RootTransaction, engine: Engine) -> None:
    """Raises Unconfirmed when nobody knows whether it happened."""
    try:
        transaction.commit()
    except (OperationalError, InterfaceError) as error:
        where = engine.url.render_as_string(hide_password=True)
        raise Unconfirmed(f"the database was lost while it committed: {_first_line(error)}", hint=_hint(error, where)) from error


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, pool_size=5, max_overflow=10)
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkin", _note_return)
        event.listen(engine, "checkout", _asking_whether_it_lives(engine))
        return engine
    _make_folder(Path(url.removeprefix("sqlite:///")).parent)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unreachable(
            f"the database's folder {folder} cannot be made: {error.strerror}", hint="check REGULARS_DATABASE_URL, and the right to write there"
        ) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says so, not where the driver guesses
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 30000", "cache_size = -64000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("exp2", 1, lambda power: 2.0**power, deterministic=True)
    connection.create_function("md5", 1, _md5, deterministic=True)


def _md5(text: str) -> str:
    """As PostgreSQL has it: an order that looks random, and no secret."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("regulars_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _note_return(_connection: Any, record: Any) -> None:
    record.info["returned_at"] = time.monotonic()


def _asking_whether_it_lives(engine: Engine) -> Callable[[Any, Any, Any], None]:
    """As the pool's own pre-ping, but only of a connection that has rested: asking before each turn cost a tenth of it."""
    def ask(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("returned_at", time.monotonic()) < RESTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool gives another one

    return ask


@contextmanager
def _in_our_words(engine: Engine) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise Unreachable(f"the database does not answer: {_first_line(error)}", hint=_hint(error, where)) from error
    except DBAPIError as error:
        if _is_missing_table(error):
            raise Unreachable(f"the database has no tables yet: {_first_line(error)}", hint="run: regulars db upgrade") from error
        if "file is not a database" in str(error.orig):
            raise Unreachable(f"{engine.url.database} is not a database", hint="check REGULARS_DATABASE_URL; no file was changed") from error
        raise RegularsError(f"the database refused: {_first_line(error)}") from error


def _hint(error: DBAPIError, where: str) -> str:
    if _is_missing_table(error):
        return "run: regulars db upgrade"
    if "disk is full" in str(error.orig):
        return f"make room where {where} lies; what was being written is as if it had never begun"
    wanting = "the right to write there" if where.startswith("sqlite") else "that the server runs"
    return f"check REGULARS_DATABASE_URL ({where}) and {wanting}"


def _is_missing_table(error: DBAPIError) -> bool:
    text = str(error.orig)
    return "no such table" in text or ("relation" in text and "does not exist" in text)


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]
