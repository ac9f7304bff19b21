"""`regulars message show`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import UsageError

if TYPE_CHECKING:
    from regulars.delivery.dossier import Attempt, Dossier
    from regulars.operations.show_message import ShownMessage


@click.group(epilog="Example: regulars message show 12-345")
def message() -> None:
    """Look at single messages."""


@message.command(epilog="Example: regulars message show win-back --customer ada@shop.example --output ada.eml")
@click.argument("id_", metavar="ID")
@click.option("--customer", metavar="EMAIL", help="ID is a launch; the message is the one to this customer.")
@click.option("--output", metavar="FILE", help="Write the mail: .eml its bytes, .html the page with its pictures, .txt the text part.")
@as_json
@in_house
def show(house: House, id_: str, customer: str | None, output: str | None, as_json: bool) -> int:
    """Everything about one message: its state, every attempt, and the mail that was sent.

    ID is what status, why and the logs print, like 12-345 (launch and number), or a Message-ID pasted whole. The mail is
    composed again and held against the hash that was kept when it was handed over (exit 1 when it is another, or cannot
    be composed any more).
    """
    from regulars.doors.cli.preview import ENDINGS, write_mail
    from regulars.operations.show_message import message_named, show_message

    if output is not None and Path(output).suffix.lower() not in ENDINGS:
        raise UsageError(f"{output} ends in none of {', '.join(ENDINGS)}", hint="the ending says what is written")
    dossier = message_named(id_, customer, house.dossiers, house.launches, house.messages, house.sent_mails)
    shown = show_message(dossier, house.bundles, house.recipients, keys=house.settings.keys, base_url=house.settings.base_url)
    if output is not None and shown.mail is not None:
        write_mail(shown.mail, Path(output))
        say(f"written: {output}")
    if as_json:
        write_json(shown.as_json())
    else:
        _print(house, shown)
    return 1 if shown.differs else 0


def _print(house: House, shown: ShownMessage) -> None:
    dossier = shown.dossier
    write(f"message {dossier.ref}: {dossier.campaign} to {dossier.email}")
    for label, value in _facts(house, dossier):
        write(f"  {label:<14} {value}")
    if dossier.attempts:
        write("")
        columns = ["#", "started", "took", "relay", "by", "got to", "became", "answer"]
        write_table(columns, [_row(house, attempt) for attempt in dossier.attempts], numbers=["#", "took"])
    write("")
    if shown.mail is not None:
        write(f"Message-ID: {shown.mail.mail.message_id}")
        write(f"Subject:    {shown.mail.email.subject}\n")
        write(shown.mail.text.rstrip() + "\n")
    write(f"{shown.verdict}" + (f" (SHA-256 {dossier.content_hash})" if dossier.content_hash else ""))


def _facts(house: House, dossier: Dossier) -> list[tuple[str, str]]:
    from regulars.delivery.life import IN_WORDS, State

    worker = f"{dossier.worker}, until {_time(house, dossier.lease_until)}" if dossier.worker and dossier.lease_until else ""
    facts = [
        ("state", f"{dossier.state}: {IN_WORDS[dossier.state]}"),
        ("why", dossier.reason or ""),
        ("copies", "there may be two in the inbox" if dossier.dup_possible else ""),
        ("evidence", dossier.evidence or ""),
        ("handed to", dossier.handed_to or ""),
        ("worker", worker),
        ("due", _time(house, dossier.due_at) if dossier.state is State.PENDING else ""),
        *((label, _time(house, at)) for label, at in (
            ("composed", dossier.composed_at), ("handed off", dossier.handed_off_at), ("accepted", dossier.accepted_at),
            ("opened", dossier.opened_at), ("clicked", dossier.clicked_at), ("unsubscribed", dossier.unsubscribed_at),
        )),
        ("files", f"bundle {dossier.bundle[:12]}" + (f", edition {dossier.edition} of the launch" if dossier.edition > 1 else "")),
    ]
    return [(label, value) for label, value in facts if value]


def _row(house: House, attempt: Attempt) -> tuple[str, ...]:
    took = (attempt.ended_at - attempt.started_at).total_seconds()
    return (
        str(attempt.fence), _time(house, attempt.started_at), f"{took:.2f} s" if took else "", attempt.relay or "-", attempt.actor,
        attempt.phase.value, attempt.outcome.value, attempt.answer or "-",
    )


def _time(house: House, moment: datetime | None) -> str:
    """To the second on the shop's clock: after a crash the order of things matters."""
    return f"{moment.astimezone(ZoneInfo(house.shop.timezone)):%Y-%m-%d %H:%M:%S}" if moment else ""
