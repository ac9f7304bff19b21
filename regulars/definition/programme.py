"""Offers and the referral programme as values: what codes are worth, and what bringing a friend is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from regulars.definition.conditions import Condition
from regulars.definition.quantities import Duration, Money

NOTHING: Mapping[Any, Any] = MappingProxyType({})


class RewardKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"
    PRODUCT = "product"    # something in kind, in words
    DONATION = "donation"  # an amount that somebody else gets


@dataclass(frozen=True, slots=True)
class Reward:
    """`words`: as the file has it and mails print it. `amounts`: one for each currency of AMOUNT and DONATION."""

    kind: RewardKind
    words: str
    percent: Decimal | None = None
    amounts: tuple[Money, ...] = ()

    def __str__(self) -> str:
        return self.words


class Made(StrEnum):
    """Where the codes of an offer come from."""

    HERE = "here"
    IMPORTED = "imported"
    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"


@dataclass(frozen=True, slots=True)
class Offer:
    """`code`: of a static one, the same for everybody; None: each message has a unique one. `minimum`: one for each currency.
    `valid_for`: from the moment the code is bound to its message; `valid_until`: a day of the shop, the last one."""

    name: str
    reward: Reward
    minimum: tuple[Money, ...] = ()
    valid_for: Duration | None = None
    valid_until: date | None = None
    code: str | None = None
    prefix: str = ""                      # of generated codes
    made_in: Made = Made.HERE
    once: bool = True                     # a unique code can be used once

    @property
    def is_unique(self) -> bool:
        return self.code is None


@dataclass(frozen=True, slots=True)
class ReferralProgramme:
    """What a friend and their advocate get. `by_segment`: advocates of these segments get more, the first that fits wins.

    `after`: which order of the friend counts ("first order"). `confirmed_after`: the refund window; an order that is returned
    within it earns nothing. `minimum`: of the friend's order. `milestones`: so many confirmed friends -> an extra.
    `expires_after`: a reward that is not used by then is void. `cap`: at most so many rewarded friends an advocate in `cap_per`.
    """

    friend: Reward
    advocate: Reward
    after: str = "first order"
    by_segment: Mapping[str, Reward] = field(default_factory=lambda: NOTHING)
    segments: Mapping[str, Condition] = field(default_factory=lambda: NOTHING)  # those of by_segment, where it was frozen
    confirmed_after: Duration = field(default_factory=lambda: Duration(seconds=14 * 86_400))
    minimum: tuple[Money, ...] = ()
    milestones: Mapping[int, Reward] = field(default_factory=lambda: NOTHING)
    expires_after: Duration | None = None
    cap: int | None = None
    cap_per: Duration | None = None
