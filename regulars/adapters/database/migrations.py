"""Brings a database to this program's schema by the migrations in `alembic/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.adapters.database.engine import Database
from regulars.adapters.database.registry import introduce
from regulars.adapters.shipped import shipped

if TYPE_CHECKING:
    from alembic.config import Config


def upgrade(database: Database, environment: str = "") -> tuple[str | None, str]:
    """Applies what is missing; returns the revisions before and after. A database without a stamp gets `environment`'s."""
    from alembic import command

    before = current_revision(database)
    config = _config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        introduce(connection, environment)
    return before, newest_revision()


def is_current(database: Database) -> bool:
    return current_revision(database) == newest_revision()


def current_revision(database: Database) -> str | None:
    from alembic.migration import MigrationContext

    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(shipped("alembic")).replace("%", "%%"))
    return config
