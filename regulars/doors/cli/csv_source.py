"""What commands that read a CSV file share: their options, the opened file, and what is told at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import progress, say, write, write_json
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import UsageError

if TYPE_CHECKING:
    from regulars.operations.importing import Imported, Source
    from regulars.operations.reading_files import Shape

TOLD_ON_TERMINAL = 20
NOTHING_CAME_IN = 1

Command = Callable[..., Any]


def file_options(command: Command) -> Command:
    for option in (
        click.argument("file", type=click.Path()),
        click.option("--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="This field is in that column. Repeatable."),
        click.option("--encoding", help="As in cp1254; without it the file's own bytes decide."),
        click.option("--dry-run", is_flag=True, help="Read and compare everything, change nothing."),
        as_json, in_house,
    )[::-1]:
        command = option(command)
    return command


def dated_file_options(command: Command) -> Command:
    words = click.Choice(["day-first", "month-first"])
    return file_options(click.option("--dates", type=words, help="What 05/01/2026 means, where the file leaves it open.")(command))


@contextmanager
def open_source(
    house: House, file: str, encoding: str | None, maps: tuple[str, ...], shape: Shape, dates: str | None = None
) -> Iterator[Source]:
    from regulars.adapters.csv_files import CsvFile
    from regulars.adapters.row_spool import DiskSpool
    from regulars.operations.importing import Source
    from regulars.operations.reading_files import understood

    table = CsvFile(file, encoding)
    known = understood(table, shape, house.shop, house.clock.now(), maps=_mapped(maps), dates=dates, name=file)
    guessed = [f"in {table.guessed}"] if encoding is None and table.guessed else []
    spool = DiskSpool()
    try:
        with progress(f"import {file}") as told:
            yield Source(known.file, spool, known.reading, told, (*known.read_as, *guessed), known.currency)
    finally:
        spool.close()


def tell(result: Imported, *, as_json: bool, dry_run: bool) -> None:
    if result.read_as:
        say(f"read as: {'; '.join(result.read_as)}")
    _tell_rejected(result)
    if as_json:
        write_json(result.as_json())
    else:
        would = " (dry run: nothing was changed)" if dry_run else ""
        write(
            f"{result.read:,} rows read: {result.imported:,} imported, {result.unchanged:,} unchanged, "
            f"{result.rejected_count:,} rejected{would}"
        )
    if result.rejected_count and not result.imported and not result.unchanged:
        raise click.exceptions.Exit(NOTHING_CAME_IN)


def _mapped(maps: tuple[str, ...]) -> dict[str, str]:
    mapped = {}
    for text in maps:
        field, sign, column = text.partition("=")
        if not sign or not field.strip() or not column.strip():
            raise UsageError(f"--map {text}: write --map FIELD=COLUMN", hint='for instance --map order_id="Invoice No"')
        mapped[field.strip()] = column.strip()
    return mapped


def _tell_rejected(result: Imported) -> None:
    for line, reason in sorted(result.rejected)[:TOLD_ON_TERMINAL]:
        say(f"line {line}: {reason}")
    if result.rejected_count > TOLD_ON_TERMINAL:
        say(f"… and {result.rejected_count - TOLD_ON_TERMINAL:,} more; --json lists them")
