"""`regulars why`."""

from __future__ import annotations

import click

from regulars.bootstrap import House
from regulars.doors.cli.automated import is_applied, why_in_automation
from regulars.doors.cli.console import write, write_json
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import local
from regulars.operations.why import Answer


@click.command(epilog="Example: regulars why win-back ada@example.com")
@click.argument("campaign")
@click.argument("email")
@as_json
@in_house
def why(house: House, campaign: str, email: str, as_json: bool) -> None:
    """Why the customer with EMAIL got CAMPAIGN, or did not, or will. Of an automation: each of their journeys, step by step."""
    from regulars.audience.eligibility import Question
    from regulars.operations.plan import campaign_named
    from regulars.operations.why import why as ask

    if is_applied(house, campaign):
        why_in_automation(house, campaign, email, as_json)
        return
    workspace = house.workspace
    question = Question(campaign_named(workspace, campaign), workspace, house.clock.now(), only_to=house.settings.only_to)
    answer = ask(question, email, house.audiences, house.launches, house.messages, house.sent_mails)
    if as_json:
        write_json(answer.as_json())
    else:
        _show(house, answer)


def _show(house: House, answer: Answer) -> None:
    write(f"{answer.email}, {answer.campaign}: {answer.outcome}")
    write(f"  {answer.reason}")
    if answer.launch is not None:
        message = f", message {answer.launch}-{answer.message}" if answer.message is not None else ""
        at = f", {local(house, answer.at)}" if answer.at else ""
        write(f"  launch {answer.launch}{message}{at}")
    for line in answer.explanation.lines(1) if answer.explanation else ():
        write(line)
