"""Turns what went wrong into a sentence on stderr and an exit code; a traceback only with REGULARS_DEBUG."""

from __future__ import annotations

import os
import sys

import click

from regulars.errors import RegularsError, SettingsError, WorkspaceBroken

INTERRUPTED = 130


def run(command: click.Command) -> int:
    """Runs the command with this process's arguments; returns the exit code."""
    try:
        result = command.main(standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted; what was done so far is kept")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None  # the reader left; nobody wants a second complaint at exit
        return 0
    except WorkspaceBroken as error:
        _show_findings(error)
        return error.exit_code
    except RegularsError as error:
        _debug()
        _say(f"error: {error.message}" + (f"\n help: {error.hint}" if error.hint else ""))
        return error.exit_code
    except SettingsError as error:
        _say("\n".join(f"error: {problem}" for problem in error.problems))
        return error.exit_code


def _show_findings(error: WorkspaceBroken) -> None:
    for finding in error.findings:
        _say(f"{finding.location}: {finding.severity}[{finding.code}]: {finding.message}")
    _say(f"error: {error.message}\n help: regulars check shows each with its line and the way out")


def _say(text: str) -> None:
    click.echo(text, err=True)


def _debug() -> None:
    if os.environ.get("REGULARS_DEBUG"):
        import traceback

        traceback.print_exc()
