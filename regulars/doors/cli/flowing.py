"""Pace in words: how fast a launch goes, what holds it up, and how long it may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.bootstrap import House
from regulars.doors.cli.console import write, write_table

if TYPE_CHECKING:
    from regulars.delivery.forecast import Forecast
    from regulars.delivery.launches import Launch
    from regulars.operations.flow import Flow

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def flow_of(house: House, launch: Launch) -> Flow | None:
    """None unless it is sending."""
    from regulars.operations.flow import flow

    room = house.bundles.open(launch.bundle)
    shop = house.pace.shop_or(room.shop)
    return flow(launch, shop, room.campaign.relay, house.flows, house.pace, house.clock.now())


def write_flow(house: House, found: Flow) -> None:
    from regulars.doors.cli.sending import local

    left = found.seconds_left
    if found.per_minute or left:
        rate = f"{found.per_minute:,.0f} mails a minute lately" if found.per_minute else "nothing left lately"
        write(rate + (f"; {_about(left)} to go" if left else "") + _held_up(found.ahead))
    if len(found.ahead.lanes) > 1 or found.slow:
        write("")
        until = {one.domain: one for one in found.slow if one.relay == found.ahead.relay}
        rows = [(lane or "others", f"{count:,}", local(house, until[lane].until) if lane in until else "") for lane, count in found.ahead.lanes.items()]
        columns = ["to", "waiting", "slowed down until"] if until else ["to", "waiting"]
        write_table(columns, [row[: len(columns)] for row in rows], numbers=["waiting"])
    for one in found.slow:
        write(f"{one.domain} asked for patience at the relay {one.relay} until {local(house, one.until)}: {one.reason}")


def why_it_waits(house: House, launch: Launch) -> str:
    """What keeps a launch from going on now, when a limit does."""
    found = flow_of(house, launch)
    if found is None or not sum(found.ahead.lanes.values()):
        return ""
    patience = [f"{one.domain} asked for patience ({one.reason})" for one in found.slow if one.relay == found.ahead.relay]
    return "; ".join(patience) or _held_up(found.ahead).removeprefix("; ")


def pace_in_words(ahead: Forecast) -> str:
    """What a plan says of the time that it takes."""
    if ahead.seconds is None:
        return ""
    return f"by the relay {ahead.relay} this takes {_about(ahead.seconds)} at least" + _held_up(ahead)


def _held_up(ahead: Forecast) -> str:
    from regulars.delivery.forecast import WARM_UP
    from regulars.delivery.pace import ALL_LANES

    if ahead.bottleneck is None:
        return ""
    if ahead.bottleneck == WARM_UP:
        return f"; what holds it up is the warm-up of {ahead.relay}"
    if ahead.bottleneck == ALL_LANES:
        return f"; what holds it up is the rate of {ahead.relay}"
    return f"; what holds it up is {ahead.bottleneck}, with {ahead.lanes.get(ahead.bottleneck, 0):,} mails"


def _about(seconds: float) -> str:
    for size, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= 2 * size:
            return f"about {seconds / size:.0f} {unit}s"
    return f"about {max(1, round(seconds))} seconds"
