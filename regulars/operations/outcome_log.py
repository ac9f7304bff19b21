"""One line an outcome for whoever reads logs: which message, how far it came, what the relay's code was; never to whom."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from regulars.delivery.life import State
from regulars.delivery.settlement import Settlement

log = logging.getLogger("regulars.outcomes")


def tell_outcomes(ended: Iterable[Settlement], now: datetime) -> None:
    """Costs nothing unless somebody listens. Called after the commit: what is told is durable."""
    if log.isEnabledFor(logging.INFO):
        for settlement in ended:
            if settlement.attempt is None and settlement.state is State.PENDING:
                continue  # given back: nothing was tried
            log.info("outcome", extra={"fields": fields_of(settlement, now)})


def fields_of(settlement: Settlement, now: datetime) -> dict[str, Any]:
    """`attempt`: the fence, so that a line can be found among the attempts. The relay's words are left out: they may name the customer."""
    said = settlement.attempt
    fields: dict[str, Any] = {
        "launch": settlement.ref.launch, "number": settlement.ref.number, "state": settlement.state.value,
        "attempt": settlement.fence, "lane": settlement.lane or None,
    }
    if said is not None:
        fields |= {"phase": said.phase.value, "code": said.code, "enhanced": said.enhanced, "relay": said.relay, "advice": settlement.advice}
    if settlement.started_at is not None:
        fields["ms"] = max(round((now - settlement.started_at).total_seconds() * 1000), 0)
    return {name: value for name, value in fields.items() if value is not None}
