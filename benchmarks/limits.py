"""What contact limits cost a mail: the send loop with and without them, in turns, on both databases.

The same customers get launch after launch, so that each has as many earlier mails to be counted with limits as without. Caps are wide
and all mail goes: who is put off or dropped costs less than a mail. The mails go nowhere, as in `sending`.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import time as wall
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.sending import Nowhere
from benchmarks.shop import NOW, open_shop
from benchmarks.stage import cpu_seconds
from regulars.adapters.database.engine import Database
from regulars.adapters.database.migrations import upgrade
from regulars.audience.eligibility import Question
from regulars.definition.limits import Cap, ContactLimits, QuietHours
from regulars.definition.quantities import Duration
from regulars.definition.workspace import Shop
from regulars.operations.drain import drain
from regulars.operations.launch import Wishes, launch, prepare
from tests.servers import postgres_server

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "4000"))
ROUNDS = 5
MONTH = Duration(seconds=30 * 86_400)
LIMITS = {
    "contact_limits": ContactLimits((Cap("all", 900, MONTH), Cap("offers", 900, MONTH)), QuietHours(wall(23), wall(5))),
    "classes": ("cart", "news"), "hold_while": ("support.open",),
}


def main() -> None:
    print(f"limits: sending to {PEOPLE:,} customers, medians of {ROUNDS} rounds in turns; caps, quiet hours, classes and a hold\n")
    print("database     without: CPU    time      with: CPU    time    cost of the limits: CPU    time")
    _measure("SQLite", None)
    url = postgres_server(Path(f"/tmp/regulars-bench-{uuid.uuid4().hex[:8]}"))
    upgrade(Database(url))
    _measure("PostgreSQL", url)
    print()


def _measure(name: str, url: str | None) -> None:
    costs: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        house = open_shop(Path(folder), PEOPLE, **({"REGULARS_DATABASE_URL": url, "REGULARS_SECRET": "0123456789abcdef0123456789abcdef"} if url else {}))
        plain = replace(house.shop, classes=(), contact_limits=None, hold_while=())
        for number in range(ROUNDS + 1):
            for limited in (False, True):
                cost = _round(house, replace(plain, **LIMITS) if limited else plain, f"bench{number}{limited:d}")
                if number:  # the first one fills caches
                    costs[limited].append(cost)
    (cpu, took), (cpu_limited, took_limited) = (
        tuple(median(column) for column in zip(*costs[limited], strict=True)) for limited in (False, True)
    )
    print(f"{name:<11}  {cpu:>11.3f} ms {took:>6.3f} ms {cpu_limited:>8.3f} ms {took_limited:>6.3f} ms "
          f"{cpu_limited / cpu - 1:>22.0%} {took_limited / took - 1:>8.0%}", flush=True)


def _round(house: Any, shop: Shop, key: str) -> tuple[float, float]:
    """CPU ms of this process and its composing child, and ms, a mail."""
    question = Question(house.workspace.campaigns["to-everybody"], house.workspace, NOW, again=True)
    planned = prepare(question, Wishes(again=True), house.desk, house.launches)
    made = launch(planned, Wishes(again=True), house.launches, house.bundles, key=key, by="benchmark", origin=None, now=NOW)
    said: Callable[[], Shop] = lambda: shop  # noqa: E731  the file as it is now
    office = replace(house.office, transport=Nowhere(), ways=None, pace=replace(house.pace, shop=said))
    began, spent = time.perf_counter(), cpu_seconds(os.getpid())
    turn = drain(made.id, office, lambda: True)
    assert turn.states["accepted"] == PEOPLE, turn.states
    return (cpu_seconds(os.getpid()) - spent) / PEOPLE * 1000, (time.perf_counter() - began) / PEOPLE * 1000
