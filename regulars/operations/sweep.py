"""Finds what nobody is working on: leases that ran out, mails of unknown fate, launches with due mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from regulars.content.tokens import MessageRef
from regulars.delivery.addresses import ascii_domain
from regulars.delivery.evidence import Evidence, Kind, Sought, weighed
from regulars.delivery.launches import Launch
from regulars.delivery.message_id import message_id
from regulars.delivery.settlement import Uncertain, resolution
from regulars.operations.drain import finish
from regulars.operations.office import PostOffice
from regulars.operations.roll_out import roll_on
from regulars.operations.rooms import Rooms


def sweep(office: PostOffice) -> Sequence[int]:
    """Ids of the launches that have due mail. Any number of sweeps may run at once. Raises Refused where nothing may be sent."""
    office.permit()
    now = office.clock.now()
    office.messages.recover(office.owner, now)
    _resolve(office)
    office.messages.close_unsent(now)
    for launch in office.launches.under_way():
        finish(launch.id, office)
        roll_on(launch, office)
    return office.messages.due(now)


def _resolve(office: PostOffice) -> None:
    """Uncertain mails go where the evidence says, else where the campaign says; so many at a time that no transaction is long."""
    before: Sequence[Uncertain] = ()
    while (uncertain := office.messages.uncertain()) and uncertain != before:
        for launch_id, group in groupby(sorted(uncertain, key=lambda one: one.ref), key=lambda one: one.ref.launch):
            _resolve_launch(launch_id, list(group), office)
        before = uncertain


def _resolve_launch(launch_id: int, uncertain: Sequence[Uncertain], office: PostOffice) -> None:
    launch = office.launches.get(launch_id)
    evidence = _evidence(launch, uncertain, office)
    now = office.clock.now()
    decided = [resolution(one, evidence[one.ref], launch.on_uncertain, now) for one in uncertain]
    office.messages.turn(decided, [], owner=office.owner, topic=None, seconds=office.dot_seconds, now=now)


def _evidence(launch: Launch, uncertain: Sequence[Uncertain], office: PostOffice) -> Mapping[MessageRef, Evidence | None]:
    names = _message_ids(launch, uncertain, office)
    log = _logged(uncertain, names, office)
    kept = office.transport.arrived([Sought(one.ref, names[one.ref], one.handed_to) for one in uncertain])
    reacted = office.messages.reacted_to(uncertain)
    return {
        one.ref: weighed({
            Kind.LOG: log.get(one.ref), Kind.FILE: kept.get(one.ref), Kind.EVENT: True if one.ref in reacted else None,
        })
        for one in uncertain
    }


def _logged(uncertain: Sequence[Uncertain], names: Mapping[MessageRef, str], office: PostOffice) -> Mapping[MessageRef, bool]:
    """A log is silent about all that was handed to another relay, so its silence counts for its own mails only."""
    log = office.relay_log
    if log is None:
        return {}
    said = log.arrived([(names[one.ref], one.handoff_at) for one in uncertain])
    own = {one.ref for one in uncertain if log.relay is not None and one.handed_to == log.relay}
    told = {one.ref: said[names[one.ref]] for one in uncertain if names[one.ref] in said}
    return {ref: has_it for ref, has_it in told.items() if has_it or ref in own}


def _message_ids(launch: Launch, uncertain: Sequence[Uncertain], office: PostOffice) -> Mapping[MessageRef, str]:
    rooms = Rooms(launch.id, office.launches, office.bundles)
    made_in = {one.edition: rooms.of(one.edition) for one in uncertain}
    domains = {edition: ascii_domain((room.campaign.from_ or room.shop.sender).domain) for edition, room in made_in.items()}
    return {one.ref: message_id(one.ref, launch.key, domains[one.edition]) for one in uncertain}
