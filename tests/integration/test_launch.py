"""From plan to mailbox on both databases: the funnel adds up, and every message ends where it should."""

import pytest
from sqlalchemy import func, select

from regulars.adapters.database.schema import attempts, audience, messages
from regulars.delivery.outcomes import Outcome
from tests.integration.launching import ShopFloor, add_customers


@pytest.fixture
def floor(database):
    return ShopFloor(database)


def test_a_launch_sends_each_mail_once(floor):
    ids = add_customers(floor.database, 5)
    launch = floor.launch()
    floor.drain(launch.id)

    assert floor.states(launch.id) == {"accepted": 5}
    assert sorted(mail.envelope_to for mail in floor.transport.mailbox) == sorted(f"c{n}@example.com" for n in ids)
    assert floor.launches.get(launch.id).state == "finished"
