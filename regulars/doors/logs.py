"""The logs of processes that run for long: as text, or as JSON lines; without anybody's address in either."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime

from regulars.doors.cli.console import say

ADDRESS = re.compile(r"[^\s<>@\"'(),;:=/]+@[^\s<>@\"'(),;:=/?]+")
OURS = "regulars"


class JsonLines(logging.Formatter):
    """{"at", "level", "logger", "message", …}: an outcome has its fields instead of a message.

    An exception is its type and where it came from: its own words may hold whatever was being worked on.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        line |= getattr(record, "fields", None) or {"message": _discreet(record)}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            line["at_line"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-5:]]
        return json.dumps(line, ensure_ascii=False, default=str)


class Discreet(logging.Filter):
    """For text: our own lines lose addresses before anybody formats them. Celery's name its workers the way addresses look."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] == OURS:
            record.msg, record.args = _discreet(record), ()
        return True


def begin_logging(style: str) -> None:
    """Of a process that is not Celery's: warnings as text, or everything as JSON lines, on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    dress([handler], style)
    logging.basicConfig(level=logging.INFO if style == "json" else logging.WARNING, handlers=[handler], force=True)
    quiet_unless(style)


def dress(handlers: list[logging.Handler], style: str) -> None:
    for handler in handlers:
        handler.addFilter(Discreet())
        if style == "json":
            handler.setFormatter(JsonLines())


def quiet_unless(style: str) -> None:
    """A line an outcome is for programs; people have `status`."""
    logging.getLogger("regulars.outcomes").setLevel(logging.INFO if style == "json" else logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it introduces itself at length at every start


def announce(text: str, style: str) -> None:
    """Talk of a process whose stderr may be a log."""
    if style == "json":
        logging.getLogger(OURS).info("%s", text)
    else:
        say(text)


def _discreet(record: logging.LogRecord) -> str:
    text = record.getMessage()
    return ADDRESS.sub("(an address)", text) if record.name.partition(".")[0] == OURS else text
