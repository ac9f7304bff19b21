"""Gives a database to another environment: nothing that was on its way leaves from there by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.delivery.launches import Launch
from regulars.delivery.life import LaunchState
from regulars.operations.ports import Launches, Registry


def on_their_way(launches: Launches) -> Sequence[Launch]:
    """Launches that would go on sending from a copy of the database too."""
    return launches.in_state(LaunchState.SENDING)


def stamp(environment: str, registry: Registry, launches: Launches, *, by: str, now: datetime) -> Sequence[Launch]:
    """Pauses what is sending, then stamps; returns the paused. The same stamp again changes nothing."""
    if registry.identity().environment == environment:
        return []
    paused = [
        launch for launch in on_their_way(launches)
        if launches.move(launch.id, LaunchState.PAUSED, f"the database was stamped {environment} by {by}", now)
    ]
    registry.stamp(environment)
    return paused
