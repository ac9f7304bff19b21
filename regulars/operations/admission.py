"""Contact limits in the send loop: who of a batch may be written to now."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.definition.workspace import CampaignKind
from regulars.delivery.launches import Launch
from regulars.delivery.settlement import Claimed
from regulars.journeys.contact import Dropped, Later
from regulars.journeys.limits import Limits
from regulars.operations.ledger import TurnLedger
from regulars.operations.office import PostOffice


def admitted(batch: Sequence[Claimed], launch: Launch, book: TurnLedger, office: PostOffice) -> Sequence[Claimed]:
    """Puts off and drops the others, each with its reason.

    The limits are those of regulars.yaml as it is now, so that who tightens them stops a flood that is under way; how long
    a mail may wait is its own campaign's word, as it was launched.
    """
    room = office.bundles.open(launch.bundle)
    limits = Limits.of(office.pace.shop_or(room.shop) if office.pace else room.shop)
    if not batch or limits is None or office.contacts is None or launch.kind is CampaignKind.TRANSACTIONAL:
        return batch
    verdicts = office.contacts.admit(launch, room.campaign.over_limit, batch, limits, office.clock.now())
    welcome = []
    for claimed in batch:
        match verdicts.get(claimed.ref):
            case Later(until, reason):
                book.put_off(claimed, until, reason)
            case Dropped(reason):
                book.drop(claimed, reason)
            case _:  # or somebody else has it by now, and then it will not be marked
                welcome.append(claimed)
    return welcome
