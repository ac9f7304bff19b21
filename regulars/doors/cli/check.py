"""`regulars check`."""

from __future__ import annotations

import click

from regulars.doors.cli.console import say, write
from regulars.doors.cli.options import in_workspace

FORMATS = ("text", "json", "github")


@click.command(epilog="Example: regulars check --format github   (in a pull request's checks)")
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(FORMATS),
              help="For people, for programs, or for a pull request.")
@in_workspace
def check(project: str, form: str) -> None:
    """Every problem in every file, located, at once. Needs no database and no settings. Exit code 1: there are errors."""
    from regulars.adapters.composing import ComposingChild
    from regulars.adapters.mjml import MjmlCompiler
    from regulars.adapters.workspace import read_files
    from regulars.doors.cli.finding_formats import formatted, summary
    from regulars.operations.check import check as find

    files = read_files(project)
    child = ComposingChild()
    findings = find(files, MjmlCompiler(), child.email)
    child.close()
    if findings or form == "json":
        write(formatted(findings, form, files.texts))
    say(summary(findings))
    raise SystemExit(any(finding.is_error for finding in findings))
