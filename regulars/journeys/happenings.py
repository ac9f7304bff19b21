"""Something that happened to a customer: what automations start on, wait for and end by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from regulars.audience.view import Line

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Happening:
    """`kind`: one of BUILT_IN_EVENTS, WATCHED or the shop's own events. `subject`: whose turn it is once for, such as an order's id.

    `data`: JSON, what templates and webhooks are shown. `nth`: of order.placed: the customer's how-manieth order that counts.
    `lines`: of the order. `live`: False for imported history, which starts, moves and ends nothing. `campaign`: of a WATCHED one the
    automation that it was looked for; no other starts by it. (source, source_id) makes it happen once.
    """

    kind: str
    customer_id: int
    at: datetime
    source: str
    source_id: str
    subject: str = ""
    data: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    nth: int | None = None
    lines: tuple[Line, ...] = ()
    live: bool = True
    campaign: str = ""
