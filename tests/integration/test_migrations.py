"""The migrations build exactly the schema that the code describes, on both databases."""

from datetime import UTC, datetime, timedelta

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from regulars.adapters.database.migrations import current_revision, is_current, newest_revision
from regulars.adapters.database.schema import metadata
from regulars.adapters.database.types import database_now


def test_migrated_database_equals_the_described_schema(database):
    with database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_migrated_database_is_current(database):
    assert is_current(database)
    assert current_revision(database) == newest_revision()


def test_the_databases_own_clock_is_a_clock(database):
    with database.read() as connection:
        told = connection.scalar(select(database_now()))

    assert abs(datetime.now(UTC) - told) < timedelta(seconds=5)
