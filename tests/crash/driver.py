"""A worker that kills or stops itself at one point of a mail's way: `python -m tests.crash.driver LAUNCH POINT KILL|STOP`.

The points lie between what the product does, in ports and modules that are wrapped here; the product knows nothing of them.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import Any

from sqlalchemy import Connection

from regulars.adapters import smtp_session, spool
from regulars.adapters.database.engine import Database
from regulars.adapters.smtp_wire import Wire
from regulars.bootstrap import furnish
from regulars.operations.drain import drain

LATEST = 0.2   # seconds that may pass between asking the ledger and the dot, so that a test need not wait for the real ones
PATIENCE = 60


WRITING = Lock()


class Blow:
    """Strikes once, and while no other thread of this process writes: one that sleeps with SQLite's lock stops everybody.

    Whoever is woken up again goes on.
    """

    def __init__(self, how: signal.Signals) -> None:
        self._left = [how]

    def __call__(self) -> None:
        with WRITING:
            if self._left:
                signal.pthread_kill(get_ident(), self._left.pop())  # to this very thread: else it runs on while another one stops


class Messages:
    """The store, with points before and after what it commits."""

    def __init__(self, real: Any, point: str, blow: Blow) -> None:
        self._real, self._point, self._blow = real, point, blow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def claim(self, *args: Any, **more: Any) -> Any:
        claimed = self._real.claim(*args, **more)
        self._at("claimed", claimed)
        return claimed

    def turn(self, settlements: Any, handoffs: Any, **more: Any) -> Any:
        self._at("asked", handoffs)
        self._at("answered", settlements)
        marked = self._real.turn(settlements, handoffs, **more)
        self._at("marked", handoffs)
        self._at("settled", settlements)
        return marked

    def _at(self, point: str, work: Any) -> None:
        if point == self._point and work:
            self._blow()


def strike_after_the_dot(blow: Blow) -> None:
    """When the relay's answer is there, and nobody has read it; of a spool: when the file has its name."""
    write, sync = Wire.write, spool._sync_folder

    def written(wire: Wire, *chunks: bytes, answers: int) -> None:
        write(wire, *chunks, answers=answers)
        if b"".join(chunks).find(b"\r\n.\r\n") >= 0:
            select.select([wire._transport.get_extra_info("socket").fileno()], [], [], PATIENCE)
            blow()

    def named(folder: Any) -> None:
        blow()
        sync(folder)

    Wire.write, spool._sync_folder = written, named


def write_one_at_a_time() -> None:
    write = Database.write

    @contextmanager
    def writing(database: Database) -> Iterator[Connection]:
        with WRITING, write(database) as connection:
            yield connection

    Database.write = writing


def main(launch: str, point: str, how: str) -> None:
    smtp_session.LATEST = LATEST
    write_one_at_a_time()
    blow = Blow({"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}[how])
    house = furnish(os.environ["REGULARS_PROJECT"])
    house.__dict__["messages"] = Messages(house.messages, point, blow)
    if point == "dot_written":
        strike_after_the_dot(blow)
    drain(int(launch), house.office, lambda: True)


if __name__ == "__main__":
    main(*sys.argv[1:])
