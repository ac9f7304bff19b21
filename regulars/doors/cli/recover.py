"""`regulars recover`."""

from __future__ import annotations

import click

from regulars.bootstrap import House
from regulars.delivery.life import State
from regulars.delivery.recovery import Outlook
from regulars.doors.cli.console import say
from regulars.doors.cli.options import in_house
from regulars.doors.cli.sending import operator
from regulars.doors.cli.steer import ask


@click.command(epilog="Example: regulars recover")
@click.option("--anyway", is_flag=True, help="The database is a restored backup, though nothing here remembers a newer one.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@in_house
def recover(house: House, anyway: bool, yes: bool) -> None:
    """After a backup was restored: make uncertain what may have left since, so that nobody gets it twice.

    It shows what it would do, and asks. It sends nothing; launches that were sending are paused.
    """
    from regulars.operations.recover import outlook
    from regulars.operations.recover import recover as make_safe

    now = house.clock.now()
    found = outlook(house.permit, house.recovery, anyway=anyway, now=now)
    if found is None:
        say("the database is the newest that is known; there is nothing to recover (if you know better: regulars recover --anyway)")
        return
    _show(house, found)
    ask(f"Make {found.doubtful:,} mails uncertain and pause their launches?", yes)
    count = make_safe(found, house.permit, house.recovery, house.memory, by=operator(), now=now)
    say(f"{count:,} mails are uncertain now; looking for evidence")
    _resolve(house, found)


def _show(house: House, found: Outlook) -> None:
    say(f"database     {house.permit.where}")
    say(f"as it was    {found.since.at:%Y-%m-%d %H:%M:%S} UTC")
    if found.until is not None:
        say(f"known until  {found.until.at:%Y-%m-%d %H:%M:%S} UTC at least; what happened in these {_span(found)} is not in it")
    for launch in found.launches:
        later = f"; {launch.later:,} are not due yet and stay as they are" if launch.later else ""
        say(f"launch {launch.launch:<5} {launch.campaign} was {launch.state}: {launch.doubtful:,} mails may have left since{later}")
    if found.lost_launches:
        first, last = found.lost_launches[0], found.lost_launches[-1]
        say(
            f"lost         {f'launch {first}' if first == last else f'launches {first} to {last}'}: who was written to is not known here; "
            "do not launch the same again before you know"
        )
    say(
        "lost         who joined, unsubscribed or was suppressed in that time; orders, opens and clicks. Import customers and orders\n"
        "             again, and look for unsubscribes (POST /u/ and /p/) in your proxy's log, before anything is resumed"
    )


def _span(found: Outlook) -> str:
    from regulars.operations.diagnosis import span

    return span(found.missing) if found.missing is not None else "an unknown time"


def _resolve(house: House, found: Outlook) -> None:
    """What the relay's log, the spool or a click tells is known at once; the rest is held."""
    from regulars.operations.sweep import sweep

    sweep(house.office)
    for launch in found.launches:
        tally = house.launches.tally(launch.launch)
        say(f"launch {launch.launch} of {launch.campaign}: " + ", ".join(f"{count:,} {state}" for state, count in tally.states.items()))
        if tally.of(State.HELD):
            say(f"  held ones wait for your word: regulars retry {launch.launch} --only held --arrived, or without --arrived to send them again")
        if tally.of(State.PENDING):
            say(f"  pending ones go on with: regulars resume {launch.launch}")
