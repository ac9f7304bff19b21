"""Sends one real mail to look at in a real inbox; no launch, no message, no row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from regulars.audience.only_to import EVERYBODY, OnlyTo
from regulars.content.compilation import MailCompiler
from regulars.content.recipient import Recipient
from regulars.content.tokens import KeyRing, MessageRef
from regulars.definition.workspace import Campaign, Workspace
from regulars.delivery.outcomes import Outcome, Result
from regulars.errors import Refused, RegularsError
from regulars.operations.ports import Transport
from regulars.operations.preview import Preview, preview


def send_test(
    campaign: Campaign, workspace: Workspace, recipient: Recipient, to: str, compiler: MailCompiler, transport: Transport, *,
    keys: KeyRing, base_url: str, now: datetime, only_to: OnlyTo = EVERYBODY,
) -> Preview:
    """The mail of `recipient`, addressed to `to`; its links work and count nothing. Raises RegularsError when it was not taken, Refused when `only_to` forbids it."""
    if not only_to.allows(to):
        raise Refused(f"{to} is not in REGULARS_ONLY_TO ({only_to}), so nothing was sent", hint="name an address that is, or change the setting")
    shown = preview(campaign, workspace, replace(recipient, email=to), compiler, keys=keys, base_url=base_url, now=now)
    ledger = _OneMail()
    transport.send([[shown.mail]], ledger, lambda: True)
    if not any(result.outcome is Outcome.ACCEPTED for result in ledger.results):
        raise RegularsError(f"the test mail to {to} was not taken: {_words(ledger.results)}", hint="check the address and REGULARS_MAIL_URL")
    return shown


class _OneMail:
    """A ledger for a mail that nobody has to remember."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def turn(self, results: Sequence[Result], handoffs: Sequence[MessageRef]) -> set[MessageRef]:
        self.results += results
        return set(handoffs)


def _words(results: Sequence[Result]) -> str:
    return "; ".join(f"{result.code or ''} {result.reply or result.outcome}".strip() for result in results) or "no answer"
