"""The sample shop's segments hold whom a few lines of plain Python find in its CSV files."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from bisect import bisect_right
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "samples" / "shop"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ISTANBUL = ZoneInfo("Europe/Istanbul")


@pytest.mark.parametrize("segment", ["new-customers", "slipping-away", "regulars", "vip", "bean-lovers", "gift-givers", "sleepers"])
def test_a_segment_holds_whom_plain_python_finds(shop: Path, found: dict[str, set[str]], segment: str) -> None:
    shown = json.loads(regulars(shop, "segments", "show", segment, "--sample", "2000", "--json"))

    assert {person["email"] for person in shown["sample"]} == found[segment]
    assert shown["count"] == len(found[segment])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace in a folder of its own, with everything imported."""
    folder = tmp_path_factory.mktemp("kahve")
    for part in ("regulars.yaml", "campaigns", "segments", "templates", "data", "samples"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    for kind in ("products", "customers", "orders"):
        regulars(folder, "import", kind, str(SHOP / f"{kind}.csv"))
    return folder


def regulars(folder: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    ran = subprocess.run([sys.executable, "-m", "regulars", *words], cwd=folder, capture_output=True, text=True, check=False,
                         env={**environment, "REGULARS_NOW": "2026-11-20T09:00:00Z", "PYTHONPATH": str(ROOT)})
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def found() -> dict[str, set[str]]:
    customers = {row["email"]: row for row in table(SHOP / "customers.csv")}
    orders, refunds = paid_orders()
    found: dict[str, set[str]] = defaultdict(set)
    spent = {who: sum(line[1] for order in theirs + refunds[who] for line in order["lines"]) for who, theirs in orders.items()}
    rank = -(-len(spent) * 5 // 100)
    found["vip"] = {who for who, sum_ in spent.items() if sum_ >= sorted(spent.values(), reverse=True)[rank - 1]}
    found["sleepers"] = customers.keys() - orders.keys()
    for who, theirs in orders.items():
        times = sorted(order["at"] for order in theirs)
        first, last, count = times[0], times[-1], len(times)
        quiet = (NOW - last) / ((last - first) / (count - 1)) if count > 1 else 0
        year, half_year, two_months = months_ago(12), months_ago(6), NOW - timedelta(days=60)
        if first > NOW - timedelta(days=14):
            found["new-customers"].add(who)
        if count >= 6 and sum(time > half_year for time in times) >= 3 and quiet <= 1.5:
            found["regulars"].add(who)
        if count >= 3 and year < last <= two_months and quiet >= 1.5:
            found["slipping-away"].add(who)
        if last <= year:
            found["sleepers"].add(who)
        lines = [(order["at"], *line) for order in theirs + refunds[who] for line in order["lines"]]
        beans = sum(amount for at, category, amount in lines if category == "beans" and at > year)
        if beans >= 3000 and any(category == "equipment" for _, category, amount in lines if amount > 0):
            found["bean-lovers"].add(who)
        season = datetime(2025, 12, 1, tzinfo=ISTANBUL), datetime(2026, 1, 8, tzinfo=ISTANBUL)
        if customers[who]["country"] in ("TR", "AZ") and any(
            category == "gifts" and season[0] < at < season[1] for at, category, amount in lines if amount > 0
        ):
            found["gift-givers"].add(who)
    return found


def paid_orders() -> tuple[dict, dict]:
    """Customer -> orders that count, and customer -> goods brought back."""
    whole: dict[str, dict] = {}
    for row in table(SHOP / "orders.csv"):
        at = datetime.fromisoformat(row["ordered_at"]).replace(tzinfo=ISTANBUL)
        order = whole.setdefault(row["order_id"], {"who": row["email"], "at": at, "status": row["status"], "lines": []})
        amount = Decimal(row["quantity"]) * Decimal(row["unit_price"]) * rate(row["currency"], row["ordered_at"][:10])
        order["lines"].append((row["category"], amount))
    orders, refunds = defaultdict(list), defaultdict(list)
    for order in whole.values():
        if order["status"] == "paid":
            is_refund = sum(amount for _, amount in order["lines"]) < 0
            (refunds if is_refund else orders)[order["who"]].append(order)
    return orders, refunds


def rate(currency: str, day: str) -> Decimal:
    if currency == "TRY":
        return Decimal(1)
    days, rates = RATES[currency]
    return rates[bisect_right(days, day) - 1]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rates() -> dict[str, tuple[list[str], list[Decimal]]]:
    known: dict[str, tuple[list[str], list[Decimal]]] = defaultdict(lambda: ([], []))
    for row in table(ROOT / "data" / "rates.csv"):
        known[row["currency"]][0].append(row["day"])
        known[row["currency"]][1].append(Decimal(row["rate"]))
    return known


RATES = rates()


def months_ago(months: int) -> datetime:
    local = NOW.astimezone(ISTANBUL)
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    return local.replace(year=year, month=month + 1).astimezone(UTC)
