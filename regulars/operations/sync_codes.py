"""Tells a shop which codes it must accept, and remembers what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.definition.programme import Offer
from regulars.operations.ports import Coupons, Progress, ShopCodes


@dataclass(frozen=True, slots=True)
class Synced:
    """`refused`: code -> why the shop does not take it; such a code is void."""

    told: int
    refused: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        return {"synced": self.told, "refused": [{"code": code, "reason": why} for code, why in sorted(self.refused.items())]}


def sync_codes(offer: Offer, coupons: Coupons, there: ShopCodes, now: datetime, progress: Progress) -> Synced:
    """Tells the shop every code that it does not know. Each batch is marked before the next one, so whoever is interrupted goes on."""
    told, refused = 0, dict[str, str]()
    total = coupons.stock(offer.name).unsynced
    for page in coupons.codes(offer.name, unsynced=True):
        for start in range(0, len(page), there.most):
            batch = page[start:start + there.most]
            answers = there.put(offer, batch)
            told += coupons.mark_synced([code for code in batch if answers.get(code, "") is None], now)
            for code, why in answers.items():
                if why is not None:
                    coupons.void(code, why, now)
                    refused[code] = why
            progress(told + len(refused), max(total, told + len(refused)))
    return Synced(told, refused)
