"""Mails that wait for a person's word, as `status` and `retry` list them."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from regulars.bootstrap import House
from regulars.delivery.dossier import Doubt
from regulars.delivery.life import State
from regulars.doors.cli.console import say, write_table

MOST = 50


def write_doubts(house: House, doubts: Sequence[Doubt]) -> None:
    """At most fifty; what is uncertain of each, and since when."""
    zone = ZoneInfo(house.shop.timezone)
    rows = [
        (doubt.ref, doubt.email, doubt.state, f"{doubt.since.astimezone(zone):%Y-%m-%d %H:%M:%S}", _where(doubt), _known(doubt))
        for doubt in doubts[:MOST]
    ]
    write_table(["message", "to", "state", "since", "last tried by", "what is known"], rows)
    if len(doubts) > MOST:
        say(f"and {len(doubts) - MOST:,} more; --json lists all")


def _known(doubt: Doubt) -> str:
    if doubt.state is not State.HELD:
        return doubt.reason
    if doubt.would_differ:
        return doubt.reason
    said = doubt.tried.answer if doubt.tried else "perhaps it arrived"
    nobody = doubt.asked is None or doubt.asked.startswith("on_uncertain")
    return f"{said}; {'nobody could say whether it arrived' if nobody else doubt.asked}"


def _where(doubt: Doubt) -> str:
    """`bulk by mail-1:4711, dot`: the relay by its name where there is one, the worker, and how far it came."""
    tried = doubt.tried
    if tried is None:
        return "nobody"
    return f"{f'{tried.relay} by ' if tried.relay else ''}{tried.actor}, {tried.phase}"
