"""What the database says of itself: its identity, its environment, and the generation that rises while mail is sent."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import installation, launches
from regulars.adapters.database.types import EPOCH, database_now
from regulars.adapters.database.upsert import upsert
from regulars.delivery.permission import Generation, Identity

IDENTITY, ENVIRONMENT, GENERATION, OVERTAKEN = "identity", "environment", "generation", "overtaken"
DOUBT = "doubt"  # from a backup to its recovery: what was due then was perhaps done, and nobody knows
LAUNCH_FLOOR = "launch_floor"  # numbers up to this may belong to launches that were lost with a newer database
BEGINNING = Generation(0, EPOCH, 0)


class RegistryInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def identity(self) -> Identity:
        with self._database.read() as connection:
            return read_identity(connection)

    def rise(self, every: timedelta) -> Generation:
        """One more, unless it rose that recently for the newest launch; committed when this returns. Returns the present one."""
        with self._database.write() as connection:
            connection.execute(select(installation.c.value).where(installation.c.name == GENERATION).with_for_update())
            known = read_identity(connection)
            if known.launch == known.generation.launch and known.now - known.generation.at < every:
                return known.generation  # another worker was a moment quicker
            risen = Generation(known.generation.number + 1, known.now, known.launch)
            write_fact(connection, GENERATION, as_text(risen))
        return risen

    def notice(self, remembered: Generation) -> None:
        """Notes that the database was further once: nothing is sent from it until an operator recovers it."""
        with self._database.write() as connection:
            made = {"name": OVERTAKEN, "value": as_text(remembered)}
            connection.execute(upsert(connection, installation).values(made).on_conflict_do_nothing())


    def stamp(self, environment: str) -> None:
        """Gives it to another environment. What machines remember of it is of the other one, so it gets another identity."""
        with self._database.write() as connection:
            if read_identity(connection).environment == environment:
                return
            facts = {ENVIRONMENT: environment, IDENTITY: secrets.token_hex(8), GENERATION: as_text(BEGINNING), OVERTAKEN: None}
            for name, value in facts.items():
                write_fact(connection, name, value)


def introduce(connection: Connection, environment: str) -> None:
    """Gives a database its identity and its stamp, unless it has them."""
    made = {IDENTITY: secrets.token_hex(8), ENVIRONMENT: environment, GENERATION: as_text(BEGINNING)}
    for name, value in made.items():
        connection.execute(upsert(connection, installation).values(name=name, value=value).on_conflict_do_nothing())


def stamp_of(database: Database) -> str | None:
    """None for a database from before there were stamps."""
    with database.read() as connection:
        return connection.scalar(select(installation.c.value).where(installation.c.name == ENVIRONMENT))


def read_identity(connection: Connection) -> Identity:
    newest = select(func.coalesce(func.max(launches.c.id), 0)).scalar_subquery()
    now, launch = connection.execute(select(database_now(), newest)).one()
    names = (IDENTITY, ENVIRONMENT, GENERATION, OVERTAKEN, LAUNCH_FLOOR)
    rows = connection.execute(select(installation).where(installation.c.name.in_(names)))
    facts = {row.name: row.value for row in rows}
    generation = read_generation(facts[GENERATION]) if GENERATION in facts else BEGINNING
    overtaken = read_generation(facts[OVERTAKEN]) if OVERTAKEN in facts else None
    return Identity(facts.get(IDENTITY, ""), facts.get(ENVIRONMENT, ""), generation, max(launch, int(facts.get(LAUNCH_FLOOR, 0))), now, overtaken)


def next_launch_id(connection: Connection) -> int | None:
    """Where SQLite would number from a lost launch's number on; None: let the database number."""
    newest = connection.scalar(select(func.coalesce(func.max(launches.c.id), 0))) or 0
    floor = connection.scalar(select(installation.c.value).where(installation.c.name == LAUNCH_FLOOR))
    return int(floor) + 1 if floor is not None and int(floor) > newest else None


def write_fact(connection: Connection, name: str, value: str | None) -> None:
    """None forgets it."""
    changed = connection.execute(
        delete(installation).where(installation.c.name == name) if value is None
        else update(installation).where(installation.c.name == name).values(value=value)
    )
    if value is not None and not changed.rowcount:
        connection.execute(insert(installation).values(name=name, value=value))


def as_text(generation: Generation) -> str:
    return json.dumps({"number": generation.number, "at": generation.at.isoformat(), "launch": generation.launch})


def read_generation(text: str) -> Generation:
    """Raises ValueError for what nobody of us wrote."""
    try:
        read = json.loads(text)
        return Generation(int(read["number"]), datetime.fromisoformat(read["at"]), int(read["launch"]))
    except (TypeError, KeyError) as error:
        raise ValueError(f"this is no generation: {text[:80]}") from error
