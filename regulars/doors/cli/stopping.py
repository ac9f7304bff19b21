"""Ctrl-C while mail leaves: once lets the mails in hand finish, twice stops at once."""

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
    """The event is set by the first Ctrl-C of the block; the second raises KeyboardInterrupt as ever."""
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.set()
        os.write(2, _SAID)  # a signal may come in the middle of a print, which may not be entered twice

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
