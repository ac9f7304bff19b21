"""A launch under fire: workers send, the killer shoots, time passes faster, until every message has its end."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import delete, update

from regulars.adapters.broker import BrokerBell
from regulars.adapters.database.schema import messages, slowdowns
from regulars.delivery.life import State
from tests.soak.fleet import Fleet
from tests.soak.judgement import Verdict, bound, judge, most_open
from tests.soak.shop import LONG_AGO, Shop
from tests.soak.sink import Sink

LOOK_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Account:
    """What one siege came to; `bound`: how many messages may be of unknown fate."""

    name: str
    seconds: float
    kills: int
    verdict: Verdict
    bound: int
    most_open: int
    broken_promises: list[str]
    left_over: list[int]

    @property
    def rate(self) -> float:
        return self.verdict.messages / self.seconds

    @property
    def held(self) -> int:
        return self.verdict.states.get("held", 0)


def besiege(shop: Shop, fleet: Fleet, sink: Sink, *, kills: int, seconds: float, name: str = "") -> Account:
    """Launches `hello`, shoots so many workers while they send, and waits for the end, at most `seconds`."""
    began = time.monotonic()
    shop.run("launch", "hello", "--yes")
    _shoot_workers(fleet, shop, kills=kills, until=began + seconds)
    return finished(name, began, shop, fleet, sink, until=began + seconds)


def finished(name: str, began: float, shop: Shop, fleet: Fleet, sink: Sink, *, until: float) -> Account:
    """Waits for the end of the launch, sends the workers home, and settles."""
    _wait_for_the_end(shop, fleet, until=until)
    return _account(name, time.monotonic() - began, shop, fleet, sink)


def _shoot_workers(fleet: Fleet, shop: Shop, *, kills: int, until: float) -> None:
    while len(fleet.kills) < kills and time.monotonic() < until and shop.launch_state()[0] == "sending":
        fleet.breathe()
        fleet.shoot_one_that_sends()
        _let_time_pass(shop)


def _wait_for_the_end(shop: Shop, fleet: Fleet, *, until: float) -> None:
    while shop.launch_state()[0] == "sending":
        assert time.monotonic() < until, f"the launch does not end: {judge(shop.rows(), []).states}\n{fleet.log}"
        time.sleep(LOOK_EVERY)
        _let_time_pass(shop)
    assert shop.launch_state()[0] == "finished", (shop.launch_state(), fleet.log)


def _account(name: str, seconds: float, shop: Shop, fleet: Fleet, sink: Sink) -> Account:
    fleet.stop()
    events = sink.events()
    assert not any(event.kind == "out_of_step" for event in events)
    return Account(
        name, seconds, len(fleet.kills), judge(shop.rows(), sink.copies()), bound(fleet.kills, events), most_open(events),
        shop.broken_promises(), fleet.left_over(),
    )


def _let_time_pass(shop: Shop) -> None:
    """Whoever waits for a second attempt or for a domain's slow-down has waited long enough; nothing else is touched."""
    with shop.database.write() as connection:
        connection.execute(delete(slowdowns))
        waiting = (messages.c.state == State.PENDING.value, messages.c.attempts > 0, messages.c.next_attempt_at > LONG_AGO)
        released = connection.execute(update(messages).where(*waiting).values(next_attempt_at=LONG_AGO)).rowcount
    if released and (broker := shop.settings.get("REGULARS_BROKER_URL")):
        BrokerBell(broker).ring(1)  # the sweep would find them too, some seconds later
