"""How commands talk: data on stdout, talk on stderr, colour and progress only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any

import click

from regulars.operations.ports import Progress

WIDE = 1000  # columns of a pipe: whoever reads a row there wants it on one line


def say(text: str) -> None:
    """Talk, on stderr."""
    click.echo(text, err=True)


def write(text: str) -> None:
    """Data, on stdout."""
    click.echo(text)


def write_json(value: Any) -> None:
    """One JSON object on stdout; times as ISO 8601, amounts as strings."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Sequence[str] = (), title: str = "") -> None:
    """A table on stdout; the columns named in `numbers` are right-aligned."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))  # Text: customers' values are no markup
    Console(width=None if on_terminal() else WIDE).print(table)


def on_terminal() -> bool:
    """Is there somebody who watches? Also while what is written is collected for `redrawn`."""
    return sys.__stdout__ is not None and sys.__stdout__.isatty()


@contextmanager
def redrawn() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Gives a function that shows what another one writes, in the place of what was shown before."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(), auto_refresh=False, transient=True, vertical_overflow="crop") as live:
        def show(writes: Callable[[], None]) -> None:
            page = StringIO()
            with redirect_stdout(page):
                writes()
            live.update(Text(page.getvalue()), refresh=True)

        yield show


def say_diff(lines: Iterable[str]) -> None:
    """Lines of a unified diff on stderr: red what goes, green what comes."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True)
    for line in lines:
        console.print(Text(f"  {line}", style={"-": "red", "+": "green"}.get(line[:1], "dim")))


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A progress bar on stderr while the block runs; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total=None, why="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total=None, why="": bar.update(
            task, completed=done, total=total, description=f"{title} ({why})" if why else title
        )
