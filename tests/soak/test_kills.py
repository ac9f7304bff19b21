"""Workers are killed in the middle of sending, the network fails, and the sink's log is asked who got what."""

import pytest

from tests.soak.faults import BAD_DAY
from tests.soak.fleet import Fleet
from tests.soak.shop import Shop
from tests.soak.siege import besiege
from tests.soak.sink import running_sink

SHORT = {"connections": 4, "dot_timeout": 3, "lease": 5}  # what a killed worker held comes free in seconds
PEOPLE = 3_000
KILLS = 8
PATIENCE = 120  # seconds; several times what it takes

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
def sink(tmp_path):
    with running_sink(tmp_path / "sink", BAD_DAY) as sink:
        yield sink


@pytest.fixture
def under_fire(postgres_database, redis_server, sink, tmp_path):
    """Sends to everybody while workers are killed."""
    def under_fire(on_uncertain, **settings):
        surroundings = {"REGULARS_BROKER_URL": redis_server.url, "REGULARS_MAIL_URL": sink.url(**SHORT), **settings}
        shop = Shop.opened(tmp_path, postgres_database, PEOPLE, on_uncertain=on_uncertain, **surroundings)
        with Fleet(shop, sink.port, size=3) as fleet:
            return besiege(shop, fleet, sink, kills=KILLS, seconds=PATIENCE)

    return under_fire


def test_nobody_is_lost_and_every_second_copy_is_flagged(under_fire):
    account = under_fire("resend")

    assert account.verdict.broken == {}
    assert account.broken_promises == []
    assert account.left_over == []
    assert account.kills == KILLS
    assert account.verdict.flagged <= account.bound
