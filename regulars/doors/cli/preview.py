"""`regulars preview`, and whose mail is shown when nobody is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import RegularsError, UsageError

if TYPE_CHECKING:
    from regulars.content.recipient import Recipient
    from regulars.definition.workspace import Campaign
    from regulars.operations.preview import Preview

ENDINGS = (".eml", ".html", ".txt")


@dataclass(frozen=True, slots=True)
class Way:
    """How the mail is shown: in a file, in the browser, as JSON, or here."""

    output: str | None
    open: bool
    json: bool


@click.command(epilog="Example: regulars preview win-back --language tr --output win-back.html --open")
@click.argument("campaign", required=False)
@click.option("--step", metavar="NAME", help="Of an automation: which of its mails; without it the first.")
@click.option("--customer", metavar="EMAIL", help="Whose mail: somebody of samples/customers.yaml, or of the database.")
@click.option("--language", metavar="CODE", help="As if the customer read this language.")
@click.option("--launch", metavar="LAUNCH", help="What this launch sent to the customer: an id, or a campaign for its latest.")
@click.option("--output", metavar="FILE", help="Write the mail: .eml its bytes, .html the page with its pictures, .txt the text part.")
@click.option("--open", "open_", is_flag=True, help="Open the page in the browser.")
@as_json
@in_house
def preview(
    house: House, campaign: str | None, step: str | None, customer: str | None, language: str | None, launch: str | None, output: str | None,
    open_: bool, as_json: bool,
) -> int:
    """The mail of CAMPAIGN as one customer gets it, by the very steps that send it. Changes nothing.

    With --launch, the mail that was sent, byte by byte, and whether it is still what the launch recorded (exit 1 when not).
    """
    way = Way(output, open_, as_json)
    if output is not None and Path(output).suffix.lower() not in ENDINGS:
        raise UsageError(f"{output} ends in none of {', '.join(ENDINGS)}", hint="the ending says what is written")
    if launch is not None:
        shown = _sent(house, campaign, launch, step, customer, language)
    elif campaign is None:
        raise UsageError("which campaign?", hint="regulars preview CAMPAIGN")
    else:
        shown = _composed(house, campaign, step, customer, language)
    _show(house, shown, way)
    return _verdict(shown)


def recipient_for(house: House, campaign: Campaign, customer: str | None, language: str | None = None) -> Recipient:
    """The named sample or customer, or the first sample. Raises UsageError when there is nobody."""
    from regulars.operations.preview import customer_named, in_language, sample_named

    shop = house.workspace.shop
    found = sample_named(house.workspace, house.rates, email=customer, language=language)
    if found is None and customer is None:
        found = sample_named(house.workspace, house.rates, email=None, language=None)
    if found is None:
        if customer is None:
            raise UsageError("there is nobody to show it for", hint="name a customer with --customer EMAIL, or add people to samples/customers.yaml")
        found = customer_named(customer, house.workspace, campaign, house.mail_compiler, house.sent_mails, house.recipients, house.clock.now())
    return in_language(found, language, shop.languages)


def _composed(house: House, campaign: str, step: str | None, customer: str | None, language: str | None) -> Preview:
    from regulars.definition.mails import mails_of
    from regulars.operations.plan import campaign_named
    from regulars.operations.preview import mail_named
    from regulars.operations.preview import preview as compose

    whole = campaign_named(house.workspace, campaign)
    chosen = mail_named(whole, step)
    if step is None and (others := [mail.step for mail in mails_of(whole) if mail.step != chosen.step]):
        say(f"this is {chosen.step}; its other mails: " + ", ".join(f"--step {other}" for other in others))
    recipient = recipient_for(house, chosen, customer, language)
    return compose(
        chosen, house.workspace, recipient, house.mail_compiler,
        keys=house.settings.keys, base_url=house.settings.base_url, now=house.clock.now(), compose=house.composer.email,
    )


def _sent(house: House, campaign: str | None, launch: str, step: str | None, customer: str | None, language: str | None) -> Preview:
    from regulars.operations.preview import launch_that_wrote, preview_sent
    from regulars.operations.status import launch_named

    if customer is None:
        raise UsageError("whose mail of that launch?", hint="add --customer EMAIL")
    if language is not None:
        raise UsageError("a mail that was sent has its language", hint="leave out --language, or --launch")
    found = launch_named(launch, house.launches)
    if campaign is not None and campaign != found.campaign:
        raise UsageError(f"launch {found.id} was of {found.campaign}, not of {campaign}", hint="leave out the campaign's name")
    return preview_sent(
        launch_that_wrote(found, step, customer, house.launches, house.sent_mails), customer, house.sent_mails, house.bundles, house.recipients,
        keys=house.settings.keys, base_url=house.settings.base_url,
    )


def _show(house: House, shown: Preview, way: Way) -> None:
    if way.output is not None:
        write_mail(shown, Path(way.output))
        say(f"written: {way.output}")
    if way.open:
        _open(house, shown, way)
    if way.json:
        write_json(shown.as_json())
    elif way.output is None and not way.open:
        _print(shown)


def write_mail(shown: Preview, file: Path) -> None:
    contents = {".eml": shown.mail.content, ".html": shown.page.encode(), ".txt": shown.email.text.encode()}
    try:
        file.write_bytes(contents[file.suffix.lower()])
    except OSError as error:
        raise RegularsError(f"{file} cannot be written: {error.strerror}", hint="name another file with --output") from error


def _open(house: House, shown: Preview, way: Way) -> None:
    file = Path(way.output) if way.output and way.output.lower().endswith(".html") else _kept_page(house, shown)
    write_mail(shown, file)
    say(f"the page is {file}")
    if click.launch(file.resolve().as_uri()) != 0:
        say("no browser could be started; open the page yourself")


def _kept_page(house: House, shown: Preview) -> Path:
    folder = Path(house.settings.state_folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"preview-{shown.campaign}.html"


def _print(shown: Preview) -> None:
    email, proof = shown.email, shown.proof
    for label, value in (
        ("From", _mailbox(email.from_)), ("Reply-To", _mailbox(email.reply_to) if email.reply_to else ""),
        ("To", _mailbox(email.to)), ("Subject", email.subject), ("Preheader", proof.preheader), ("Language", email.language),
    ):
        if value:
            write(f"{label + ':':<11}{value}")
    write("\n" + shown.text.rstrip() + "\n")
    write_table(["link", "leads to", "counted"], [(link.name or "-", link.target, "yes" if link.counted else "") for link in proof.links])
    silent = sum(not picture.alt for picture in proof.pictures)
    pictures = "1 picture" if len(proof.pictures) == 1 else f"{len(proof.pictures)} pictures"
    write(f"\n{proof.html_bytes:,} bytes of HTML, {pictures}" + (f", {silent} with no alt text" if silent else ""))


def _mailbox(mailbox: object) -> str:
    name, address = getattr(mailbox, "name", ""), getattr(mailbox, "address", "")
    return f"{name} <{address}>" if name else address


def _verdict(shown: Preview) -> int:
    if shown.launch is None:
        return 0
    if shown.matches:
        say(f"these are the bytes that launch {shown.launch} sent: SHA-256 {shown.mail.sha256}")
        return 0
    if shown.matches is None:
        say(f"launch {shown.launch} composed this mail and never handed it over")
    else:
        say(
            f"these are not the bytes that launch {shown.launch} sent: since then the customer, an order of that time, "
            "REGULARS_SECRET or REGULARS_BASE_URL has changed"
        )
    return 1
