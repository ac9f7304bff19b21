"""Each promise about codes is really watched: break it by hand, and it is named."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, update

from regulars.adapters.database.coupon_invariants import COUPON_INVARIANTS
from regulars.adapters.database.invariants import violations
from regulars.adapters.database.schema import coupon_entries, coupon_reservations, coupons, messages
from tests.integration.launching import NOW, add_customers
from tests.integration.offering import OfferFloor

MINE = coupons.c.number == 1
BROKEN = {
    "a code is bound to a message that may still arrive, or has": update(messages).where(messages.c.number == 1).values(state="skipped", reason="x"),
    "a free code is in nobody's hands": update(coupons).where(MINE).values(state="free"),
    "a bound code has its message and its customer": update(coupons).where(MINE).values(customer_id=None),
    "the ledger says who has a code": update(coupons).where(MINE).values(state="free", launch_id=None, number=None, customer_id=None),
    "the ledger says whether a code was used": update(coupons).where(MINE).values(state="redeemed"),
    "every code has a ledger": delete(coupon_entries),
    "an order uses a code once": insert(coupon_entries).values(
        [{"code_folded": "x", "entry": "redeemed", "at": NOW, "order_id": "A"}, {"code_folded": "x", "entry": "redeemed", "at": NOW, "order_id": "A"}]
    ),
    "a launch that has ended reserves no codes": insert(coupon_reservations).values(launch_id=1, offer="x", quantity=1, at=NOW),
}


@pytest.mark.breaks_promises
@pytest.mark.parametrize("promise", COUPON_INVARIANTS)
def test_a_broken_promise_is_named(database, promise):
    floor = OfferFloor(database)
    add_customers(database, 2)
    floor.drain(floor.launch().id)
    with database.read() as connection:
        assert violations(connection) == []

    with database.write() as connection:
        connection.execute(BROKEN[promise])

    with database.read() as connection:
        assert any(sentence.startswith(promise) for sentence in violations(connection))
