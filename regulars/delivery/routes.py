"""Which relay a launch's mail takes, and which ones stand in for it, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from regulars.definition.relays import DEFAULT_RELAY, Relay, WarmUp

FIRST_REST = timedelta(seconds=10)
LONGEST_REST = timedelta(minutes=10)


def relays_of(relays: Mapping[str, Relay], warm_up: WarmUp | None) -> Mapping[str, Relay]:
    """Every relay with its rules; one without a name where the shop names none."""
    named = relays or {DEFAULT_RELAY: Relay()}
    return {name: replace(relay, warm_up=relay.warm_up or warm_up) for name, relay in named.items()}


def route(relays: Mapping[str, Relay], wanted: str | None, today: date) -> tuple[str, ...]:
    """The relay that is `wanted` (without a word, or with one that nobody knows any more: the first), then who stands in.

    One that is kept apart stands in for nobody, nor does one that warms up: a cold address that suddenly sends what was
    meant for another is what its daily limits are there to prevent.
    """
    names = list(relays)
    first = wanted if wanted is not None and wanted in relays else names[0]
    place = names.index(first)
    others = [*names[place + 1:], *names[:place]]
    return (first, *(name for name in others if not relays[name].apart and not _is_warming_up(relays[name], today)))


def rest_after(failures: int) -> timedelta:
    """How long a relay that could not be reached `failures` times in a row (from 1) is left alone, while another can be had."""
    longer: timedelta = FIRST_REST * 2 ** (min(failures, 20) - 1)
    return min(longer, LONGEST_REST)


def _is_warming_up(relay: Relay, today: date) -> bool:
    return relay.warm_up is not None and relay.warm_up.cap(today) is not None
