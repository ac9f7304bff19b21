"""One message with all that is known about it, and the mail that was sent, composed again and held against its hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regulars.audience.addresses import read_address
from regulars.content.tokens import KeyRing, MessageRef
from regulars.delivery.dossier import Dossier
from regulars.delivery.life import State
from regulars.delivery.message_id import launch_key_and_number, reference
from regulars.errors import RegularsError, UsageError
from regulars.operations.ports import Bundles, Dossiers, Launches, Messages, Recipients, SentMails
from regulars.operations.preview import Preview, preview_again
from regulars.operations.status import launch_named

SAME = "these are the bytes that were handed over"
NOT_YET = "it is composed when its turn comes; nothing of it can have arrived"
AFRESH = "a copy perhaps arrived and cannot be made again; a second one, which differs, is composed when its turn comes"
NEVER_COMPOSED = "it was never composed, so there is nothing to show"
NEVER_HANDED_OVER = "it was composed and never handed over; this is what would have left"
OTHER = "these are not the bytes that were handed over: since then the customer, an order of that time, REGULARS_SECRET or REGULARS_BASE_URL has changed"


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """`mail`: None when it cannot be composed (again). `verdict`: what the mail shown has to do with the one that left."""

    dossier: Dossier
    mail: Preview | None
    verdict: str

    @property
    def differs(self) -> bool:
        """What left cannot be shown any more."""
        return self.dossier.content_hash is not None and not (self.mail and self.mail.matches)

    def as_json(self) -> dict[str, Any]:
        mail = self.mail
        return self.dossier.as_json() | {
            "message_id": mail.mail.message_id if mail else None, "sent_sha256": self.dossier.content_hash, "verdict": self.verdict,
            "matches": mail.matches if mail else None,
            "mail": {
                "subject": mail.email.subject, "text": mail.email.text, "html_bytes": mail.proof.html_bytes,
                "bytes": len(mail.mail.content), "sha256": mail.mail.sha256,
            } if mail else None,
        }


def show_message(dossier: Dossier, bundles: Bundles, recipients: Recipients, *, keys: KeyRing, base_url: str) -> ShownMessage:
    if dossier.mail is None:
        return ShownMessage(dossier, None, _uncomposed(dossier))
    try:
        shown = preview_again(dossier.mail, dossier.launch_key, bundles, recipients, keys=keys, base_url=base_url)
    except RegularsError as error:  # erased, or data that the template needs is gone
        return ShownMessage(dossier, None, error.message)
    return ShownMessage(dossier, shown, {True: SAME, False: OTHER, None: NEVER_HANDED_OVER}[shown.matches])


def _uncomposed(dossier: Dossier) -> str:
    if dossier.state is not State.PENDING:
        return NEVER_COMPOSED
    return AFRESH if dossier.dup_possible else NOT_YET


def message_named(
    text: str, customer: str | None, dossiers: Dossiers, launches: Launches, messages: Messages, sent: SentMails
) -> Dossier:
    """By `12-345`, by a Message-ID, or by a launch and a customer's address. Raises UsageError."""
    ref = _of_customer(text, customer, launches, messages, sent) if customer is not None else _named(text, dossiers)
    found = dossiers.of(ref)
    if found is None:
        raise UsageError(f"there is no message {ref}", hint=f"see: regulars status {ref.launch}")
    return found


def _named(text: str, dossiers: Dossiers) -> MessageRef:
    if ref := reference(text):
        return ref
    if named := launch_key_and_number(text):
        ref = dossiers.with_key(*named)
        if ref is None:
            raise UsageError(f"no launch of this database sent {text.strip()}", hint="was it sent by another installation, or as a preview?")
        return ref
    raise UsageError(
        f'"{text}" names no message',
        hint="name it like 12-345 (launch and number), by its Message-ID, or by launch and customer: regulars message show win-back --customer EMAIL",
    )


def _of_customer(text: str, customer: str, launches: Launches, messages: Messages, sent: SentMails) -> MessageRef:
    launch = launch_named(text, launches)
    try:
        customer_id = sent.customer(read_address(customer).key)
    except ValueError as error:
        raise UsageError(f"{customer} is not an address: {error}") from error
    row = messages.of_customer(launch.id, customer_id) if customer_id is not None else None
    if row is None:
        raise UsageError(
            f"launch {launch.id} of {launch.campaign} made no message for {customer}", hint=f"see: regulars why {launch.campaign} {customer}"
        )
    return MessageRef(launch.id, int(row["number"]))
