"""What a message costs: CPU of plan, launch and sending at three sizes, each in a process of its own.

One plan is made beforehand and not counted, so that loading the program is not shared out among the messages.

The mails go nowhere: the transport keeps the ledger like a relay would and drops the bytes, so that the figure
is this program's own work (database, composing, MIME) and not a disk's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from benchmarks.stage import cpu_seconds, memory_megabytes

RUNS = {1_000: 5, 10_000: 3, 100_000: 1}  # of each size; the median counts


def main() -> None:
    print("sending: CPU per message, SQLite, mails of the sample win-back letter\n")
    print("recipients   plan+launch      sending         both   against 1,000   peak memory")
    first = None
    for size, runs in RUNS.items():
        found = sorted((_in_own_process(size) for _ in range(runs)), key=lambda run: run["launch"] + run["send"])
        figures = found[runs // 2]
        each = (figures["launch"] + figures["send"]) / size * 1000
        first = first or each
        print(f"{size:>10,}   {figures['launch'] / size * 1000:>8.3f} ms   {figures['send'] / size * 1000:>8.3f} ms   "
              f"{each:>7.3f} ms   {each / first:>12.2f}x   {figures['memory']:>8,} MB", flush=True)
    print()


def _in_own_process(size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.sending", str(size)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


class Nowhere:
    """operations.ports.Transport that accepts all mail and keeps none."""

    address = "smtp://nowhere.example:25"

    def send(self, batches: Iterable[Sequence[Any]], ledger: Any, go_on: Callable[[], bool]) -> None:
        from regulars.delivery.outcomes import Outcome, Phase, Result

        results: list[Result] = []
        mails = chain.from_iterable(batches)
        while together := list(islice(mails, 64)):
            allowed = ledger.turn(results, [mail.ref for mail in together])
            results = [Result(ref, Outcome.ACCEPTED, Phase.DOT, 250, evidence="reply") for ref in sorted(allowed)]
        ledger.turn(results, [])

    def arrived(self, mails: Sequence[Any]) -> Mapping[Any, bool]:
        return {}


def send_everything(house: Any, launch_id: int, size: int) -> tuple[float, int]:
    """CPU ms a message of this process and its composing child, and their peak memory in MB."""
    from dataclasses import replace

    from regulars.operations.drain import drain

    office = replace(house.office, transport=Nowhere(), ways=None)
    began = cpu_seconds(os.getpid())
    turn = drain(launch_id, office, lambda: True)
    spent = cpu_seconds(os.getpid()) - began
    assert turn.states["accepted"] == size, turn.states
    return spent / size * 1000, round(memory_megabytes(os.getpid()))


def measure(size: int) -> dict[str, Any]:
    from benchmarks.shop import NOW, open_shop
    from regulars.audience.eligibility import Question
    from regulars.operations.launch import Wishes, launch, prepare

    with tempfile.TemporaryDirectory() as folder:
        house = open_shop(Path(folder), size)
        workspace = house.workspace
        question = Question(workspace.campaigns["to-everybody"], workspace, NOW, again=False, limit=None)
        prepare(question, Wishes(), house.desk, house.launches)
        began = time.process_time()
        planned = prepare(question, Wishes(), house.desk, house.launches)
        made = launch(
            planned, Wishes(), house.launches, house.bundles, key="benchmark000", by="benchmark", origin=None, now=NOW
        )
        launched = time.process_time() - began
        each, memory = send_everything(house, made.id, size)
    return {"launch": launched, "send": each * size / 1000, "memory": memory}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
