"""The sink's process: `python -m tests.soak.sink FOLDER PORT FAULTS [POSTFIX_LOG]`, and how tests start one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import uvloop

from tests.servers import free_port, wait_for_port
from tests.soak.books import Books, Copy, Event, PostfixLog, copies, events
from tests.soak.conversation import Conversation
from tests.soak.faults import Faults, Lots

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sink:
    """A running one. `relay_log`: a log as Postfix writes it."""

    folder: Path
    port: int
    relay_log: Path

    def url(self, **options: object) -> str:
        """The mail URL: url(connections=4, dot_timeout=2)."""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"smtp://127.0.0.1:{self.port}" + (f"?{query}" if query else "")

    def copies(self) -> list[Copy]:
        return copies(self.folder)

    def events(self) -> list[Event]:
        return events(self.folder)

    def taken(self) -> int:
        """How many copies there are by now."""
        file = self.folder / "copies.log"
        return file.read_bytes().count(b"\n") if file.exists() else 0


@contextmanager
def running_sink(folder: Path, faults: Faults | None = None) -> Iterator[Sink]:
    """A sink of its own process, so that nothing that is killed takes it along."""
    sink = Sink(folder, free_port(), folder / "mail.log")
    folder.mkdir(parents=True, exist_ok=True)
    words = [str(folder), str(sink.port), (faults or Faults()).written(), str(sink.relay_log)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.soak.sink", *words], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        wait_for_port(sink.port)
        yield sink
    finally:
        process.terminate()
        process.wait(10)


async def serve(folder: Path, port: int, faults: Faults, relay_log: Path | None) -> None:
    books, lots, numbers = Books(folder), Lots(faults), count(1)
    postfix = PostfixLog(relay_log) if relay_log else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Conversation(next(numbers), books, lots, postfix), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    _, where, on, wrongs, *log = sys.argv
    uvloop.run(serve(Path(where), int(on), Faults.read(wrongs), Path(log[0]) if log else None))
