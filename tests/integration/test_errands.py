"""Errands on real databases: claimed by one, tried until they are answered, found again after a crash."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from sqlalchemy import select, update

from regulars.adapters.database.automations import AutomationsInDatabase
from regulars.adapters.database.engine import Database
from regulars.adapters.database.errands import ErrandsInDatabase
from regulars.adapters.database.schema import errands
from regulars.audience.only_to import OnlyTo
from regulars.definition.automation import Notify, Webhook
from regulars.delivery.errands import Answer, settled
from regulars.operations.diagnosis import SAID_FOR, Health, judge_errands
from regulars.operations.run_errands import ErrandDesk, run_errands
from tests.integration.launching import ShopFloor
from tests.journeying import NOW, campaign, happening, people, put_live, tell, turn


@dataclass
class Hook:
    """Answers as it is told, and remembers who came."""

    answers: list[Answer] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.heard.append(headers["Regulars-Errand"])
        return self.answers.pop(0) if self.answers else Answer(taken=True, words="HTTP 204")


@pytest.fixture
def floor(database: Database) -> ShopFloor:
    return ShopFloor(database)


def desk_of(floor: ShopFloor, hook: Hook, **office: object) -> ErrandDesk:
    return ErrandDesk(ErrandsInDatabase(floor.database), hook, AutomationsInDatabase(floor.database), replace(floor.office(), **office))


def asked_for(database: Database, *steps: object, count: int = 1) -> None:
    ids = people(database, *(f"p{number}" for number in range(count)))
    put_live(database, campaign(*(steps or (Webhook("crm", "https://crm.example/hook"),))))
    tell(database, [happening(each) for each in ids])
    turn(database, NOW)


def run(desk: ErrandDesk) -> int:
    return run_errands(desk, lambda: True)


def rows(database: Database) -> list[tuple[object, ...]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(errands.c.state, errands.c.attempts, errands.c.answer).order_by(errands.c.id))]


def test_a_webhook_is_posted_once(floor: ShopFloor) -> None:
    asked_for(floor.database)
    hook = Hook()
    assert ErrandsInDatabase(floor.database).is_due(floor.clock.now())
    assert [run(desk_of(floor, hook)), run(desk_of(floor, hook))] == [1, 0]
    assert rows(floor.database) == [("done", 1, "HTTP 204")]
    assert not ErrandsInDatabase(floor.database).is_due(floor.clock.now())


def test_it_is_tried_again_later(floor: ShopFloor) -> None:
    asked_for(floor.database)
    hook = Hook([Answer(taken=False, words="HTTP 500")])
    desk = desk_of(floor, hook)
    assert [run(desk), run(desk)] == [1, 0]
    assert rows(floor.database) == [("pending", 1, "HTTP 500")]
    floor.wait(minutes=2)
    assert run(desk) == 1
    assert rows(floor.database) == [("done", 2, "HTTP 204")]


def test_a_note_reaches_the_team(floor: ShopFloor) -> None:
    asked_for(floor.database, Notify("team", "team@example.com"))
    assert run(desk_of(floor, Hook())) == 1
    [mail] = floor.transport.mailbox
    assert (mail.envelope_to, b"p0@example.com" in mail.content) == ("team@example.com", True)
    assert rows(floor.database)[0][:2] == ("done", 1)


def test_a_note_to_nobody_who_is_welcome_is_not_sent(floor: ShopFloor) -> None:
    asked_for(floor.database, Notify("team", "team@example.com"))
    run(desk_of(floor, Hook(), only_to=OnlyTo(("*@shop.example",))))
    assert rows(floor.database) == [("failed", 1, "team@example.com is not in REGULARS_ONLY_TO")]
    assert floor.transport.mailbox == []


def test_eight_workers_post_each_once(floor: ShopFloor) -> None:
    asked_for(floor.database, count=30)
    hook = Hook()
    desk = desk_of(floor, hook)
    with ThreadPoolExecutor(8) as pool:
        tried = list(pool.map(lambda _: run(desk), range(8)))
    assert sum(tried) + run(desk) == 30
    assert set(Counter(hook.heard).values()) == {1}


def test_what_a_killed_worker_left_is_done_by_the_next(floor: ShopFloor) -> None:
    asked_for(floor.database)
    store = ErrandsInDatabase(floor.database)
    assert store.claim(120, floor.clock.now())
    hook = Hook()
    assert run(desk_of(floor, hook)) == 0, "it is leased"
    let_leases_run_out(floor.database)
    assert run(desk_of(floor, hook)) == 1
    assert rows(floor.database) == [("done", 1, "HTTP 204")]


def test_who_has_lost_an_errand_has_no_say_about_it(floor: ShopFloor) -> None:
    asked_for(floor.database)
    store, now = ErrandsInDatabase(floor.database), floor.clock.now()
    lost = store.claim(120, now)
    let_leases_run_out(floor.database)
    mine = store.claim(120, now)

    store.settle(settled(lost, Answer(taken=False, words="late"), now, 0))
    assert rows(floor.database) == [("pending", 0, None)]
    store.settle(settled(mine, Answer(taken=True, words="HTTP 200"), now, 0))
    assert rows(floor.database) == [("done", 1, "HTTP 200")]


def test_the_doctor_tells_what_was_given_up_of_each_step(floor: ShopFloor) -> None:
    asked_for(floor.database, count=3)
    errands_ = ErrandsInDatabase(floor.database)
    week_ago = floor.clock.now() - SAID_FOR
    assert judge_errands(errands_.given_up(week_ago))[0] is Health.WELL
    gone = Answer(taken=False, words="HTTP 410", for_good=True)
    run(desk_of(floor, Hook([gone, Answer(taken=True, words="HTTP 200"), gone])))

    health, said, _ = judge_errands(errands_.given_up(week_ago))
    assert (health, said) == (Health.DOUBTFUL, "webhook of welcome, step crm: 2 given up, the last one said HTTP 410")
    assert errands_.given_up(floor.clock.now() + SAID_FOR) == []


def let_leases_run_out(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(errands).values(lease_until=datetime.fromisoformat("2020-01-01T00:00:00+00:00")))
