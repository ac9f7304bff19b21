"""How many pixels a second one process answers, beside a bare ASGI answer from the same server.

Every pixel is a hit that is committed before it is answered. Rounds are interleaved; the median counts.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.shop import NOW, open_shop

PEOPLE = 2_000
CONNECTIONS = 256
SECONDS = 3.0
ROUNDS = 3
BARE = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/gif"), (b"content-length", b"43")]})
    await send({"type": "http.response.body", "body": b"x" * 43})
"""


def main() -> None:
    print(f"pixel: hits/s of one process, {CONNECTIONS} connections, medians of {ROUNDS} interleaved rounds\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = _sent_pixels(folder)
        (folder / "bare.py").write_text(BARE)
        environment = {**os.environ, "REGULARS_PROJECT": name, "REGULARS_NOW": NOW.isoformat()}
        bare = [sys.executable, "-m", "uvicorn", "bare:app", "--port", "8471", "--log-level", "warning", "--no-access-log"]
        ours = [sys.executable, "-m", "regulars", "serve", "--port", "8472"]
        servers = [
            subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for command in (bare, ours)
        ]
        try:
            rates = {8471: [], 8472: []}
            for port in rates:
                asyncio.run(_wait(port))
            for _ in range(ROUNDS):
                for port, found in rates.items():
                    found.append(asyncio.run(_load(port, paths)))
        finally:
            for server in servers:
                server.terminate()
                server.wait(20)
    bare_rate, our_rate = median(rates[8471]), median(rates[8472])
    print(f"bare ASGI answer              {bare_rate:>8,.0f} hits/s")
    print(f"pixel, committed (SQLite)     {our_rate:>8,.0f} hits/s   {our_rate / bare_rate:.2f} of bare\n")


def _sent_pixels(folder: Path) -> list[str]:
    """Paths of the pixels of mails that were really launched."""
    from dataclasses import replace

    from benchmarks.sending import Nowhere
    from regulars.audience.eligibility import Question
    from regulars.content.tokens import MessageRef, Purpose, token
    from regulars.operations.drain import drain
    from regulars.operations.launch import Wishes, launch, prepare

    house = open_shop(folder, PEOPLE)
    workspace = house.workspace
    question = Question(workspace.campaigns["to-everybody"], workspace, NOW, again=False, limit=None)
    planned = prepare(question, Wishes(), house.desk, house.launches)
    made = launch(planned, Wishes(), house.launches, house.bundles, key="benchmark000", by="benchmark", origin=None, now=NOW)
    drain(made.id, replace(house.office, transport=Nowhere()), lambda: True)
    key = house.settings.keys.newest
    return [f"/o/{token(key, Purpose.OPEN, MessageRef(made.id, number))}.gif" for number in range(1, PEOPLE + 1)]


async def _wait(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    sys.exit(f"nothing answers on port {port}")


async def _load(port: int, paths: list[str]) -> float:
    """Answers a second; each connection asks again as soon as it was answered."""
    until = time.monotonic() + SECONDS
    counts = await asyncio.gather(*(_ask(port, paths, number, until) for number in range(CONNECTIONS)))
    return sum(counts) / SECONDS


async def _ask(port: int, paths: list[str], start: int, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = 0
    while time.monotonic() < until:
        path = paths[(start * 37 + asked) % len(paths)]
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(43)
        asked += 1
    writer.close()
    return asked
