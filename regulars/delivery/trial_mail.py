"""The small mail of `regulars doctor --test-mail`: it shows that the way to an inbox is open, and nothing of any customer."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from regulars.content.tokens import MessageRef
from regulars.definition.workspace import Shop
from regulars.delivery.addresses import ascii_address, ascii_domain
from regulars.delivery.message_id import message_id
from regulars.delivery.outgoing import Outgoing

REF = MessageRef(0, 0)  # as tests have: no launch, no number


def trial_mail(shop: Shop, to: str, key: str, now: datetime) -> Outgoing:
    """`key`: fresh letters for its Message-ID. Raises CannotCompose for an address that no mail reaches."""
    sender = ascii_address(shop.sender.address)
    name = message_id(REF, key, ascii_domain(shop.sender.domain))
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(shop.sender.name, addr_spec=sender)
    mail["To"] = ascii_address(to)
    mail["Subject"] = f"A test of {shop.name}'s mail"
    mail["Date"] = format_datetime(now.astimezone(UTC))
    mail["Message-ID"] = name
    mail.set_content(
        f"If you can read this, mail of {shop.name} leaves and arrives.\n\n"
        "It was sent by: regulars doctor --test-mail. Look at its headers: SPF, DKIM and DMARC should say pass.\n"
    )
    content = mail.as_bytes()
    return Outgoing(REF, name, sender, ascii_address(to), content, sha256(content).hexdigest())
