"""Pace: what holds workers back, and how each asks for leave to claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from regulars.definition.relays import DEFAULT_RELAY, Relay
from regulars.definition.workspace import Shop
from regulars.delivery.lanes import Lanes
from regulars.delivery.routes import relays_of
from regulars.delivery.slowdowns import SlowDown
from regulars.operations.ports import Buckets, Quotas, SlowDowns


@dataclass(frozen=True, slots=True)
class Pace:
    """`shop`: regulars.yaml as it is now, so that who edits it slows down a launch that runs; None where it cannot be
    read, and then the launch's own holds. `pause` waits so many seconds; `patience`: how many a turn waits for leave."""

    buckets: Buckets
    quotas: Quotas
    slowdowns: SlowDowns
    shop: Callable[[], Shop | None]
    pause: Callable[[float], None]
    patience: float = 5.0

    def shop_or(self, frozen: Shop) -> Shop:
        return self.shop() or frozen

    def slow_down(self, relay: str | None, domain: str, reason: str, now: datetime, frozen: Shop | None = None) -> SlowDown:
        """Of this domain, or of its whole group, at this relay alone (None: the only one)."""
        shop = self.shop() or frozen
        lanes = Lanes(shop.relays if shop else {})
        return self.slowdowns.slow_down(relay or DEFAULT_RELAY, lanes.patience_of(domain), reason, now)


def rules(shop: Shop, name: str) -> Relay:
    """What holds for this relay; nothing for one that the files do not know any more."""
    known: Mapping[str, Relay] = relays_of(shop.relays, shop.warm_up)
    return known.get(name) or Relay(name, warm_up=shop.warm_up)
