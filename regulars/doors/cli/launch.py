"""`regulars launch`."""

from __future__ import annotations

import secrets
import string
import sys
from typing import TYPE_CHECKING

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say, write_json
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.plan import show
from regulars.doors.cli.sending import operator, send, surroundings, tell
from regulars.errors import Refused, UsageError
from regulars.operations.plan import Plan

if TYPE_CHECKING:
    from regulars.content.recipient import Recipient
    from regulars.definition.workspace import Campaign

KEY_LETTERS = string.digits + string.ascii_lowercase


@click.command(epilog="Example: regulars launch win-back --limit 100")
@click.argument("campaign")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--test-to", metavar="EMAIL", help="Send one real mail of it to EMAIL and nothing else; nobody else gets it.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Write to the first N only.")
@click.option("--new-only", is_flag=True, help="Write to those who have not got this campaign yet.")
@click.option("--again", is_flag=True, help="Write also to those who got it before.")
@click.option("--watch", is_flag=True, help="With workers: stay until they are done.")
@as_json
@in_house
def launch(
    house: House, campaign: str, yes: bool, test_to: str | None, limit: int | None, new_only: bool, again: bool,
    watch: bool, as_json: bool,
) -> int:
    """Send CAMPAIGN: shows the plan, asks, freezes what is sent, and sends it."""
    if new_only and again:
        raise UsageError("--new-only and --again contradict each other", hint="give one of them, or neither")
    if test_to is not None:
        return _test(house, campaign, test_to)
    return _launch(house, campaign, (limit, new_only, again), yes=yes, watch=watch, as_json=as_json)


def _launch(
    house: House, campaign: str, wished: tuple[int | None, bool, bool], *, yes: bool, watch: bool, as_json: bool
) -> int:
    from regulars.adapters.git import read_origin
    from regulars.audience.eligibility import Question
    from regulars.operations.launch import Wishes, prepare
    from regulars.operations.launch import launch as make
    from regulars.operations.plan import campaign_named

    wishes = Wishes(*wished)
    workspace = house.workspace
    chosen = campaign_named(workspace, campaign)
    refuse_automation(chosen)
    assert house.transport  # the guards of the relay and of the database speak before anybody is asked
    house.permit.ask()
    question = Question(chosen, workspace, house.clock.now(), wishes.again, wishes.limit, house.settings.only_to)
    planned = prepare(question, wishes, house.desk, house.launches)
    if not as_json:
        show(house, planned)
    _ask(house, planned, yes=yes)
    made = make(
        planned, wishes, house.launches, house.bundles, key=fresh_key(), by=operator(),
        origin=read_origin(house.settings.project), now=house.clock.now(),
    )
    standing = send(house, made, watch=watch)
    if as_json:
        write_json(standing.as_json())
    else:
        tell(house, standing)
    return 1 if standing.has_failures else 0


def _ask(house: House, planned: Plan, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("nobody is here to say yes", hint="add --yes when you are sure; regulars plan shows what would happen")
    for name, value in surroundings(house).items():
        say(f"{name:<12} {value}")
    click.confirm(f"Send {planned.funnel.final:,} mail{'s' * (planned.funnel.final != 1)}?", abort=True, err=True)


def _test(house: House, campaign: str, email: str) -> int:
    from regulars.operations.plan import campaign_named
    from regulars.operations.test_send import send_test

    chosen = campaign_named(house.workspace, campaign)
    refuse_automation(chosen)
    email = read_recipient(email, "--test-to")
    house.permit.ask_for_a_test()
    recipient = _whose(house, chosen, email)
    way = house.way(house.workspace.shop, chosen.relay)
    send_test(
        chosen, house.workspace, recipient, email, house.desk.compiler, way.transport,
        keys=house.settings.keys, base_url=house.settings.base_url, now=house.clock.now(),
        only_to=house.settings.only_to, compose=house.composer.email,
    )
    say(f"the mail of {recipient.email} went to {email} by {house.relays().get(way.carrier(), house.settings.mail)}; nothing was recorded, and its links count nothing")
    return 0


def read_recipient(text: str, option: str) -> str:
    """An address that somebody typed; raises UsageError."""
    from regulars.audience.addresses import read_address

    try:
        return read_address(text).written
    except ValueError as error:
        raise UsageError(f"{option}: {error}", hint="name the address of who is to look at it") from error


def _whose(house: House, campaign: Campaign, email: str) -> Recipient:
    """The customer of that address; else somebody of the audience; else the first sample."""
    from regulars.audience.eligibility import Question
    from regulars.doors.cli.preview import recipient_for
    from regulars.operations.plan import somebody

    try:
        return recipient_for(house, campaign, email)
    except UsageError:
        found = somebody(Question(campaign, house.workspace, house.clock.now(), again=True), house.desk)
    return found or recipient_for(house, campaign, None)


def refuse_automation(campaign: Campaign) -> None:
    if campaign.automation is not None:
        raise Refused(
            f'"{campaign.name}" is an automation: it is put live once, and sends whenever its trigger says so',
            hint=f"put it live with: regulars apply {campaign.name}; look at its mails with: regulars preview {campaign.name}",
        )


def fresh_key() -> str:
    """Of a launch, for its Message-IDs."""
    from regulars.delivery.message_id import LAUNCH_KEY_LENGTH

    return "".join(secrets.choice(KEY_LETTERS) for _ in range(LAUNCH_KEY_LENGTH))
