"""The SQL reading of delivery/lanes.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, case

from regulars.definition.relays import Relay, domains_of


def lane_of(domain: ColumnElement[Any], relays: Mapping[str, Relay]) -> ColumnElement[str]:
    """The group that a domain (as stored: folded, ASCII) belongs to, else ""."""
    return case(*((domain.in_(domains), lane) for lane, domains in domains_of(relays).items()), else_="")
