"""What an operator reads when the database cannot do what it was asked."""

import pytest
from sqlalchemy import text

from regulars.adapters.database import engine
from regulars.adapters.database.engine import Database
from regulars.errors import Unreachable


def test_a_full_disk_asks_for_room_and_keeps_nothing_half_done(sqlite_database):
    with pytest.raises(Unreachable, match="disk is full") as caught:
        fill_up(sqlite_database)

    assert "make room" in caught.value.hint
    with sqlite_database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'filler'")) == 0


def fill_up(database):
    with database.write() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.exec_driver_sql("CREATE TABLE filler (content)")
        connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(1000000))")


def test_a_connection_that_the_server_closed_while_it_rested_is_replaced(postgres_database, monkeypatch):
    monkeypatch.setattr(engine, "RESTED", 0.0)
    with postgres_database.read() as connection:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
    other = Database(postgres_database.url)
    with other.read() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
    other.close()

    with postgres_database.read() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != process
