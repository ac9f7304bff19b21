"""The coupon codes of a batch of mails that is about to be composed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regulars.content.tokens import MessageRef
from regulars.loyalty.coupons import BoundCode


@dataclass(frozen=True, slots=True)
class Bound:
    """`missing`: how many found no code. Whoever is in `codes` has one; of the others the claim was lost meanwhile, or they are missing one."""

    codes: Mapping[MessageRef, BoundCode] = field(default_factory=dict)
    missing: int = 0
