"""Ctrl-C while mail leaves: once lets the mails in hand finish, twice stops at once; SIGTERM is the first."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SAID = b"\nstopping after the mails in hand; Ctrl-C again stops at once\n"


@contextmanager
def stop_at_leisure() -> Iterator[threading.Event]:
    """The event is set by the first Ctrl-C of the block, or by SIGTERM; the second Ctrl-C raises KeyboardInterrupt as ever."""
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.set()
        os.write(2, _SAID)  # a signal may come in the middle of a print, which may not be entered twice

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
