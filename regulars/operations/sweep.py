"""Finds what nobody is working on: leases that ran out, mails of unknown fate, launches with due mail."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from regulars.content.tokens import MessageRef
from regulars.definition.workspace import OnUncertain
from regulars.delivery.addresses import ascii_domain
from regulars.delivery.life import LaunchState
from regulars.delivery.message_id import message_id
from regulars.delivery.settlement import resolution
from regulars.operations.drain import finish
from regulars.operations.office import PostOffice


def sweep(office: PostOffice) -> Sequence[int]:
    """Ids of the launches that have due mail. Any number of sweeps may run at once. Raises Refused where nothing may be sent."""
    office.permit()
    now = office.clock.now()
    office.messages.recover(office.owner, now)
    _resolve(office)
    office.messages.close_unsent(now)
    for launch in office.launches.in_state(LaunchState.SENDING):
        finish(launch.id, office)
    return office.messages.due(now)


def _resolve(office: PostOffice) -> None:
    """Uncertain mails go where the evidence says, else where the campaign says."""
    uncertain = sorted(office.messages.uncertain())
    for launch_id, group in groupby(uncertain, key=lambda each: each[0].launch):
        _resolve_launch(launch_id, list(group), office)


def _resolve_launch(launch_id: int, uncertain: Sequence[tuple[MessageRef, int, bool]], office: PostOffice) -> None:
    launch = office.launches.get(launch_id)
    room = office.bundles.open(launch.bundle)
    domain = ascii_domain((room.campaign.from_ or room.shop.sender).domain)
    arrived = office.transport.arrived([(ref, message_id(ref, launch.key, domain)) for ref, _, _ in uncertain])
    now = office.clock.now()
    decided = [
        resolution(ref, fence, arrived.get(ref), OnUncertain.HOLD if sent_again else launch.on_uncertain, now)
        for ref, fence, sent_again in uncertain  # a third copy is nobody's wish: a relay that breaks at every dot would get one a sweep
    ]
    office.messages.turn(
        decided, [], owner=office.owner, topic=room.campaign.topic, seconds=office.dot_seconds, now=now
    )
