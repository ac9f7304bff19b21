"""From when until when an order counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regulars.loyalty.counting import counting

ORDERED, PAID, CANCELLED = (datetime(2026, 5, day, tzinfo=UTC) for day in (1, 2, 3))


@pytest.mark.parametrize(("told", "expected"), [
    ({}, (ORDERED, None)),
    ({"status": "paid"}, (ORDERED, None)),
    ({"paid_at": PAID}, (PAID, None)),
    ({"status": "Pending"}, (None, None)),
    ({"status": "on-hold", "paid_at": PAID}, (PAID, None)),
    ({"status": "cancelled"}, (None, None)),
    ({"status": "VOIDED"}, (None, None)),
    ({"cancelled_at": CANCELLED}, (ORDERED, CANCELLED)),
    ({"status": "cancelled", "cancelled_at": CANCELLED}, (ORDERED, CANCELLED)),
    ({"paid_at": CANCELLED, "cancelled_at": PAID}, (None, None)),
    ({"refunded": 99}, (ORDERED, None)),
    ({"refunded": 100}, (None, None)),
    ({"total": 0, "refunded": 0}, (ORDERED, None)),
    ({"total": -100, "status": "cancelled"}, (ORDERED, None)),
])
def test_an_order_counts(told, expected):
    given = {"total": 100, "status": None, "paid_at": None, "cancelled_at": None, "refunded": None, **told}

    assert counting(ORDERED, **given) == expected
