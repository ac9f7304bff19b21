"""Worker processes that are shot and replaced: each leads a process group, and nobody else's is ever touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import count
from random import Random
from typing import Self

import psutil

from tests.soak.judgement import Kill
from tests.soak.shop import ROOT, Shop

#: What `regulars worker` becomes; without it each start is half as long, and there are many.
CELERY = [
    sys.executable, "-m", "celery", "-A", "worker", "worker", "--pool", "solo", "--loglevel", "info",
    "--without-mingle", "--without-gossip",
]
PATIENCE = 60  # seconds that a worker may take to stop in an orderly way


class Fleet:
    """Celery workers of one shop; the first also keeps the beat. `port`: of the sink, whose connections are counted."""

    def __init__(self, shop: Shop, port: int, size: int, seed: int = 1) -> None:
        self.kills: list[Kill] = []
        self._shop, self._port, self._size = shop, port, size
        self._random, self._numbers = Random(seed), count(1)
        self._workers: list[subprocess.Popen[bytes]] = []
        self._log = (shop.folder / "workers.log").open("ab")

    def __enter__(self) -> Self:
        self._workers = [self._started(place) for place in range(self._size)]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            _shoot(worker)
        self._log.close()

    @property
    def log(self) -> str:
        """The end of what the workers said."""
        return (self._shop.folder / "workers.log").read_text(errors="replace")[-4000:]

    def shoot_one_that_sends(self) -> bool:
        """kill -9 of a random one that has connections to the sink, with all its children; False: none sends now."""
        places = [place for place, worker in enumerate(self._workers) if _connections(worker.pid, self._port)]
        if not places:
            return False
        self.shoot(self._random.choice(places))
        return True

    def shoot(self, place: int) -> None:
        """Stopped for the instant that counting its connections takes, then killed; another one takes its place at once."""
        worker = self._workers[place]
        os.killpg(worker.pid, signal.SIGSTOP)
        self.kills.append(Kill(time.time(), worker.pid, _connections(worker.pid, self._port)))
        _shoot(worker)
        self._workers[place] = self._started(place)

    def breathe(self) -> None:
        """The time between two shots."""
        time.sleep(self._random.uniform(0.2, 0.8))

    def stop(self) -> None:
        """As an operator would: SIGTERM to each, and all of them end."""
        for worker in self._workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self._workers:
            worker.wait(PATIENCE)

    def left_over(self) -> list[int]:
        """Processes of ours that outlived their leader."""
        groups = {worker.pid for worker in self._workers} | {kill.pid for kill in self.kills}
        return [process.pid for process in psutil.process_iter() if _group(process.pid) in groups and _lives(process)]

    def _started(self, place: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*CELERY, "--hostname", f"soak-{next(self._numbers)}", *(["--beat"] if place == 0 else [])],
            cwd=ROOT, env=self._shop.environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
        )


def _shoot(leader: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait(PATIENCE)


def _connections(pid: int, port: int) -> int:
    """To the sink, of the process and its children."""
    with suppress(psutil.NoSuchProcess):
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        return len({
            line.laddr for process in family for line in process.net_connections("tcp4") if line.raddr and line.raddr.port == port
        })
    return 0


def _group(pid: int) -> int:
    with suppress(ProcessLookupError, PermissionError):
        return os.getpgid(pid)
    return 0


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


