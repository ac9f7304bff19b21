"""When to try again after "later": half an hour, then longer, each time a little different."""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(minutes=30)  # RFC 5321 4.5.4.1: at least 30 minutes
LONGEST = timedelta(hours=6)
MOST_ATTEMPTS = 20             # about four days
RECONNECT = timedelta(minutes=1)


def wait_after(attempts: int, jitter: float) -> timedelta:
    """The wait after the `attempts`-th deferral (from 1); `jitter` in [0, 1) lengthens it by up to a fifth."""
    doubled: timedelta = FIRST * 2 ** (min(attempts, 10) - 1)
    return min(doubled, LONGEST) * (1 + jitter / 5)


def wait_after_a_lost_line(jitter: float) -> timedelta:
    """The relay said nothing about this mail, so it need not wait long."""
    return RECONNECT * (1 + jitter / 5)
