"""A feed's state between two pulls, and when it is pulled next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from regulars.definition.decay import seconds
from regulars.definition.feeds import Feed

SOONEST = timedelta(minutes=1)     # between two pulls, whatever the file says
AFTER_FAILURE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class FeedState:
    """`pulled_at`: when it was last read to its end; None: never from this address, so all that it holds is history.
    `etag`, `last_modified`, `content_hash`: of what was read then. `outcome`: of the last try, in words; `failing_since`: of the first
    of those that failed in a row."""

    name: str
    url: str
    fence: int = 0
    next_at: datetime | None = None
    pulled_at: datetime | None = None
    changed_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_hash: str | None = None
    outcome: str | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """By what a server, or its content, says that nothing has changed."""

    etag: str | None = None
    last_modified: str | None = None
    content_hash: str | None = None


def read_through(state: FeedState, feed: Feed, seal: Seal | None, outcome: str, now: datetime) -> FeedState:
    """After a pull that came to its end. `seal`: None when nothing had changed."""
    new = state if seal is None else replace(
        state, etag=seal.etag, last_modified=seal.last_modified, content_hash=seal.content_hash, changed_at=now)
    return replace(new, pulled_at=now, next_at=now + every(feed), outcome=outcome, failing_since=None)


def failed(state: FeedState, feed: Feed, why: str, now: datetime) -> FeedState:
    """It is tried again soon, and what it was before stays."""
    return replace(state, next_at=now + min(every(feed), AFTER_FAILURE), outcome=why, failing_since=state.failing_since or now)


def every(feed: Feed) -> timedelta:
    return max(timedelta(seconds=seconds(feed.every)), SOONEST)
