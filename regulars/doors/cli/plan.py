"""`regulars plan`, and the funnel as `launch` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from regulars.bootstrap import House
from regulars.doors.cli.automated import plan_automation
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.flowing import pace_in_words
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import local
from regulars.operations.coupons import CodesAhead
from regulars.operations.plan import Plan

if TYPE_CHECKING:
    from regulars.journeys.outlook import Outlook, Wait

MOST_TIMES = 12


@click.command(epilog="Example: regulars plan win-back")
@click.argument("campaign")
@as_json
@in_house
def plan(house: House, campaign: str, as_json: bool) -> None:
    """Who a launch of CAMPAIGN would write to now, and who not, and why. Sends nothing, changes nothing.

    Of an automation: what applying its file would change, for whom who is on their way, and how many would enter.
    """
    from regulars.audience.eligibility import Question
    from regulars.operations.plan import campaign_named
    from regulars.operations.plan import plan as make

    workspace = house.workspace
    if campaign_named(workspace, campaign).automation is not None:
        plan_automation(house, campaign, as_json)
        return
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
    if parts := _parts(planned):
        write(parts)
    if planned.pace and (pace := pace_in_words(planned.pace)):
        write(pace)
    if planned.limits:
        _show_limits(house, planned.limits)
    if planned.codes:
        write(_codes_in_words(planned.codes))
    for trouble in planned.troubles:
        say(f"cannot be composed: {trouble}")


def _parts(planned: Plan) -> str:
    rolls, parts = planned.question.campaign.roll_out, planned.parts
    if rolls is None or parts is None or not parts[1]:
        return ""
    when = "now" if planned.question.campaign.send_at is None else "at their time"
    pause = {"1 hour": "an hour", "1 minute": "a minute", "1 day": "a day"}.get(str(rolls.pause), str(rolls.pause))
    return f"{parts[0]:,} {when}, {parts[1]:,} {pause} after they have left"


def _codes_in_words(codes: CodesAhead) -> str:
    if codes.available is None:
        return f"codes: of {codes.offer}, {'the same for all' if codes.is_static else 'a new one for each mail'}"
    return f"codes: {codes.needed:,} of {codes.offer}, {codes.available - codes.needed:,} are left then"


def _show_limits(house: House, outlook: Outlook) -> None:
    rows = [(reason, f"{wait.count:,}", _until(house, wait)) for reason, wait in outlook.waits.items()]
    rows += [(reason, f"{count:,}", "not sent") for reason, count in outlook.dropped.items()]
    if not rows:
        return
    whom = f", from {outlook.asked:,} of them" if outlook.is_sample else ""
    write_table(["held back", "customers", "until"], rows, numbers=["customers"])
    say(f"an estimate by what is known now{whom}: contact limits are asked when each mail is due")


def _until(house: House, wait: Wait) -> str:
    first, last = local(house, wait.first), local(house, wait.last)
    return first if first == last else f"{first} to {last}"


def _show_times(house: House, planned: Plan) -> None:
    if planned.question.campaign.send_at is None:
        return
    times = [(local(house, at), f"{count:,}") for at, count in list(planned.due.items())[:MOST_TIMES]]
    write_table(["sent at", "mails"], times, numbers=["mails"])
    if (more := len(planned.due) - MOST_TIMES) > 0:
        say(f"and {more} later times")
