"""`regulars automations`."""

from __future__ import annotations

import click

from regulars.bootstrap import House
from regulars.doors.cli.charts import bar
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import local
from regulars.errors import WorkspaceBroken
from regulars.operations.automations import Detail, Drift, Files, Line
from regulars.operations.automations import detail as detail_of
from regulars.operations.automations import overview as overview_of

WIDE = 24  # letters of the longest bar
FILES = {
    Drift.SAME: "", Drift.CHANGED: "changed since; see: regulars plan {name}", Drift.GONE: "gone; it goes on as it was applied",
    Drift.BROKEN: "with findings; see: regulars check", Drift.NOT_LIVE: "not applied yet; see: regulars plan {name}",
}


@click.group(epilog="Example: regulars automations status after-first-order")
def automations() -> None:
    """Who is on their way in automations; disable and enable them."""


@automations.command("list", epilog="Example: regulars automations list")
@as_json
@in_house
def list_(house: House, as_json: bool) -> None:
    """Every automation: its state, who entered, who is on their way, and whether its file has changed since it was applied."""
    lines = lines_for(house)
    if as_json:
        write_json({"automations": [line.as_json() for line in lines]})
        return
    show_lines(house, lines)


def lines_for(house: House) -> list[Line]:
    return overview_of(files_of(house), house.registers, house.clock.now())


def detail_for(house: House, name: str) -> Detail:
    return detail_of(name, files_of(house), house.registers, house.clock.now())


def files_of(house: House) -> Files:
    try:
        workspace = house.workspace
    except WorkspaceBroken:
        return Files(None, house.mail_compiler, house.shop.timezone)
    return Files(workspace, house.mail_compiler, workspace.shop.timezone)


def show_lines(house: House, lines: list[Line]) -> None:
    if not lines:
        write("the workspace has no automations; one is a file of campaigns/ with a trigger and steps")
        return
    rows = [
        (line.campaign, line.state, line.edition or "", f"{line.entered[0]:,}", f"{line.entered[1]:,}", f"{line.under_way:,}",
         local(house, line.next_due) if line.next_due else "", FILES[line.drift].format(name=line.campaign))
        for line in lines
    ]
    numbers = ["edition", "today", "7 days", "on their way"]
    write_table(["automation", "state", "edition", "today", "7 days", "on their way", "next due", "file"], rows, numbers=numbers)


@automations.command(epilog="Example: regulars automations status after-first-order")
@click.argument("name")
@as_json
@in_house
def status(house: House, name: str, as_json: bool) -> None:
    """One automation: who waits at which step and who left there, its mails by state, and how journeys ended."""
    found = detail_for(house, name)
    if as_json:
        write_json(found.as_json())
    else:
        show_detail(house, found)


@automations.command(epilog="Example: regulars automations enable after-first-order")
@click.argument("name")
@as_json
@in_house
def enable(house: House, name: str, as_json: bool) -> None:
    """Let customers enter NAME again, and those on their way go on. What happened meanwhile starts nothing.

    Steps that came due in the meantime are done now, unless they are older than its not_later_than: those are skipped, with that reason.
    """
    from regulars.doors.cli.automated import turn_on

    house.permit.ask()
    turn_on(house, name, as_json)


@automations.command(epilog="Example: regulars automations disable after-first-order")
@click.argument("name")
@as_json
@in_house
def disable(house: House, name: str, as_json: bool) -> None:
    """Nobody enters NAME any more, and nobody goes on; mails that were made still leave. What is due stays due."""
    from regulars.doors.cli.automated import turn_off

    turn_off(house, name, as_json)


def tell(house: House, name: str, as_json: bool) -> None:
    found = detail_for(house, name)
    if as_json:
        write_json(found.as_json())
    else:
        say(f"{found.line.under_way:,} on their way")


def show_detail(house: House, found: Detail) -> None:
    line = found.line
    reason = f" ({line.applied.reason})" if line.applied and line.applied.reason else ""
    write(f"{line.campaign}: {line.state}{reason}, {line.trigger}")
    if line.applied:
        write(f"edition {line.edition}, applied {local(house, line.applied.applied_at)} by {line.applied.applied_by}; the first one {local(house, line.applied.since)}")
    if line.drift is not Drift.SAME:
        write(f"its file is {FILES[line.drift].format(name=line.campaign)}")
    write(f"entered: {line.entered[0]:,} today, {line.entered[1]:,} in 7 days; {line.under_way:,} on their way")
    if len(found.editions) > 1:
        write("by edition: " + ", ".join(f"{count:,} by {edition}" for edition, count in found.editions.items()))
    if line.next_due:
        write(f"next due {local(house, line.next_due)}")
    most = max((max(step.waiting, step.left) for step in found.steps), default=0)
    write("")
    write_table(
        ["step", "", "due next", "", "left", "", "mails"],
        [(step.key, step.words, f"{step.waiting:,}", bar(step.waiting, most, WIDE), f"{step.left:,}", bar(step.left, most, WIDE),
          ", ".join(f"{count:,} {state}" for state, count in step.mails.items())) for step in found.steps],
        numbers=["due next", "left"],
    )
    if found.ended:
        write("")
        write_table(["ended", "journeys"], [(reason, f"{count:,}") for reason, count in found.ended.items()], numbers=["journeys"])
    for one in found.passed_over:
        write(f"\n{one.customers:,} whose moment was on {one.day} did not enter: {one.reason}")
