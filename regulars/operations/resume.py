"""Goes on with a launch that was paused or interrupted."""

from __future__ import annotations

from datetime import datetime

from regulars.delivery.launches import Launch
from regulars.delivery.life import LaunchState
from regulars.delivery.roll_out import Stage, has_left
from regulars.errors import Refused
from regulars.operations.ports import Launches
from regulars.operations.status import launch_named


def resume(name: str, launches: Launches, *, now: datetime) -> Launch:
    """The launch, sending; one that is sending already stays so. Raises Refused for a launch that has ended.

    Of a roll-out whose first part has left, the rest goes on at once.
    """
    launch = launch_named(name, launches)
    rolls = launch.roll_out
    if rolls is not None and rolls.stage is not Stage.REST and has_left(launches.first_part(launch.id, rolls.first)):
        launches.let_rest_go(launch.id, now)
    if launch.state is LaunchState.PAUSED:
        launches.move(launch.id, LaunchState.SENDING, None, now)
    launch = launches.get(launch.id)
    if launch.state is not LaunchState.SENDING:
        raise Refused(
            f"launch {launch.id} of {launch.campaign} is {launch.state}; it does not go on",
            hint=f"to send what was rejected or held: regulars retry {launch.id}; to launch anew: regulars launch {launch.campaign} --new-only",
        )
    return launch
