"""What a delivery benchmark stands on: real servers on the loopback, processes, and how much CPU each took."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.servers import RedisServer, free_port, install, postgres_server, wait_for_port

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Stage:
    """`postgres_url` may create databases; `sink`: the port of a smtp-sink, which takes all mail and keeps none."""

    folder: Path
    postgres_url: str
    redis: RedisServer
    sink: int

    def new_database(self) -> str:
        name = f"bench_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return named(self.postgres_url, name)


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        place = Path(f"/tmp/regulars-bench-{uuid.uuid4().hex[:8]}")
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        url = postgres_server(place)
        redis = RedisServer(folder)
        stack.callback(redis.stop)
        port = free_port()
        stack.enter_context(running([smtp_program("smtp-sink"), *_as_nobody(), f"127.0.0.1:{port}", "1000"]))
        wait_for_port(port)
        yield Stage(folder, url, redis, port)


def named(url: str, database: str) -> str:
    head, mark, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{database}{mark}{query}"


def smtp_program(name: str) -> str:
    """smtp-sink or smtp-source, which come with Postfix."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/libexec/postfix"))
    if not shutil.which(name, path=path):
        install("postfix")
    return shutil.which(name, path=path) or sys.exit(f"{name} is missing; it comes with Postfix (Debian, as root: apt-get install postfix)")


@contextmanager
def running(command: list[str], **options: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options})  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, of its living children, and of those it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICK + sum(cpu_seconds(int(child)) for child in children)


def memory_megabytes(pid: int) -> float:
    """The most that a process and its children have had in memory, each by itself, summed."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    own = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return own + sum(memory_megabytes(int(child)) for child in children)


def server_pid(postgres_url: str) -> int:
    with psycopg.connect(postgres_url) as connection:
        folder = connection.execute("SHOW data_directory").fetchone()
    assert folder
    return int((Path(folder[0]) / "postmaster.pid").read_text().split()[0])


def wait_until(is_so: object, seconds: float = 900) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        if time.monotonic() > deadline:
            sys.exit(f"a benchmark took longer than {seconds:.0f} s")
        time.sleep(0.1)


def _as_nobody() -> list[str]:
    return ["-u", "nobody"] if os.geteuid() == 0 else []
