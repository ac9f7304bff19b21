"""How many orders a second one web process takes in by webhook, beside a bare INSERT and commit for each order.

PostgreSQL with fsync. Every order is signed, new, paid, of one of many customers, and durable with its lines, events, facts and
scores before it is answered. Rounds are interleaved; the median counts.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.stage import cpu_seconds, named
from tests.servers import free_port, postgres_server, wait_for_port
from tests.telling import shopify_customer, shopify_order
from tests.web import SHOP

SECRET = "the benchmark's secret"
CONNECTIONS = 64
ORDERS = 2_000      # of a round
CUSTOMERS = 500
ROUNDS = 3
BARE_WRITERS = 8    # connections that commit at the same time, as the pool of a simple program would
_TABLE = "CREATE TABLE bare (id bigserial PRIMARY KEY, order_id text UNIQUE, body jsonb)"


def main() -> None:
    print(f"intake: orders/s by webhook, {CONNECTIONS} connections, PostgreSQL with fsync, medians of {ROUNDS} interleaved rounds\n")
    place = Path(f"/tmp/regulars-bench-{uuid.uuid4().hex[:8]}")
    try:
        with tempfile.TemporaryDirectory() as name:
            _compare(Path(name), postgres_server(place))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _compare(folder: Path, server: str) -> None:
    url = _new_database(server)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLE)
        print(f"fsync is {connection.execute('SHOW fsync').fetchone()[0]}, synchronous_commit {connection.execute('SHOW synchronous_commit').fetchone()[0]}")
    (folder / "regulars.yaml").write_text(SHOP)
    port = free_port()
    environment = {
        **os.environ, "REGULARS_PROJECT": str(folder), "REGULARS_DATABASE_URL": url, "REGULARS_SECRET": "the benchmark's own secret",
        "REGULARS_SHOPIFY_SECRET": SECRET, "REGULARS_NOW": "2026-11-20T09:00:00Z",
    }
    for words in (["db", "upgrade"],):
        subprocess.run([sys.executable, "-m", "regulars", *words], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    door = subprocess.Popen([sys.executable, "-m", "regulars", "serve", "--port", str(port)], cwd=folder, env=environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        rates: dict[str, list[float]] = {"bare": [], "bare, shared": [], "ours": []}
        used = 0.0
        asyncio.run(_tell(port, _requests(10_000_000, 200)))  # everything has been loaded once
        for number in range(ROUNDS):
            bodies = [body for body, _ in _orders(number * ORDERS, ORDERS)]
            rates["bare"].append(_timed(ORDERS, lambda: _insert(url, bodies, 1)))  # noqa: B023
            rates["bare, shared"].append(_timed(ORDERS, lambda: _insert(url, bodies, BARE_WRITERS)))  # noqa: B023
            requests = _requests(number * ORDERS, ORDERS)
            before = cpu_seconds(door.pid)
            rates["ours"].append(_timed(ORDERS, lambda: asyncio.run(_tell(port, requests))))  # noqa: B023
            used += cpu_seconds(door.pid) - before
        stored = _count(url)
    finally:
        door.terminate()
        door.wait(30)
    assert stored == ROUNDS * ORDERS + 200, f"{stored} orders are stored"
    ours = median(rates["ours"])
    for what, label in (("bare", "bare INSERT and commit, one after another"), ("bare, shared", f"the same from {BARE_WRITERS} connections"), ("ours", "webhook, everything that follows, committed")):
        rate = median(rates[what])
        print(f"{label:<46} {rate:>8,.0f} orders/s   {ours / rate:>5.2f} of it are ours")
    print(f"CPU of the web process                         {used / (ROUNDS * ORDERS) * 1000:>8.2f} ms an order\n")


def _orders(first: int, count: int) -> list[tuple[bytes, str]]:
    """Bodies and their signatures."""
    made = []
    for number in range(first, first + count):
        who = shopify_customer(id=1_000 + number % CUSTOMERS, email=f"c{number % CUSTOMERS}@mail.example")
        body = json.dumps(shopify_order(id=1_000_000 + number, customer=who, email=who["email"], financial_status="paid")).encode()
        made.append((body, base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()))
    return made


def _requests(first: int, count: int) -> list[bytes]:
    return [
        (
            f"POST /hooks/shopify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"X-Shopify-Topic: orders/create\r\nX-Shopify-Event-Id: {first + place}\r\nX-Shopify-Hmac-Sha256: {signature}\r\n\r\n"
        ).encode() + body
        for place, (body, signature) in enumerate(_orders(first, count))
    ]


async def _tell(port: int, requests: Sequence[bytes]) -> None:
    """Each connection tells its share, one after another."""
    await asyncio.gather(*(_connection(port, requests[start::CONNECTIONS]) for start in range(CONNECTIONS)))


async def _connection(port: int, requests: Sequence[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0]))
    writer.close()


def _insert(url: str, bodies: Sequence[bytes], writers: int) -> None:
    """What a program does that keeps the body and nothing else."""
    def write(share: Sequence[bytes]) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for body in share:
                connection.execute("INSERT INTO bare (order_id, body) VALUES (%s, %s) ON CONFLICT DO NOTHING", [uuid.uuid4().hex, body.decode()])

    threads = [threading.Thread(target=write, args=(bodies[start::writers],)) for start in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _timed(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def _new_database(server: str) -> str:
    name = f"bench_{uuid.uuid4().hex[:8]}"
    plain = server.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return named(plain, name)


def _count(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM orders").fetchone()
    assert found
    return int(found[0])
