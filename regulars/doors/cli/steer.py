"""`regulars pause`, `resume`, `cancel` and `retry`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from regulars.bootstrap import House
from regulars.delivery.life import State
from regulars.doors.cli.automated import (
    is_applied,
    refuse_step,
    refuse_to_steer,
    turn_off,
    turn_on,
)
from regulars.doors.cli.console import say, say_diff, write_json
from regulars.doors.cli.doubts import write_doubts
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import operator, send, tell
from regulars.errors import Refused
from regulars.operations.status import Standing, launch_named
from regulars.operations.status import status as standing_of

if TYPE_CHECKING:
    from regulars.definition.workspace import CampaignKind
    from regulars.delivery.dossier import Doubt


@click.command(epilog="Example: regulars pause win-back")
@click.argument("launch")
@as_json
@in_house
def pause(house: House, launch: str, as_json: bool) -> None:
    """Hold LAUNCH: at most the mails in flight still leave. An automation is disabled: nobody enters, and nobody goes on."""
    from regulars.operations.pause import pause as hold

    if is_applied(house, launch):
        turn_off(house, launch, as_json)
        return
    held = hold(launch, house.launches, by=operator(), now=house.clock.now())
    _report(house, standing_of(str(held.id), house.launches, house.dossiers), as_json)


@click.command(epilog="Example: regulars resume win-back")
@click.argument("launch")
@click.option("--with-current-files", is_flag=True, help="What is unsent is made from the files as they are now; shows what changes, and asks.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--watch", is_flag=True, help="With workers: stay until they are done.")
@as_json
@in_house
def resume(house: House, launch: str, with_current_files: bool, yes: bool, watch: bool, as_json: bool) -> int:
    """Go on with LAUNCH, paused or interrupted; nobody gets it twice.

    What has left stays as it was, and so does a mail that perhaps arrived: its second copy would be equal to the first.
    """
    from regulars.operations.resume import resume as go_on

    house.permit.ask()
    if is_applied(house, launch):
        if with_current_files:
            raise Refused(f'"{launch}" is an automation; its files count from when they are applied', hint=f"regulars apply {launch}")
        turn_on(house, launch, as_json)
        return 0
    if with_current_files:
        _revise(house, launch, yes)
    going = go_on(launch, house.launches, now=house.clock.now())
    standing = send(house, going, watch=watch)
    _report(house, standing, as_json)
    return 1 if standing.has_failures else 0


@click.command(epilog="Example: regulars cancel win-back --yes")
@click.argument("launch")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@as_json
@in_house
def cancel(house: House, launch: str, yes: bool, as_json: bool) -> None:
    """End LAUNCH: what is unsent stays unsent, for good."""
    from regulars.operations.cancel import cancel as end

    refuse_to_steer(house, launch, "end it, for good or for a while, with: regulars automations disable {name}")
    chosen = launch_named(launch, house.launches)
    refuse_step(chosen)
    ask(f"End launch {chosen.id} of {chosen.campaign}, {chosen.state}? It cannot go on afterwards.", yes)
    end(str(chosen.id), house.launches, by=operator(), now=house.clock.now())
    _report(house, standing_of(str(chosen.id), house.launches, house.dossiers), as_json)


@click.command(epilog="Example: regulars retry win-back --only held --because 'the relay lost its queue'")
@click.argument("launch")
@click.option("--only", type=click.Choice(["held", "rejected"]), help="Only these; else both.")
@click.option("--email", "emails", multiple=True, metavar="EMAIL", help="Only to this address; may be repeated.")
@click.option("--arrived", is_flag=True, help="Say that the held ones arrived, instead of sending them again.")
@click.option("--because", default="", metavar="TEXT", help="Why, for the record.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@as_json
@in_house
def retry(
    house: House, launch: str, only: str | None, emails: tuple[str, ...], arrived: bool, because: str, yes: bool, as_json: bool
) -> int:
    """Try again what was rejected or held in LAUNCH: shows each with its reason, and asks.

    A held mail may then be in an inbox twice; where its first copy cannot be made again, the second one differs, and the command
    says so. What the relay took is never sent again.
    """
    from regulars.operations.retry import Word, decidable
    from regulars.operations.retry import retry as decide

    refuse_to_steer(house, launch, "each of its mails has a launch: {launches}; regulars retry takes the number of one")
    chosen = launch_named(launch, house.launches)
    if not arrived:
        house.permit.ask()
    states = (State(only),) if only else (State.HELD,) if arrived else (State.HELD, State.REJECTED)
    word = Word(states, emails, arrived, operator(), because)
    found = decidable(chosen, word, house.dossiers)
    if not found:
        say(f"nothing of launch {chosen.id} of {chosen.campaign} is {' or '.join(states)}")
    else:
        if not yes:
            write_doubts(house, found)
        if not arrived:
            _warn(house, found, chosen.kind)
        ask(_question(found, arrived), yes)
    decided, count = decide(str(chosen.id), word, house.launches, house.messages, house.clock.now()) if found else (chosen, 0)
    if count:
        say(f"{count:,} of launch {decided.id} {'count as arrived' if arrived else 'go out again'}")
    standing = send(house, decided, watch=False) if count and not arrived else standing_of(str(decided.id), house.launches, house.dossiers)
    if as_json:
        write_json(standing.as_json() | {"decided": [one.as_json() for one in found]})
    elif count:
        tell(house, standing)
    return 1 if count and not arrived and standing.has_failures else 0


def _warn(house: House, found: Sequence[Doubt], kind: CampaignKind) -> None:
    """Also who is not asked hears that the second mail is not the first one again, or that there will be none."""
    standings = house.messages.standings([doubt.customer_id for doubt in found], None, kind)
    if gone := [doubt.email for doubt in found if doubt.customer_id in standings and standings[doubt.customer_id].suppressed]:
        say(f"{len(gone):,} of them are suppressed and will be skipped; where that is wrong, first: regulars suppress remove {gone[0]}")
    if count := sum(doubt.would_differ for doubt in found):
        say(f"{count:,} of them would be another mail than the copy that perhaps arrived: the customer's data, an order or a setting has changed since")


def _question(found: Sequence[Doubt], arrived: bool) -> str:
    mails = f"these {len(found):,} mails" if len(found) > 1 else "this mail"
    if arrived:
        return f"Count {mails} as arrived?"
    held = sum(doubt.state is State.HELD for doubt in found)
    twice = f" {held:,} of them perhaps arrived already and may then be in the inbox twice." if held else ""
    return f"Send {mails} again?{twice}"


def _revise(house: House, name: str, yes: bool) -> None:
    from regulars.adapters.git import read_origin
    from regulars.operations.revise import revision, take

    launch = launch_named(name, house.launches)
    revised = revision(launch, house.workspace, house.bundles, house.desk, house.clock.now())
    for notice in revised.notices:
        say(notice)
    if revised.is_empty:
        say(f"the files give what launch {launch.id} sends already")
        return
    for change in revised.changes:
        say(f"\n{change.name}")
        say_diff(change.lines)
    for trouble in revised.troubles:
        say(f"cannot be composed: {trouble}")
    unsent = house.launches.tally(launch.id).of(State.PENDING, State.CLAIMED)
    ask(f"\nMake the {unsent:,} unsent mails of launch {launch.id} from these files?", yes)
    edition = take(
        revised, house.launches, house.bundles, by=operator(), origin=read_origin(house.settings.project), now=house.clock.now()
    )
    say(f"launch {launch.id} goes on with edition {edition} of its files, bundle {revised.bundle.hash[:12]}")


def ask(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("nobody is here to say yes", hint="add --yes when you are sure")
    click.confirm(question, abort=True, err=True)


def _report(house: House, standing: Standing, as_json: bool) -> None:
    if as_json:
        write_json(standing.as_json())
    else:
        tell(house, standing)
