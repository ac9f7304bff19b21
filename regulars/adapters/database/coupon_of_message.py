"""The code that a message shows, for whoever composes it again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_

from regulars.adapters.database.schema import coupons, messages
from regulars.loyalty.coupons import BoundCode

CODE = (coupons.c.code.label("coupon"), coupons.c.valid_until.label("coupon_until"))


def coupon_of_message() -> ColumnElement[bool]:
    """For an outer join: most messages have none."""
    return and_(coupons.c.launch_id == messages.c.launch_id, coupons.c.number == messages.c.number)


def code_in(row: Any) -> BoundCode | None:
    return None if row.coupon is None else BoundCode(row.coupon, row.coupon_until)
