"""`regulars db upgrade`."""

from __future__ import annotations

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say
from regulars.doors.cli.options import in_house


@click.group()
def db() -> None:
    """Bring the database to this version's schema."""


@db.command(epilog="Example: REGULARS_DATABASE_URL=postgresql+psycopg://regulars@db/regulars regulars db upgrade")
@in_house
def upgrade(house: House) -> None:
    """Apply the migrations that the database does not have yet."""
    from regulars.adapters.database.engine import Database
    from regulars.adapters.database.migrations import upgrade as upgrade_schema

    before, after = upgrade_schema(Database(house.settings.database_url))
    say(f"the database is at {after} already" if before == after else f"the database went from {before or 'nothing'} to {after}")
