"""The composed mail as a value, before it becomes bytes (`delivery/mime.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.content.tokens import Key, MessageRef
from regulars.definition.workspace import Mailbox


@dataclass(frozen=True, slots=True)
class Email:
    """`one_click_url` answers RFC 8058 posts. `list_id` as in RFC 2919, without brackets' name part.

    `composed_at` is the Date of the mail and the `now` of every relative word in it.
    """

    from_: Mailbox
    to: Mailbox
    reply_to: Mailbox | None
    subject: str
    html: str
    text: str
    language: str
    list_id: str
    one_click_url: str
    composed_at: datetime


@dataclass(frozen=True, slots=True)
class Occasion:
    """Which message this is, how its links are signed and when it is composed (aware, UTC)."""

    ref: MessageRef
    launch_key: str        # random letters of the launch; part of every Message-ID
    key: Key               # the ring's newest, or its preview key
    base_url: str          # of the web door, without a trailing slash
    composed_at: datetime


class CannotCompose(Exception):
    """This customer's values do not fit the template; the message is skipped with the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BeyondLimits(CannotCompose):
    """The template asks for more memory, time or room than a mail may have: no customer's fault."""
