"""When to try again after "later": soon at first, then twice as long each time, each time a little different."""

from __future__ import annotations

from datetime import timedelta

# RFC 5321 4.5.4.1: half an hour, or what fits the reason. A greylist lets go after some minutes, and a relay in the house is
# back soon; who says that we are too quick gets the half hour. (Postfix begins with five minutes as well.)
FIRST = timedelta(minutes=5)
AFTER_TOO_MUCH = timedelta(minutes=30)
AFTER_A_LOST_LINE = timedelta(minutes=1)
LONGEST = timedelta(hours=4)
MOST_ATTEMPTS = 30  # over four days, the least that RFC 5321 4.5.4.1 asks for before giving up


def wait_after(attempts: int, jitter: float, first: timedelta = FIRST) -> timedelta:
    """The wait after the `attempts`-th attempt (from 1); `jitter` in [0, 1) lengthens it by up to a quarter, so that a batch
    that was put off together does not come back together."""
    doubled: timedelta = first * 2 ** (min(attempts, 10) - 1)
    return min(doubled, LONGEST) * (1 + jitter / 4)
