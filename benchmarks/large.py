"""A million: what a launch's snapshot costs beside a bare INSERT … SELECT, and whether the cost of a message stays flat.

`make bench-large`; about a quarter of an hour and 10 GB of disk. The sink of the messages keeps nothing, see benchmarks/sending.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from sqlalchemy import text

from benchmarks.letter import CODES, CUSTOMERS, LINES, ORDERS, copy_letter
from benchmarks.sending import send_everything
from benchmarks.stage import Stage, stage
from regulars.bootstrap import House
from regulars.settings import read_settings

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000000"))
LINES_EACH = 10
SIZES = [size for size in (10_000, 100_000, 1_000_000) if size <= PEOPLE]
ROUNDS = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as name, stage(Path(name)) as bench:
        house = _open(bench)
        print(f"large: {PEOPLE:,} customers with {PEOPLE * LINES_EACH:,} order lines, PostgreSQL with fsync on\n", flush=True)
        _snapshot(house)
        _messages(house)
        house.database.close()


def _open(bench: Stage) -> House:
    folder = bench.folder / "shop"
    folder.mkdir()
    copy_letter(folder)
    environment = {"REGULARS_DATABASE_URL": bench.new_database(), "REGULARS_SECRET": "a-secret-of-sixteen-letters"}
    subprocess.run(
        [sys.executable, "-m", "regulars", "db", "upgrade"], check=True, cwd=folder, env={**os.environ, **environment}, capture_output=True
    )
    house = House(read_settings(str(folder), environment))
    with house.database.write() as connection:
        values = {"people": PEOPLE, "purchases": LINES_EACH, "now": house.clock.now()}
        for statement in (CUSTOMERS, ORDERS, LINES, CODES):
            connection.execute(text(statement), values)
    _run_alone(house, "VACUUM ANALYZE")
    return house


def _snapshot(house: House) -> None:
    """In turns: the audience and messages of a launch, and the same rows into the same tables with nothing to decide."""
    ours, bare = [], []
    for _ in range(ROUNDS):
        ours.append(_launch(house, PEOPLE)[1])
        bare.append(_bare(house))
        _forget(house)
    print(f"snapshot of {PEOPLE:,}: {median(ours):.1f} s; the same rows by a bare INSERT … SELECT: {median(bare):.1f} s; "
          f"{median(ours) / median(bare):.2f}x (goal: at most 3)\n", flush=True)


def _messages(house: House) -> None:
    print("recipients    CPU per message   against 10,000   peak memory", flush=True)
    first = None
    for size in SIZES:
        launch_id, _ = _launch(house, size)
        each, memory = send_everything(house, launch_id, size)
        first = first or each
        print(f"{size:>10,}   {each:>12.3f} ms   {each / first:>13.2f}x   {memory:>8,} MB", flush=True)
        _forget(house)


def _launch(house: House, people: int) -> tuple[int, float]:
    """The launch's id, and the seconds that its one transaction took."""
    from regulars.audience.eligibility import Question
    from regulars.operations.launch import Wishes, launch, prepare

    workspace, now = house.workspace, house.clock.now()
    wishes = Wishes(again=True, limit=None if people == PEOPLE else people)
    question = Question(workspace.campaigns["to-everybody"], workspace, now, wishes.again, wishes.limit)
    planned = prepare(question, wishes, house.desk, house.launches)
    began = time.monotonic()
    made = launch(planned, wishes, house.launches, house.bundles, key=f"bench{time.time_ns() % 10**7:07d}", by="benchmark", origin=None, now=now)
    seconds = time.monotonic() - began
    assert made.recipients == people, made.recipients
    return made.id, seconds


def _bare(house: House) -> float:
    """The last launch's rows once more, into tables with the same columns and indexes, with no question asked."""
    seconds = 0.0
    with house.database.write() as connection:
        last = connection.scalar(text("SELECT max(id) FROM launches"))
        for table in ("audience", "messages"):
            connection.execute(text(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)"))
            began = time.monotonic()
            connection.execute(text(f"INSERT INTO bare_{table} SELECT * FROM {table} WHERE launch_id = :launch"), {"launch": last})
            seconds += time.monotonic() - began
    with house.database.write() as connection:
        connection.execute(text("DROP TABLE bare_audience, bare_messages"))
    return seconds


def _forget(house: House) -> None:
    with house.database.write() as connection:
        connection.execute(text("TRUNCATE messages, attempts, audience"))
        connection.execute(text("UPDATE launches SET state = 'cancelled'"))
    _run_alone(house, "CHECKPOINT")


def _run_alone(house: House, statement: str) -> None:
    with house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


if __name__ == "__main__":
    main()
