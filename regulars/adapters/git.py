"""Which commit the workspace's files are at; nothing when they are not under git."""

from __future__ import annotations

import subprocess

from regulars.delivery.launches import Origin

PATIENCE = 5  # seconds; a launch does not wait for a slow disk


def read_origin(project: str) -> Origin | None:
    """`author` is of the commit; `dirty` when files of the project differ from it."""
    commit = _git(project, "log", "-1", "--format=%H%n%an")
    if not commit:
        return None
    hash_, _, author = commit.partition("\n")
    return Origin(hash_, author, bool(_git(project, "status", "--porcelain", "--", ".")))


def _git(project: str, *words: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603  fixed words
            ["git", "-C", project, *words], capture_output=True, text=True, timeout=PATIENCE, check=False,  # noqa: S607
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
