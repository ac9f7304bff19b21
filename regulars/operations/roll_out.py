"""Leads a launch from its first part to the rest, or stops it."""

from __future__ import annotations

from regulars.delivery.launches import Launch
from regulars.delivery.life import LaunchState
from regulars.delivery.roll_out import Stage, harm, has_left, next_start
from regulars.operations.office import PostOffice


def roll_on(launch: Launch, office: PostOffice) -> None:
    """One step, when it is time: the pause begins when the first part has left, and the rest leaves when the pause is over.

    The first part is looked at twice: when it has left, and after the pause, by when its readers have had their say.
    """
    rolls = launch.roll_out
    if rolls is None or rolls.stage is Stage.REST or launch.state is not LaunchState.SENDING:
        return
    now = office.clock.now()
    if rolls.goes_on_at is not None and now < rolls.goes_on_at:
        return
    part = office.launches.first_part(launch.id, rolls.first)
    if not has_left(part):
        return
    if why := harm(part):
        office.launches.move(launch.id, LaunchState.PAUSED, why, now)
    elif rolls.goes_on_at is None:
        room = office.bundles.open(launch.bundle)
        office.launches.wait_with_rest(launch.id, next_start(room.campaign.roll_out, now, room.shop.timezone))
    else:
        office.launches.let_rest_go(launch.id, now)
