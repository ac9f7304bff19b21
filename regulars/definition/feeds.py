"""Feeds as values: files that a shop without webhooks offers for pulling."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.definition.quantities import Duration


@dataclass(frozen=True, slots=True)
class Feed:
    """`kind`: orders | customers | products. `url`: a CSV file; `token`: the variable of the environment with a bearer token for it.
    `live`: its new orders start automations as webhooks do."""

    kind: str
    url: str
    every: Duration
    token: str = ""
    live: bool = True
