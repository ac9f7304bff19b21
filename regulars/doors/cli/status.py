"""`regulars status`."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from regulars.audience.eligibility import IN_WORDS, Reason
from regulars.bootstrap import House
from regulars.delivery.life import LaunchState, State
from regulars.doors.cli.automated import (
    is_applied,
    lines_as_json,
    show_automations,
    status_of_automation,
)
from regulars.doors.cli.console import on_terminal, redrawn, write, write_json, write_table
from regulars.doors.cli.doubts import write_doubts
from regulars.doors.cli.flowing import flow_of, write_flow
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import LOOK_EVERY, follow, local, roll_out_in_words, with_reply
from regulars.errors import UsageError
from regulars.operations.status import Standing, launch_named, overview
from regulars.operations.status import status as standing_of

HOW_TO_DECIDE = """
Look for each in the relay's log by its Message-ID (`regulars message show {message}` names it), or ask its reader; then
  regulars retry {launch} --only held --arrived --email EMAIL   it arrived
  regulars retry {launch} --only held --email EMAIL             it did not, or a second copy does no harm
Without --email the word is for all of them."""


@click.command(epilog="Example: regulars status win-back --watch")
@click.argument("launch", required=False)
@click.option("--watch", is_flag=True, help="Stay until the launch is not sending any more; on a terminal it is drawn anew.")
@as_json
@in_house
def status(house: House, launch: str | None, watch: bool, as_json: bool) -> int:
    """Where all launches stand, or one: its counts, every reason, and the mails that wait for you.

    LAUNCH is an id, a campaign's name (its latest launch) or an automation's. The exit code is 1 when it is paused, or when some of its mails
    were rejected, could not be composed, expired or are held.
    """
    if launch is None:
        if watch:
            raise UsageError("--watch needs a launch", hint="regulars status LAUNCH --watch")
        _show_all(house, overview(house.launches), as_json)
        return 0
    if is_applied(house, launch):
        return status_of_automation(house, launch, as_json)
    if watch and on_terminal() and not as_json:
        _watch(house, launch)
    elif watch:
        follow(house, launch_named(launch, house.launches))
    standing = _standing(house, launch)
    if as_json:
        write_json(standing.as_json())
    else:
        _show(house, standing)
    return 1 if standing.has_failures else 0


def _standing(house: House, name: str) -> Standing:
    standing = standing_of(name, house.launches, house.dossiers)
    return replace(standing, flow=flow_of(house, standing.launch))


def _watch(house: House, name: str) -> None:
    """Draws the launch again and again until it is not sending any more; its end is printed by who called."""
    with redrawn() as show:
        while True:
            standing = _standing(house, name)
            if standing.launch.state is not LaunchState.SENDING:
                return
            show(lambda: _show(house, standing))  # noqa: B023  called at once
            time.sleep(LOOK_EVERY)


def _show_all(house: House, standings: list[Standing], as_json: bool) -> None:
    if as_json:
        write_json({"launches": [standing.as_json() for standing in standings], "automations": lines_as_json(house)})
        return
    if standings:
        _show_launches(house, standings)
    else:
        write("nothing has been launched yet")
    show_automations(house)


def _show_launches(house: House, standings: list[Standing]) -> None:
    zone = ZoneInfo(house.shop.timezone)
    rows = [
        (one.launch.id, one.launch.campaign, one.launch.state, f"{one.tally.total:,}", f"{one.tally.of(State.ACCEPTED):,}",
         f"{_open(one):,}", f"{one.tally.total - one.tally.of(State.ACCEPTED) - _open(one):,}", f"{one.launch.created_at.astimezone(zone):%Y-%m-%d %H:%M}")
        for one in standings
    ]
    numbers = ["launch", "mails", "sent", "open", "not sent"]
    write_table(["launch", "campaign", "state", "mails", "sent", "open", "not sent", "made"], rows, numbers=numbers)


def _open(standing: Standing) -> int:
    return standing.tally.of(State.PENDING, State.CLAIMED, State.HANDOFF, State.UNCERTAIN, State.HELD)


def _show(house: House, standing: Standing) -> None:
    launch = standing.launch
    write(f"launch {launch.id} of {launch.campaign}: {launch.state}" + (f" ({launch.state_reason})" if launch.state_reason else ""))
    write(f"made {local(house, launch.created_at)} by {launch.created_by}; bundle {launch.bundle[:12]}")
    if house.settings.only_to:
        write(f"mail goes to {house.settings.only_to} only (REGULARS_ONLY_TO)")
    for word, moment in _moments(standing):
        write(f"{word} {local(house, moment)}")
    if parts := roll_out_in_words(house, launch):
        write(parts)
    if standing.flow:
        write_flow(house, standing.flow)
    if standing.stands_still(house.clock.now()):
        write("mail is due, and nothing leaves; what keeps it: regulars doctor")
    write("")
    write_table(["state", "mails"], [(state, f"{count:,}") for state, count in standing.tally.states.items()], numbers=["mails"])
    if standing.tally.reasons:
        write("")
        write_table(["why", "mails"], [(with_reply(standing.tally, reason), f"{count:,}") for reason, count in standing.tally.reasons.items()], numbers=["mails"])
    if excluded := (launch.plan or {}).get("excluded"):
        write("")
        write_table(["left out", "customers"], [(IN_WORDS[Reason(reason)], f"{count:,}") for reason, count in excluded.items()], numbers=["customers"])
    if standing.held:
        write(f"\n{len(standing.held):,} perhaps arrived, and wait for your word:")
        write_doubts(house, standing.held)
        write(HOW_TO_DECIDE.format(launch=launch.id, message=standing.held[0].ref))


def _moments(standing: Standing) -> list[tuple[str, datetime]]:
    launch = standing.launch
    ended = "cancelled" if launch.state is LaunchState.CANCELLED else "finished"
    moments = (("first turn", launch.started_at), ("next mail due", standing.next_due), (ended, launch.finished_at))
    return [(word, moment) for word, moment in moments if moment is not None]
