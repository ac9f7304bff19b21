"""`regulars sources list|pull NAME`."""

from __future__ import annotations

from typing import Any

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import progress, say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import RegularsError


@click.group(epilog="Example: regulars sources list")
def sources() -> None:
    """Files of the shop that are pulled on a schedule: sources in regulars.yaml."""


@sources.command("list", epilog="Example: regulars sources list --json")
@as_json
@in_house
def list_(house: House, as_json: bool) -> None:
    """Each source, when it was pulled, when it will be, and what came of it."""
    states = {state.name: state for state in house.feed_desk.feeds.all()}
    rows = [(name, feed, states.get(name)) for name, feed in house.shop.sources.items()]
    if as_json:
        write_json({"sources": [
            {
                "name": name, "url": feed.url, "every": str(feed.every), "live": feed.live, "pulled_at": state and state.pulled_at,
                "next_at": state and state.next_at, "failing_since": state and state.failing_since, "outcome": state and state.outcome,
            }
            for name, feed, state in rows
        ]})
    elif not rows:
        say("regulars.yaml names no sources: {orders: {url: https://shop.example/orders.csv, every: 1 hour}} would be one")
    else:
        write_table(("source", "pulled", "next", "what came of it"), (
            (name, _at(state and state.pulled_at), _at(state and state.next_at), (state and state.outcome) or "") for name, _, state in rows))


@sources.command(epilog="Example: regulars sources pull orders")
@click.argument("name")
@as_json
@in_house
def pull(house: House, name: str, as_json: bool) -> None:
    """Pull NAME now, whether it is due or not. The first time all of it is history: it is recorded, and nothing starts."""
    from regulars.operations.pull_feeds import pull_now

    with progress(f"pull {name}"):
        pulled = pull_now(house.feed_desk, house.shop, name, lambda: True)
    if pulled.begun:
        house.doorbell.ring_for_journeys()
    if pulled.problem:
        raise RegularsError(f"{name}: {pulled.problem}")
    if as_json:
        counts = pulled.imported.as_json() if pulled.imported else None
        write_json({"source": name, "outcome": pulled.outcome, "begun": pulled.begun, "rows": counts})
    else:
        write(f"{name}: {pulled.outcome}" + (f"; {pulled.begun:,} journeys began" if pulled.begun else ""))


def _at(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
