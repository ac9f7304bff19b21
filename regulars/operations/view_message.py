"""Composes again what one customer got, from the bundle of its launch and as of the moment it was composed."""

from __future__ import annotations

from dataclasses import replace

from regulars.content.email import CannotCompose, Email, Occasion
from regulars.content.offers import for_show
from regulars.content.tokens import KeyRing, MessageRef
from regulars.operations.ports import Bundles, Correspondence, Recipients


def view_message(
    ref: MessageRef, sent: Correspondence, bundles: Bundles, recipients: Recipients, keys: KeyRing, base_url: str
) -> Email | None:
    """The mail; None when there is nothing to show any more: never composed, or the customer is gone."""
    letter = sent.letter(ref)
    if letter is None:
        return None
    room = bundles.open(letter.bundle)
    people = recipients.look([letter.customer_id], room.needs, letter.composed_at, room.shop)
    recipient = people.get(letter.customer_id)
    if recipient is None:
        return None
    occasion = Occasion(ref, letter.launch_key, keys.newest, base_url, letter.composed_at)
    try:
        offer = for_show(room.campaign, recipient, room.shop, letter.composed_at, letter.code)
        causes = recipients.causes([ref], room.shop) if room.needs.trigger else {}
        return room.compose(replace(recipient, email=letter.email, offer=offer, trigger=causes.get(ref)), occasion)
    except CannotCompose:
        return None
