"""Options that many commands share: `--project DIR` becomes the house or a folder, `--json` a flag."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from regulars.bootstrap import furnish
from regulars.errors import UsageError

Command = Callable[..., Any]


def project_folder(command: Command) -> Command:
    """Adds --project and gives the command `project: str`, absolute."""
    return click.option(
        "--project", default=".", metavar="DIR", envvar="REGULARS_PROJECT", show_default="this folder",
        callback=lambda _ctx, _param, value: str(Path(value).resolve()), help="The workspace.",
    )(command)


def in_workspace(command: Command) -> Command:
    """Adds --project and gives the command `project: str`, a folder that has a regulars.yaml."""

    @functools.wraps(command)
    def inside(*args: Any, project: str, **kwargs: Any) -> Any:
        return command(*args, project=_workspace(project), **kwargs)

    return project_folder(inside)


def in_house(command: Command) -> Command:
    """Adds --project and gives the command `house: House`."""

    @functools.wraps(command)
    def inside(*args: Any, project: str, **kwargs: Any) -> Any:
        return command(*args, house=furnish(_workspace(project)), **kwargs)

    return project_folder(inside)


def as_json(command: Command) -> Command:
    """Adds --json and gives the command `as_json: bool`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")(command)


def _workspace(project: str) -> str:
    if not (Path(project) / "regulars.yaml").is_file():
        raise UsageError(
            f"there is no regulars.yaml in {project}", hint="go to your workspace, name it with --project DIR, or make one: regulars init"
        )
    return project
