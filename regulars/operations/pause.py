"""Holds a launch: what is being handed off at this moment still ends, nothing else leaves."""

from __future__ import annotations

from datetime import datetime

from regulars.delivery.launches import Launch
from regulars.delivery.life import LaunchState
from regulars.errors import Refused
from regulars.operations.ports import Launches
from regulars.operations.status import launch_named


def pause(name: str, launches: Launches, *, by: str, now: datetime) -> Launch:
    """Pausing twice is fine. Raises Refused for a launch that has ended."""
    launch = launch_named(name, launches)
    if launches.move(launch.id, LaunchState.PAUSED, f"paused by {by}", now) or launch.state is LaunchState.PAUSED:
        return launches.get(launch.id)
    raise Refused(f"launch {launch.id} of {launch.campaign} is {launches.get(launch.id).state}; there is nothing to pause")
