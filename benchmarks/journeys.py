"""Steps of journeys: how many a second come due and are done, and whether those that wait make one any dearer.

Two databases with the same customers, one with few journeys waiting and one with many; the same number come due in each, in turns.
A step is a mail made and a wait begun: claimed, decided and committed, on PostgreSQL with fsync on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import psycopg
from sqlalchemy import text

from benchmarks.letter import CUSTOMERS
from benchmarks.stage import Stage, named, stage
from regulars.adapters.database.engine import Database
from regulars.adapters.database.journeys import JourneyBookInDatabase
from regulars.operations.advance import BATCH, advance_due
from tests.journeying import campaign, days, put_live, send, wait

FEW = int(os.environ.get("BENCH_FEW", "10000"))
MANY = int(os.environ.get("BENCH_MANY", "1000000"))
DUE = 1_000  # a round
ROUNDS = 8
LONG = days(90)  # nobody comes due twice, and nothing is too late
BEGUN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
JOURNEYS = """
INSERT INTO journeys (campaign, edition, customer_id, occurrence, entry, state, step, due_at, entered_at, fence, trigger)
SELECT 'welcome', 1, 1 + (n::bigint * 7919) % :people, 1 + n / :people, 'order-' || n, 'waiting', 'hello',
       :begun + n * interval '30 days' / :waiting, :begun, 1,
       '{"kind": "order.placed", "at": "2026-11-20T09:00:00+00:00", "subject": "1001", "data": {"order_id": "1001", "total": "420.00"}}'
FROM generate_series(1, :waiting) AS n
"""


class At:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def main() -> None:
    with tempfile.TemporaryDirectory() as name, stage(Path(name)) as bench:
        few, many = _databases(bench)
        print(f"journeys: {DUE:,} steps due a round, in batches of {BATCH}, medians of {ROUNDS} rounds in turns\n", flush=True)
        costs: dict[int, list[float]] = {FEW: [], MANY: []}
        for number in range(1, ROUNDS + 2):
            for waiting, database in ((FEW, few), (MANY, many)):
                cost = _round(database, waiting, number)
                if number > 1:  # the first one fills caches
                    costs[waiting].append(cost)
        for waiting, found in costs.items():
            print(f"{waiting:>9,} waiting    {1 / median(found):>8,.0f} steps/s    {median(found) * 1e6:>6,.0f} µs a step")
        print(f"a step with {MANY // FEW:,} times as many waiting costs {median(costs[MANY]) / median(costs[FEW]):.2f} of one\n")
        few.close()
        many.close()


def _databases(bench: Stage) -> tuple[Database, Database]:
    """The same customers in both; their journeys come due evenly over thirty days."""
    url = bench.new_database()
    environment = {**os.environ, "REGULARS_DATABASE_URL": url, "REGULARS_SECRET": "a-secret-of-sixteen-letters"}
    (bench.folder / "regulars.yaml").write_text("# only the database is needed\n")
    subprocess.run([sys.executable, "-m", "regulars", "db", "upgrade"], check=True, cwd=bench.folder, env=environment, capture_output=True)
    few = Database(url)
    put_live(few, campaign(send("hello"), wait("pause", LONG), send("bye"), not_later_than=LONG), at=BEGUN)
    with few.write() as connection:
        connection.execute(text(CUSTOMERS), {"people": MANY, "now": BEGUN})
    few.close()
    many = Database(_copy(bench, url))
    for database, waiting in ((few, FEW), (many, MANY)):
        with database.write() as connection:
            connection.execute(text(JOURNEYS), {"people": MANY, "waiting": waiting, "begun": BEGUN})
        database.close()
        with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
    return few, many


def _copy(bench: Stage, url: str) -> str:
    source = url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(bench.postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{source}_many" TEMPLATE "{source}"')
    return named(url, f"{source}_many")


def _round(database: Database, waiting: int, number: int) -> float:
    """Seconds a step: the clock goes to where exactly DUE more have come due."""
    due_by = BEGUN + timedelta(days=30) * (DUE * number) / waiting
    begun = time.perf_counter()
    moved = advance_due(JourneyBookInDatabase(database), At(due_by + timedelta(milliseconds=1)), lambda: True)
    spent = time.perf_counter() - begun
    assert moved == DUE, moved
    return spent / moved
