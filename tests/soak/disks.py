"""A small disk that fills up in the middle of things, and has room again when it is told to."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CHUNKS = (1 << 20, 1 << 12, 1)


@dataclass(frozen=True)
class Disk:
    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """To the last byte."""
        with self._ballast.open("ab", buffering=0) as file:
            for chunk in CHUNKS:
                while _fits(file, chunk):
                    pass

    def make_room(self) -> None:
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A tmpfs of its own at `folder`. Mounting takes root, or a container that may."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.fail(
            f"no disk to fill up: {done.stderr.strip()}; run this test as root, or in a container with --cap-add SYS_ADMIN", pytrace=False
        )
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fits(file, chunk: int) -> bool:
    try:
        return file.write(b"\0" * chunk) == chunk
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return False
        raise
