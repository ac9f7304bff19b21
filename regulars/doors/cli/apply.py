"""`regulars apply`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import progress, say, write, write_json, write_table
from regulars.doors.cli.launch import fresh_key
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import operator, surroundings
from regulars.errors import Refused
from regulars.journeys.applying import Status
from regulars.operations.apply import Change, steps_that_differ


@click.command(epilog="Example: regulars apply after-first-order")
@click.argument("campaigns", nargs=-1, metavar="[CAMPAIGN]...")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--yes-enter", type=click.IntRange(0), metavar="N", help="Up to N customers may enter each of them at once.")
@as_json
@in_house
def apply(house: House, campaigns: tuple[str, ...], yes: bool, yes_enter: int | None, as_json: bool) -> None:
    """Put the automations CAMPAIGN, or all of the workspace, live as their files are now.

    Shows what is new or changed step by step, what that does to those who are on their way, and how many would enter now; then asks.
    A changed file by itself changes nothing. More than five times as many entries as on a usual day are held.
    """
    from regulars.adapters.git import read_origin
    from regulars.operations.apply import compare, put_live, refuse_surge, refuse_without_offers
    from regulars.operations.watch import look_at_once

    assert house.transport  # the guards of the relay and of the database speak before anybody is asked
    house.permit.ask()
    changes = compare(campaigns, house.workspace, house.desk, house.registers, key=fresh_key, by=operator(), now=house.clock.now())
    if not as_json:
        show(changes)
    wanted = [change for change in changes if change.draft is not None]
    began: Mapping[str, int] = {}
    editions: Mapping[str, int] = {}
    if wanted:
        refuse_surge(wanted, yes_enter)
        refuse_without_offers(wanted, house.workspace, house.coupons, house.clock.now())
        _ask(house, wanted, yes=yes)
        now = house.clock.now()
        editions = put_live(wanted, house.automations, house.bundles, read_origin(house.settings.project), now)
        with progress("entering") as moved:
            began = look_at_once(house.watchtower, set(editions), now, moved).began
        house.doorbell.ring_for_journeys()
    if as_json:
        write_json({"automations": [_told(change, editions, began) for change in changes]})
    else:
        _tell(changes, editions, began)
        if editions and house.settings.is_embedded:
            say("its steps are done and its mails leave while regulars up runs")


def show(changes: Sequence[Change]) -> None:
    """The plan on stdout; what deserves a thought on stderr."""
    if not changes:
        write("the workspace has no automations; one is a file of campaigns/ with a trigger and steps")
        return
    for change in changes:
        live = f"edition {change.edition}" + ("" if change.is_live else ", disabled") if change.edition else "not live yet"
        write(f"{change.campaign}: {change.status} ({live})")
        if change.status is Status.GONE:
            write(f"  no file has it any more, and it goes on as it was applied; to end it: regulars automations disable {change.campaign}")
        for setting in change.settings:
            write(f"  {setting}")
        if rows := [(step.turn, step.key, step.was, step.becomes) for step in steps_that_differ(change)]:
            columns = ["", "step", "was", "becomes"] if any(was for _, _, was, _ in rows) else ["", "step", "", ""]
            write_table(columns, rows)
        for line in (*_on_their_way(change), *_entering(change)):
            write(f"  {line}")


def _on_their_way(change: Change) -> list[str]:
    if not change.under_way:
        return []
    told = [f"{change.under_way:,} on their way"]
    effect = change.effect
    ways = (
        (effect.finish, "finish by the edition that they began with"), (effect.move, "go on by the new file"),
        (effect.end, "end, for their step is gone and nothing follows it"), (effect.restart, "begin again"),
    )
    told += [f"{count:,} {what}" for count, what in ways if count]
    return [told[0] + (": " + "; ".join(told[1:]) + f" (on_change: {change.on_change})" if change.on_change and change.draft else "")]


def _entering(change: Change) -> list[str]:
    entering = change.entering
    if entering is None or change.draft is None:
        return []
    barred = f", {entering.inside - entering.allowed:,} of them may not enter" if entering.inside > entering.allowed else ""
    usual = f"; usually {entering.usual:,.1f} a day" if entering.usual else ""
    return [f"{entering.now:,} would enter now, of {entering.inside:,} who are in it{barred}{usual}"]


def _ask(house: House, wanted: Sequence[Change], *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("nobody is here to say yes", hint="add --yes when you are sure; regulars plan shows what would happen")
    for name, value in surroundings(house).items():
        say(f"{name:<12} {value}")
    click.confirm(f"Put {', '.join(change.campaign for change in wanted)} live?", abort=True, err=True)


def _told(change: Change, editions: Mapping[str, int], began: Mapping[str, int]) -> dict[str, Any]:
    return change.as_json() | {"applied": editions.get(change.campaign), "entered": began.get(change.campaign, 0)}


def _tell(changes: Sequence[Change], editions: Mapping[str, int], began: Mapping[str, int]) -> None:
    if changes and not editions:
        say("nothing to apply: what is live is what the files say")
    for name, edition in editions.items():
        entered = f"; {began[name]:,} entered" if began.get(name) else ""
        say(f"{name}: edition {edition} is live{entered}; follow it with: regulars automations status {name}")
    disabled = [change.campaign for change in changes if change.campaign in editions and not change.is_live]
    for name in disabled:
        say(f"{name} stays disabled: regulars automations enable {name}")
