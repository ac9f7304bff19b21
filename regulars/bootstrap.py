"""The fuse box: settings become adapters, once, each at its first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from regulars.errors import Unreachable
from regulars.settings import Settings, read_settings

if TYPE_CHECKING:
    from regulars.adapters.database.engine import Database
    from regulars.operations.ports import Clock


class House:
    """Everything a door needs to run an operation. Adapters are imported when first asked for, to keep doors quick."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def clock(self) -> Clock:
        from regulars.adapters.clock import StartedClock, SystemClock

        return StartedClock(self.settings.now) if self.settings.now else SystemClock()

    @cached_property
    def database(self) -> Database:
        """The database at this program's schema; the embedded one is made and migrated by itself."""
        from regulars.adapters.database.engine import Database
        from regulars.adapters.database.migrations import is_current, upgrade

        database = Database(self.settings.database_url)
        if is_current(database):
            return database
        if not database.is_sqlite:
            raise Unreachable("the database's schema is not this program's", hint="run: regulars db upgrade")
        upgrade(database)
        return database


def furnish(project: str) -> House:
    """The house for the workspace at `project`; raises SettingsError when the environment does not fit."""
    return House(read_settings(project))
