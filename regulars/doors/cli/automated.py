"""What the commands about launches do for automations: the same word, as far as it means something there."""

from __future__ import annotations

from functools import partial
from typing import Any

from regulars.bootstrap import House
from regulars.delivery.launches import Launch
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.sending import local, operator
from regulars.errors import Refused


def is_applied(house: House, name: str) -> bool:
    """Was an automation of that name ever put live?"""
    return any(each.campaign == name for each in house.automations.applied())


def plan_automation(house: House, name: str, as_json: bool) -> None:
    """What applying it would change, and for whom; nothing is changed."""
    from regulars.audience.eligibility import IN_WORDS
    from regulars.doors.cli.apply import show
    from regulars.operations.apply import compare, written_to

    now, workspace = house.clock.now(), house.workspace
    changes = compare([name], workspace, house.desk, house.registers, key=str, by="", now=now)
    funnel = written_to(workspace.campaigns[name], workspace, house.desk, now, house.settings.only_to)
    excluded = {reason: count for reason, count in funnel.excluded.items() if count} if funnel else {}
    if as_json:
        told = {"selected": funnel.selected, "excluded": excluded, "final": funnel.final} if funnel else None
        write_json(changes[0].as_json() | {"audience": told})
        return
    show(changes)
    if funnel:
        rows = [("in it now and may enter", f"{funnel.selected:,}")]
        rows += [(f"  {IN_WORDS[reason]}", f"-{count:,}") for reason, count in excluded.items()]
        write("")
        write_table(["", "customers"], [*rows, ("may be written to", f"{funnel.final:,}")], numbers=["customers"])
    if changes[0].draft is not None:
        say(f"put it live with: regulars apply {name}")


def status_of_automation(house: House, name: str, as_json: bool) -> int:
    """1 when mails of it failed or wait for somebody's word."""
    from regulars.doors.cli.automations import detail_for, show_detail

    found = detail_for(house, name)
    if as_json:
        write_json(found.as_json())
    else:
        show_detail(house, found)
    return 1 if found.has_failures else 0


def lines_as_json(house: House) -> list[dict[str, Any]]:
    from regulars.doors.cli.automations import lines_for

    return [line.as_json() for line in lines_for(house)]


def show_automations(house: House) -> None:
    """Below what was shown before."""
    from regulars.doors.cli.automations import lines_for, show_lines

    if lines := lines_for(house):
        write("")
        show_lines(house, lines)


def why_in_automation(house: House, name: str, email: str, as_json: bool) -> None:
    from regulars.operations.why_journey import mail_in_words, why_journey

    answer = why_journey(name, email, house.registers, house.audiences, house.dossiers, house.sent_mails, house.clock.now())
    if as_json:
        write_json(answer.as_json())
        return
    write(f"{answer.email}, {answer.campaign}: {answer.outcome}")
    write(f"  {answer.reason}")
    for line in answer.explanation.lines(1) if answer.explanation else ():
        write(line)
    for told in answer.journeys:
        journey = told.journey
        write(f"\njourney {journey.occurrence}, edition {journey.edition}: began {local(house, journey.entered_at)} by {journey.trigger.get('kind')} {journey.subject}".rstrip())
        steps = [
            (f"{local(house, step.done.at)}", step.done.step, step.done.outcome,
             "; ".join(each for each in (step.done.reason or "", f"{step.mail.ref} {mail_in_words(step.mail, partial(local, house))}" if step.mail else "") if each))
            for step in told.steps
        ]
        if steps:
            write_table(["", "step", "", ""], steps)
        if journey.due_at is not None:
            write(f"  {journey.step or 'the end'} is due {local(house, journey.due_at)}" + (f", or when {journey.waits_for} happens" if journey.waits_for else ""))
        if journey.ended_at is not None:
            write(f"  ended {local(house, journey.ended_at)}: {journey.reason or 'finished'}")


def turn_off(house: House, name: str, as_json: bool) -> None:
    from regulars.doors.cli.automations import files_of, tell
    from regulars.operations.automations import disable

    done = disable(name, files_of(house), house.registers, by=operator())
    say(f"{name} is {'disabled' if done else 'disabled already'}; mails that were made still leave")
    tell(house, name, as_json)


def turn_on(house: House, name: str, as_json: bool) -> None:
    from regulars.doors.cli.automations import files_of, tell
    from regulars.operations.automations import enable

    done = enable(name, files_of(house), house.registers, house.clock.now())
    say(f"{name} is {'live again' if done else 'enabled already'}")
    tell(house, name, as_json)


def refuse_to_steer(house: House, name: str, instead: str) -> None:
    """Raises Refused for an automation's name. `instead` may hold {name} and {launches}."""
    if is_applied(house, name):
        launches = ", ".join(f"{launch.id} ({launch.step})" for launch in house.launches.of_campaign(name) if launch.step)
        raise Refused(f'"{name}" is an automation, and goes on as long as it is enabled', hint=instead.format(name=name, launches=launches))


def refuse_step(launch: Launch) -> None:
    """Raises Refused for a launch that makes mails whenever a journey comes by."""
    if launch.step:
        raise Refused(
            f"launch {launch.id} sends {launch.step} of the automation {launch.campaign}, and goes on as long as that is enabled",
            hint=f"end it with: regulars automations disable {launch.campaign}; hold this mail alone with: regulars pause {launch.id}",
        )
