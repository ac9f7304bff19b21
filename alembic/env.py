"""Where migrations meet a database: the connection they are given, or the one the settings name."""

from alembic import context

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import metadata
from regulars.settings import read_settings


def run(connection):
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with Database(read_settings(".").database_url).engine.begin() as connection:
        run(connection)
