"""`regulars plan`, and the funnel as `launch` shows it."""

from __future__ import annotations

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import local
from regulars.operations.plan import Plan

MOST_TIMES = 12


@click.command(epilog="Example: regulars plan win-back")
@click.argument("campaign")
@as_json
@in_house
def plan(house: House, campaign: str, as_json: bool) -> None:
    """Who a launch of CAMPAIGN would write to now, and who not, and why. Sends nothing, changes nothing."""
    from regulars.audience.eligibility import Question
    from regulars.operations.plan import campaign_named
    from regulars.operations.plan import plan as make

    workspace = house.workspace
    planned = make(Question(campaign_named(workspace, campaign), workspace, house.clock.now(), only_to=house.settings.only_to), house.desk)
    if as_json:
        write_json(planned.as_json())
    else:
        show(house, planned)


def show(house: House, planned: Plan) -> None:
    """The funnel on stdout; what deserves a thought on stderr."""
    from regulars.audience.eligibility import IN_WORDS

    funnel = planned.funnel
    rows = [(f"selected by {planned.as_json()['segment'] or 'its conditions'}", f"{funnel.selected:,}")]
    rows += [(f"  {IN_WORDS[reason]}", f"-{count:,}") for reason, count in funnel.excluded.items()]
    write_table(["", "customers"], [*rows, ("will be written to", f"{funnel.final:,}")], numbers=["customers"], title=planned.question.campaign.name)
    if house.settings.only_to:
        say(f"REGULARS_ONLY_TO is set: mail goes to {house.settings.only_to} only")
    _show_times(house, planned)
    for trouble in planned.troubles:
        say(f"cannot be composed: {trouble}")


def _show_times(house: House, planned: Plan) -> None:
    if planned.question.campaign.send_at is None:
        return
    times = [(local(house, at), f"{count:,}") for at, count in list(planned.due.items())[:MOST_TIMES]]
    write_table(["sent at", "mails"], times, numbers=["mails"])
    if (more := len(planned.due) - MOST_TIMES) > 0:
        say(f"and {more} later times")
