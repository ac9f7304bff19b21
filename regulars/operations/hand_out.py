"""Gives each mail of a batch its coupon code before it is composed, or says why the launch must wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regulars.content.mailroom import MailRoom
from regulars.content.offers import in_hand, offer_of
from regulars.content.recipient import OfferInHand, Recipient
from regulars.content.tokens import MessageRef
from regulars.definition.programme import Offer
from regulars.definition.workspace import Shop
from regulars.delivery.settlement import Claimed
from regulars.loyalty.coupons import BoundCode, is_over, valid_until
from regulars.operations.coupons import way_to_codes
from regulars.operations.office import PostOffice


@dataclass(frozen=True, slots=True)
class Handed:
    """`to`: who may be composed. `trouble`: why nobody may, until somebody has done something about it."""

    to: Sequence[Claimed]
    trouble: str = ""
    offer: Offer | None = None
    codes: Mapping[MessageRef, BoundCode] = field(default_factory=dict)

    def in_hand(self, claimed: Claimed, recipient: Recipient, shop: Shop) -> OfferInHand | None:
        if self.offer is None:
            return None
        return in_hand(self.offer, self.codes[claimed.ref], recipient.country, shop, claimed.composed_at)


def hand_out(room: MailRoom, batch: Sequence[Claimed], office: PostOffice) -> Handed:
    """One transaction for unique codes, none for the others. Whoever lost the claim meanwhile is left out."""
    offer, zone, now = offer_of(room.campaign, room.shop), room.shop.timezone, office.clock.now()
    if offer is None:
        return Handed(batch)
    if is_over(offer, now, zone):
        return Handed((), f'the offer "{offer.name}" ended on {offer.valid_until}', offer)
    if offer.code is not None:
        return Handed(batch, "", offer, _static(offer, offer.code, batch, zone))
    assert office.coupons is not None
    bound = office.coupons.bind(offer, batch, zone, now)
    if bound.missing:
        return Handed((), _run_out(offer, bound.missing, batch[0].ref.launch), offer)
    return Handed([claimed for claimed in batch if claimed.ref in bound.codes], "", offer, bound.codes)


def _static(offer: Offer, code: str, batch: Sequence[Claimed], zone: str) -> Mapping[MessageRef, BoundCode]:
    return {claimed.ref: BoundCode(code, valid_until(offer, claimed.composed_at, zone)) for claimed in batch}


def _run_out(offer: Offer, missing: int, launch_id: int) -> str:
    return f'no codes of "{offer.name}" are left for {missing:,} of its mails; {way_to_codes(offer)}; then: regulars resume {launch_id}'
