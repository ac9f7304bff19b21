"""What a year of the sample shop's customers costs to simulate with all its automations, and how much memory more customers take."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.shop import NOW, ROOT, copy_workspace
from regulars.bootstrap import House
from regulars.settings import read_settings

TIMES = int(os.environ.get("BENCH_TIMES", "5"))  # the sample shop has 2,000 customers
DAYS = ("2025-11-15", "2026-11-14")
ONE = "import sys, resource; from benchmarks.simulate import play; play(*sys.argv[1:]); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"


def main() -> None:
    print(f"simulate: {DAYS[0]} to {DAYS[1]}, all automations of the sample shop, its orders delivered after three days\n")
    print("customers      mails    a customer       all      memory")
    with tempfile.TemporaryDirectory() as folder:
        house = _shop(Path(folder))
        for people in (house.lives.count() // TIMES, house.lives.count()):
            begin = os.times().children_user
            said = subprocess.run([sys.executable, "-c", ONE, folder, str(people)], cwd=ROOT, capture_output=True, text=True, check=True).stdout
            took = os.times().children_user - begin
            mails, memory = said.split()
            print(f"{people:>9,}  {int(mails):>9,}  {1_000 * took / people:>9.2f} ms  {took:>6.1f} s  {int(memory):>6,} MiB", flush=True)
    print()


def play(folder: str, people: str) -> None:
    from regulars.operations.simulate import programme, simulate

    house = House(read_settings(folder, {"REGULARS_NOW": NOW.isoformat()}))
    found = simulate(programme((), house.workspace, *DAYS), house.lives, house.stage, lambda *_: None, int(people))
    print(found.mails)


def _shop(folder: Path) -> House:
    copy_workspace(folder, {})
    people, orders = list(_rows("customers.csv")), list(_rows("orders.csv"))
    _write(folder / "customers.csv", [{**row, "email": f"n{copy}.{row['email']}"} for copy in range(TIMES) for row in people])
    _write(folder / "orders.csv", [
        _delivered({**row, "email": f"n{copy}.{row['email']}", "order_id": f"{copy}-{row['order_id']}"}) for copy in range(TIMES) for row in orders
    ])
    for what, file in (("customers", "customers.csv"), ("orders", "orders.csv"), ("products", str(ROOT / "samples/shop/products.csv"))):
        command = [sys.executable, "-m", "regulars", "import", what, file, "--project", "."]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT), "REGULARS_NOW": NOW.isoformat()})
    return House(read_settings(str(folder), {"REGULARS_NOW": NOW.isoformat()}))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (ROOT / "samples/shop" / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _delivered(row: dict[str, str]) -> dict[str, str]:
    at = datetime.fromisoformat(row["ordered_at"]) + timedelta(days=3)
    return {**row, "delivered_at": f"{at:%Y-%m-%d %H:%M}" if row["status"] == "paid" and at < NOW.replace(tzinfo=None) else ""}
