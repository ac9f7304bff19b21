"""A few lines to the team: what a journey's `notify` step says of its customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from regulars.content.tokens import MessageRef
from regulars.definition.workspace import Shop
from regulars.delivery.addresses import ascii_address, ascii_domain
from regulars.delivery.errands import ErrandDue
from regulars.delivery.message_id import message_id
from regulars.delivery.outgoing import Outgoing

REF = MessageRef(0, 0)  # no launch, no number


def note_mail(shop: Shop, errand: ErrandDue, now: datetime) -> Outgoing:
    """The same Message-ID each time it is tried. Raises CannotCompose for an address that no mail reaches."""
    sender, to = ascii_address(shop.sender.address), ascii_address(errand.target)
    name = message_id(REF, f"e{errand.id}", ascii_domain(shop.sender.domain))
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(shop.sender.name, addr_spec=sender)
    mail["To"] = to
    mail["Subject"] = _line(f"{errand.campaign}: {_who(errand.payload)}")
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = name
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(_lines(shop, errand)) + "\n")
    content = mail.as_bytes()
    return Outgoing(REF, name, sender, to, content, sha256(content).hexdigest())


def _lines(shop: Shop, errand: ErrandDue) -> list[str]:
    trigger, person = errand.payload.get("trigger", {}), errand.payload.get("customer", {})
    subject = f" ({_line(trigger['subject'])})" if trigger.get("subject") else ""
    return [
        f"Customer: {_who(errand.payload)} <{person.get('email')}>",
        f"Automation: {errand.campaign}, step {errand.step}",
        f"It began: {_moment(errand.payload.get('entered_at'), shop)} by {trigger.get('kind')}{subject}",
        "",
        f"{shop.name} asked for this note in campaigns/, under `notify`.",
    ]


def _who(payload: Mapping[str, Any]) -> str:
    person = payload.get("customer", {})
    names = " ".join(str(person[name]) for name in ("first_name", "last_name") if person.get(name))
    return _line(names or str(person.get("email")))


def _line(text: Any) -> str:
    """On one line of a header, and not too long: names come from the shop's customers."""
    return " ".join(str(text).split())[:200]


def _moment(text: str | None, shop: Shop) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(shop.timezone)):%Y-%m-%d %H:%M}" if text else "at a time that is not known"
