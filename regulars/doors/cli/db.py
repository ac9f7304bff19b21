"""`regulars db upgrade` and `regulars db stamp`."""

from __future__ import annotations

import click

from regulars.bootstrap import House, refuse_foreign_stamp
from regulars.doors.cli.console import say
from regulars.doors.cli.options import in_house
from regulars.errors import UsageError


@click.group()
def db() -> None:
    """Bring the database to this version's schema, or give it to another environment."""


@db.command(epilog="Example: REGULARS_DATABASE_URL=postgresql+psycopg://regulars@db/regulars regulars db upgrade")
@in_house
def upgrade(house: House) -> None:
    """Apply the migrations that the database does not have yet; a new database is stamped with REGULARS_ENVIRONMENT."""
    from regulars.adapters.database.engine import Database
    from regulars.adapters.database.migrations import upgrade as upgrade_schema

    database = Database(house.settings.database_url)
    refuse_foreign_stamp(database, house.settings.environment)
    before, after = upgrade_schema(database, house.settings.environment)
    say(f"the database is at {after} already" if before == after else f"the database went from {before or 'nothing'} to {after}")


@db.command(epilog="Example: regulars db stamp staging")
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@in_house
def stamp(house: House, name: str, yes: bool) -> None:
    """Give the database to the environment NAME; processes that name another do not send from it.

    Launches that are sending are paused: in a copy of production's database they would write to production's customers.
    """
    from regulars.delivery.permission import in_words
    from regulars.doors.cli.sending import operator
    from regulars.doors.cli.steer import ask
    from regulars.operations.stamp import on_their_way
    from regulars.operations.stamp import stamp as give
    from regulars.settings import ENVIRONMENT

    if not ENVIRONMENT.fullmatch(name):
        raise UsageError(f'"{name}" is no name of an environment', hint="use small letters, digits and hyphens, like production or staging")
    before = house.registry.identity().environment
    if before == name:
        say(f'the database is stamped "{name}" already')
        return
    say(f"database     {house.database.engine.url.render_as_string(hide_password=True)}")
    say(f'stamp        {in_words(before)}, then "{name}"')
    for launch in on_their_way(house.launches):
        say(f"is paused    launch {launch.id} of {launch.campaign}, {launch.recipients:,} mails")
    ask(f'Stamp the database "{name}"?', yes)
    paused = give(name, house.registry, house.launches, by=operator(), now=house.clock.now())
    say(f'the database is stamped "{name}"; whatever sends from it needs REGULARS_ENVIRONMENT={name}')
    for launch in paused:
        say(f"launch {launch.id} of {launch.campaign} is paused; go on with: regulars resume {launch.id}, or end it: regulars cancel {launch.id}")
