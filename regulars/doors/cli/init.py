"""`regulars init`."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.doors.cli.console import say


@click.command(epilog="Example: regulars init my-shop && cd my-shop && regulars check")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option("--schemas", is_flag=True, help="Only write the schemas for editors again, after an update.")
def init(folder: str, schemas: bool) -> None:
    """Scaffold a workspace in DIR: a small coffee roaster's, to be made your own."""
    from regulars.adapters.scaffold import Scaffold
    from regulars.operations.init import init_schemas, init_workspace

    where = str(Path(folder).resolve())
    written = init_schemas(where, Scaffold()) if schemas else init_workspace(where, Scaffold())
    say(f"{len(written)} files in {where}")
    if not schemas:
        say(_NEXT.format(folder=folder))


_NEXT = """
what to do next
  1. regulars.yaml: your shop's name, address and sender; and decide `consent:`
  2. regulars check --project {folder}
  3. regulars preview win-back --project {folder} --open
  4. regulars import customers FILE.csv, then orders; regulars plan win-back"""
