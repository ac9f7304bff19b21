"""Ends a launch: what is unsent stays unsent, what has left cannot come back."""

from __future__ import annotations

from datetime import datetime

from regulars.delivery.launches import Launch
from regulars.delivery.life import LaunchState
from regulars.errors import Refused
from regulars.operations.ports import Launches
from regulars.operations.status import launch_named


def cancel(name: str, launches: Launches, *, by: str, now: datetime) -> Launch:
    """Cancelling twice is fine. Raises Refused for a launch that has finished."""
    launch = launch_named(name, launches)
    if launches.move(launch.id, LaunchState.CANCELLED, f"cancelled by {by}", now) or launch.state is LaunchState.CANCELLED:
        return launches.get(launch.id)
    raise Refused(f"launch {launch.id} of {launch.campaign} has finished; mail that has left cannot be called back")
