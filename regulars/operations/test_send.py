"""Sends one real mail to look at in a real inbox; no launch, no message, no row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from regulars.audience.only_to import EVERYBODY, OnlyTo
from regulars.content.compilation import MailCompiler
from regulars.content.mailroom import Compose, MailRoom
from regulars.content.recipient import Recipient
from regulars.content.tokens import KeyRing, MessageRef
from regulars.definition.workspace import Campaign, Shop, Workspace
from regulars.delivery.outcomes import Outcome, Result
from regulars.delivery.outgoing import Outgoing
from regulars.delivery.trial_mail import trial_mail
from regulars.errors import Refused, RegularsError
from regulars.operations.ports import Transport
from regulars.operations.preview import Preview, preview


def send_test(
    campaign: Campaign, workspace: Workspace, recipient: Recipient, to: str, compiler: MailCompiler, transport: Transport, *,
    keys: KeyRing, base_url: str, now: datetime, only_to: OnlyTo = EVERYBODY, compose: Compose = MailRoom.compose,
) -> Preview:
    """The mail of `recipient`, addressed to `to`; its links work and count nothing. Raises RegularsError when it was not taken, Refused when `only_to` forbids it."""
    _refuse_others(to, only_to)
    shown = preview(campaign, workspace, replace(recipient, email=to), compiler, keys=keys, base_url=base_url, now=now, compose=compose)
    _send(shown.mail, to, transport)
    return shown


def send_trial(to: str, shop: Shop, transport: Transport, *, key: str, now: datetime, only_to: OnlyTo = EVERYBODY) -> Result:
    """A mail that shows nothing of any customer; what the relay said to it. Raises as `send_test` does."""
    _refuse_others(to, only_to)
    return _send(trial_mail(shop, to, key, now), to, transport)


def _refuse_others(to: str, only_to: OnlyTo) -> None:
    if not only_to.allows(to):
        raise Refused(f"{to} is not in REGULARS_ONLY_TO ({only_to}), so nothing was sent", hint="name an address that is, or change the setting")


def hand_over(mail: Outgoing, transport: Transport) -> Sequence[Result]:
    """One mail that is no message of any launch; what was said to it."""
    ledger = _OneMail()
    transport.send([[mail]], ledger, lambda: True)
    return ledger.results


def in_words(results: Sequence[Result]) -> str:
    return "; ".join(f"{result.code or ''} {result.reply or result.outcome}".strip() for result in results) or "no answer"


def _send(mail: Outgoing, to: str, transport: Transport) -> Result:
    results = hand_over(mail, transport)
    taken = next((result for result in results if result.outcome is Outcome.ACCEPTED), None)
    if taken is None:
        raise RegularsError(f"the test mail to {to} was not taken: {in_words(results)}", hint="check the address and REGULARS_MAIL_URL")
    return taken


class _OneMail:
    """A ledger for a mail that nobody has to remember."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def turn(self, results: Sequence[Result], handoffs: Sequence[MessageRef]) -> set[MessageRef]:
        self.results += results
        return set(handoffs)
