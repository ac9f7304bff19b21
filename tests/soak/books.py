"""The sink's books: who got a copy and when, and what the network did, each line written before it is answered."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

COPIES, EVENTS = "copies.log", "events.log"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Copy:
    """One complete mail that the sink took. `at`: seconds since 1970; `sha256`: of the content, dots unstuffed, in hex."""

    at: float
    connection: int
    message_id: str
    recipient: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Event:
    """`kind`: open | close | quit | the name of a fault | out_of_step (the client broke the protocol)."""

    at: float
    connection: int
    kind: str


class Books:
    """Append-only files; the sink is never killed, so nothing needs to be synced."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._copies = _appending(folder / COPIES)
        self._events = _appending(folder / EVENTS)

    def copy(self, connection: int, message_id: str, recipient: str, sha256: str) -> None:
        os.write(self._copies, f"{time.time():.6f}\t{connection}\t{message_id}\t{recipient}\t{sha256}\n".encode())

    def event(self, connection: int, kind: str) -> None:
        os.write(self._events, f"{time.time():.6f}\t{connection}\t{kind}\n".encode())


class PostfixLog:
    """What Postfix's daemons write about a mail; only the queue manager's line says that it was taken."""

    def __init__(self, file: Path) -> None:
        self._file = _appending(file)

    def client(self, connection: int, queue_id: str) -> None:
        self._write(f"postfix/smtpd[{5000 + connection}]: {queue_id}: client=localhost[127.0.0.1]")

    def message_id(self, queue_id: str, message_id: str) -> None:
        self._write(f"postfix/cleanup[4711]: {queue_id}: message-id={message_id}")

    def active(self, queue_id: str, sender: str, size: int) -> None:
        self._write(f"postfix/qmgr[4712]: {queue_id}: from=<{sender}>, size={size}, nrcpt=1 (queue active)")

    def refused(self, queue_id: str) -> None:
        self._write(
            f"postfix/cleanup[4711]: {queue_id}: milter-reject: END-OF-MESSAGE from localhost[127.0.0.1]: 4.3.0 try again"
        )

    def broken_off(self, connection: int, size: int) -> None:
        self._write(f"postfix/smtpd[{5000 + connection}]: lost connection after DATA ({size} bytes) from localhost[127.0.0.1]")

    def _write(self, line: str) -> None:
        now = time.localtime()
        stamp = f"{MONTHS[now.tm_mon - 1]} {now.tm_mday:2d} {now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d}"
        os.write(self._file, f"{stamp} sink {line}\n".encode())


def copies(folder: Path) -> list[Copy]:
    lines = (line.split("\t") for line in _lines(folder / COPIES))
    return [Copy(float(at), int(connection), message_id, recipient, sha256) for at, connection, message_id, recipient, sha256 in lines]


def events(folder: Path) -> list[Event]:
    lines = (line.split("\t") for line in _lines(folder / EVENTS))
    return [Event(float(at), int(connection), kind) for at, connection, kind in lines]


def _lines(file: Path) -> list[str]:
    """Complete lines; the sink may be writing the next one."""
    text = file.read_text() if file.exists() else ""
    return text[:text.rfind("\n") + 1].splitlines()


def _appending(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
