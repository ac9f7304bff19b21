"""Every launch test ends by asking the database whether all promises still hold."""

from regulars.adapters.database.engine import Database
from regulars.adapters.database.invariants import violations


def assert_promises_kept(database: Database) -> None:
    with database.read() as connection:
        assert violations(connection) == []
