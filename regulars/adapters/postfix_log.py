"""The log file of a Postfix relay as evidence: which mails it took, by Message-ID, since when, and whether it would tell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

SLACK = timedelta(seconds=60)  # that the clocks of two machines may differ; an earlier attempt is longer ago
BLOCK = 1 << 20                # bytes read at once
_LINE = re.compile(
    rb"/(?P<daemon>smtpd|cleanup|qmgr)\[(?P<process>\d+)\]: "
    rb"(?:(?P<queued>[0-9A-Za-z]{6,}): (?P<fact>client=|message-id=(?P<id><[^>\s]+>)|from=<|removed|hold: |milter-reject: END-OF-MESSAGE)"
    rb"|(?P<lost>lost connection|timeout) after (?:DATA|BDAT))"
)


class PostfixLog:
    """operations.ports.RelayLog. Only the queue manager's line proves that a mail was taken: cleanup writes the Message-ID
    while the mail is still coming in, and even when its sender hangs up before the dot."""

    def __init__(self, file: str, relay: str | None = None) -> None:
        """`relay`: the address of whose log it is, where that is known."""
        self.relay = relay
        self._file = Path(file)

    def arrived(self, mails: Sequence[tuple[str, datetime]]) -> Mapping[str, bool]:
        if not mails:
            return {}
        since = min(handoff_at for _, handoff_at in mails)
        story = _Story({message_id.encode(): message_id for message_id, _ in mails})
        first, last = None, None
        for file in self._files(since):
            with file.open("rb") as log:
                first = first or _time_at(log, 0, since)
                _go_to(log, since - SLACK, since)
                while lines := log.readlines(BLOCK):
                    story.read(b"".join(lines))
                    last = next((at for line in reversed(lines) if (at := _time_of(line, since))), last)
        told = {message_id: story.of(message_id, _covers(first, last, handoff_at)) for message_id, handoff_at in mails}
        return {message_id: arrived for message_id, arrived in told.items() if arrived is not None}

    def _files(self, since: datetime) -> list[Path]:
        """The rotated one first, when the time began in it."""
        found = [file for file in (self._file,) if file.is_file()]
        older = self._file.with_name(self._file.name + ".1")
        if not older.is_file():
            return found
        with older.open("rb") as log:
            last = next((at for line in reversed(_tail(log)) if (at := _time_of(line, since))), None)
        return [older, *found] if last and last >= since - SLACK else found


class _Story:
    """What the lines say about some Message-IDs. `queued`: the queue ids under which each came in."""

    def __init__(self, wanted: Mapping[bytes, str]) -> None:
        self._wanted = wanted
        self._queued: dict[str, set[bytes]] = defaultdict(set)
        self._taken: set[bytes] = set()
        self._dropped: set[bytes] = set()   # its sender hung up before the dot, or was refused after it
        self._receiving: dict[bytes, bytes] = {}  # by the process of the server

    def read(self, lines: bytes) -> None:
        for line in _LINE.finditer(lines):
            queued, fact = line["queued"], line["fact"]
            if line["lost"]:
                self._dropped.add(self._receiving.pop(line["process"], b""))
            elif fact == b"client=":
                self._receiving[line["process"]] = queued
            elif line["id"]:
                if line["id"] in self._wanted:
                    self._queued[self._wanted[line["id"]]].add(queued)
            elif fact.startswith(b"milter-reject"):
                self._dropped.add(queued)
            elif fact != b"hold: " and line["daemon"] == b"qmgr":
                self._taken.add(queued)

    def of(self, message_id: str, covered: bool) -> bool | None:
        queued = self._queued.get(message_id, set())
        if queued & self._taken:
            return True
        if queued:  # it came in, and is neither in the queue nor broken off or refused: perhaps it is held, or waits for its turn
            return False if queued <= self._dropped else None
        return False if covered else None


def _covers(first: datetime | None, last: datetime | None, handoff_at: datetime) -> bool:
    """Lines from before, and from a later second: whatever it had to say about the mail is there."""
    return first is not None and last is not None and first <= handoff_at and last > handoff_at


def _go_to(log: BinaryIO, moment: datetime, near: datetime) -> None:
    """To a line of about that moment, or the file's beginning: lines stand in the order of their times."""
    low, high = 0, log.seek(0, 2)
    while high - low > BLOCK:
        middle = (low + high) // 2
        at = _time_at(log, middle, near)
        low, high = (middle, high) if at is not None and at < moment else (low, middle)
    log.seek(low)
    if low:
        log.readline()


def _time_at(log: BinaryIO, position: int, near: datetime) -> datetime | None:
    """Of the first line after `position` that has one."""
    log.seek(position)
    if position:
        log.readline()
    return next((at for line in _few(log) if (at := _time_of(line, near))), None)


def _few(log: BinaryIO) -> Iterator[bytes]:
    return (line for _, line in zip(range(100), log, strict=False))


def _tail(log: BinaryIO) -> list[bytes]:
    log.seek(max(0, log.seek(0, 2) - 10_000))
    return log.readlines()


def _time_of(line: bytes, near: datetime) -> datetime | None:
    """`2026-11-20T09:00:00.1+03:00 …`, or `Nov 20 09:00:00 …` on this machine's clock in the year nearest to `near`."""
    text = line[:40].decode("ascii", "replace")
    try:
        if text[:1].isdigit():
            return datetime.fromisoformat(text.split(" ", 1)[0]).astimezone(UTC)
        wall = datetime.strptime(f"2000 {text[:15]}", "%Y %b %d %H:%M:%S")  # noqa: DTZ007  the year comes next, the zone is the machine's
    except ValueError:
        return None
    years = [wall.replace(year=near.year + step).astimezone(UTC) for step in (-1, 0, 1) if _has_day(wall, near.year + step)]
    return min(years, key=lambda moment: abs(moment - near), default=None)


def _has_day(wall: datetime, year: int) -> bool:
    try:
        wall.replace(year=year)
    except ValueError:  # 29 February
        return False
    return True
