"""Customer and occasion -> a mail ready to leave, or the reason why there is none. Templates run in here."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.content.email import BeyondLimits, CannotCompose, Occasion
from regulars.content.mailroom import MailRoom
from regulars.content.recipient import Recipient
from regulars.delivery.outgoing import Outgoing, outgoing


@dataclass(frozen=True, slots=True)
class Job:
    """What one mail is composed from, beside its room."""

    recipient: Recipient
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class Composed:
    mail: Outgoing
    language: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why this customer gets no mail. `beyond_limits`: by no fault of theirs, the template asks for too much."""

    reason: str
    beyond_limits: bool = False


def composed(room: MailRoom, job: Job) -> Composed | Trouble:
    """Equal arguments give equal bytes."""
    try:
        email = room.compose(job.recipient, job.occasion)
        return Composed(outgoing(email, job.occasion.ref, job.occasion.launch_key), email.language)
    except CannotCompose as error:
        return Trouble(error.reason, isinstance(error, BeyondLimits))
