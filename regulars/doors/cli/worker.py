"""`regulars worker`."""

from __future__ import annotations

import os
import sys

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say
from regulars.doors.cli.options import in_house
from regulars.errors import UsageError


@click.command(epilog="Example: REGULARS_BROKER_URL=redis://redis:6379/0 regulars worker --beat")
@click.option("--beat", is_flag=True, help="Also ring for forgotten work every few seconds; at least one worker must.")
@click.option("--loglevel", default="info", show_default=True, type=click.Choice(["debug", "info", "warning", "error"]),
              help="How much the worker tells.")
@in_house
def worker(house: House, beat: bool, loglevel: str) -> None:
    """One Celery worker: a process that sends what is due. Start one for each core, on as many machines as you like."""
    if house.settings.broker_url is None:
        raise UsageError("REGULARS_BROKER_URL is not set, so there is nothing to listen to", hint="without a broker, regulars up does all work in one process")
    assert house.database  # a missing table is said here, not by every task
    assert house.transport  # so are the guards of the relay
    command = [
        sys.executable, "-m", "celery", "-A", "regulars.doors.worker", "worker", "--pool", "solo", "--loglevel", loglevel,
        "--hostname", f"regulars-{os.getpid()}@%h",   # two of one name are one to Celery; the number stays over the exec
        "--without-mingle", "--without-gossip",       # workers have nothing to tell each other, and waited a second for it
    ]
    if beat:
        command.append("--beat")
    if house.settings.log == "json":
        command.insert(command.index("-A"), "--quiet")  # no banner between the lines
    else:
        say("starting " + " ".join(command[1:]))
    environment = {**os.environ, "REGULARS_PROJECT": house.settings.project}
    os.execve(command[0], command, environment)  # noqa: S606  signals then reach Celery itself
