"""Which messages a customer received, opened, clicked or reacted to, for one `emails.…` condition.

A message counts once, however often it was clicked; it counts when any such moment lies in the window.
Opens are those that were not a machine's, clicks those of a human. An order is a reaction to a message when it was
placed in [receipt, receipt + attribution within). A `link` asks for clicks on that link: other reactions have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from regulars.audience.comparison import Comparisons, in_window, reduced, satisfies
from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView, MailEvent, MessageRef
from regulars.definition.conditions import Emails, Kind, Op, Reaction, Test
from regulars.definition.decay import HUMAN, seconds

OPENED, CLICKED, REPLIED = "email.opened", "email.clicked", "email.replied"
RECEIVED = "email.received"  # of another system's mails, which have no message here; `MessageRef.launch` of those is below zero
AT_LEAST_ONE = (Test(Op.AT_LEAST, 1),)


def count_tests(condition: Emails, frame: Frame) -> Comparisons:
    return reduced(Kind.WHOLE, condition.tests or AT_LEAST_ONE, frame)


def attribution_span(frame: Frame) -> timedelta:
    return timedelta(seconds=seconds(frame.shop.attribution.within))


def messages_reacted_to(view: CustomerView, condition: Emails, frame: Frame) -> frozenset[MessageRef]:
    window = in_window(condition.window, frame)
    return frozenset(
        message for message, campaign, link, at in _moments(view, condition.reaction, frame)
        if (condition.campaign is None or campaign == condition.campaign)
        and (condition.link is None or link == condition.link)
        and satisfies(at, window)
    )


Moment = tuple[MessageRef, str, str | None, datetime]  # the message, its campaign, the link, when


def _moments(view: CustomerView, reaction: Reaction, frame: Frame) -> Iterator[Moment]:
    if reaction is Reaction.RECEIVED:
        yield from ((receipt.message, receipt.campaign, None, receipt.at) for receipt in view.receipts)
    for event in view.mail_events:
        if _is(event, reaction):
            yield event.message, event.campaign, event.link, event.at
    if reaction is Reaction.REACTED:
        yield from _orders_after_receipt(view, frame)


def _is(event: MailEvent, reaction: Reaction) -> bool:
    match reaction:
        case Reaction.OPENED:
            return event.kind == OPENED and event.verdict != "machine"
        case Reaction.CLICKED:
            return event.kind == CLICKED and event.verdict in HUMAN
        case Reaction.REACTED:
            return event.kind == REPLIED or (event.kind == CLICKED and event.verdict in HUMAN)
        case Reaction.RECEIVED:
            return False


def _orders_after_receipt(view: CustomerView, frame: Frame) -> Iterator[Moment]:
    span = attribution_span(frame)
    placed = {line.ordered_at for line in view.lines if not line.is_refund and line.counts_at(frame.as_of)}
    for receipt in view.receipts:
        for at in placed:
            if receipt.at <= at < receipt.at + span:
                yield receipt.message, receipt.campaign, None, at
