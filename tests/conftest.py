"""Fixtures for all tiers: databases at the current schema on both engines, and the servers of tests/servers.py."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from pytest_factoryboy import register

from regulars.adapters.database.engine import Database
from regulars.adapters.database.invariants import violations
from regulars.adapters.database.migrations import upgrade
from regulars.adapters.database.registry import IDENTITY, write_fact
from tests.factories import ALL as FACTORIES
from tests.servers import RedisServer, postgres_server

for _factory in FACTORIES:  # customer, order_line, …: a fixture each, and one for the factory
    register(_factory)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return postgres_server(Path(f"/tmp/regulars-postgres-{uuid.uuid4().hex[:8]}"))  # a short path: sockets allow 107 letters


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated database that others are copied from."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    _on_server(postgres_url, f'CREATE DATABASE "{name}"')
    database = Database(_named(postgres_url, name))
    upgrade(database)
    database.close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(f"sqlite:///{file}")
    upgrade(database)
    database.close()
    return file


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    file = tmp_path / ".regulars" / "regulars.db"
    file.parent.mkdir(exist_ok=True)
    shutil.copy(sqlite_template, file)
    database = Database(f"sqlite:///{file}")
    _give_own_identity(database)
    yield database
    _promises_are_kept(database, request)
    database.close()


@pytest.fixture
def postgres_database(postgres_url: str, postgres_template: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    _on_server(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}"')
    database = Database(_named(postgres_url, name))
    _give_own_identity(database)
    yield database
    try:
        _promises_are_kept(database, request)
    finally:
        database.close()
        _on_server(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """The same test on both databases."""
    return request.getfixturevalue(f"{'postgres' if request.param == 'postgresql' else 'sqlite'}_database")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


def _give_own_identity(database: Database) -> None:
    """Else what one test's Redis remembers of the template would be held against the next test's database."""
    with database.write() as connection:
        write_fact(connection, IDENTITY, uuid.uuid4().hex[:16])


def _promises_are_kept(database: Database, request: pytest.FixtureRequest) -> None:
    """Whatever a test did, delivery's promises must hold; a test that breaks rows by hand says `breaks_promises`."""
    if request.node.get_closest_marker("breaks_promises") is None:
        with database.read() as connection:
            assert violations(connection) == []


def _on_server(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True) as connection:
        connection.execute(statement)


def _named(url: str, name: str) -> str:
    """The server's URL with another database; socket paths travel in the query and stay."""
    head, _, query = url.partition("?")
    base = head.rpartition("/")[0] if head.count("/") > 2 else head
    return f"postgresql+psycopg://{base.partition('://')[2]}/{name}" + (f"?{query}" if query else "")
