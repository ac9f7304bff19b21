"""Feeds pulled from a real server: the first pull is history, and from then on what is new happens now."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.feeds import FeedsInDatabase
from regulars.adapters.database.intake import IntakeBookInDatabase
from regulars.adapters.database.orders import Orders
from regulars.adapters.database.people import PeopleInDatabase
from regulars.adapters.database.products import CatalogueInDatabase
from regulars.adapters.database.schema import customers, events, intakes, orders, product_changes
from regulars.adapters.database.suppressions import SuppressionsInDatabase
from regulars.adapters.feed_files import HttpFeedDoor
from regulars.adapters.row_spool import DiskSpool
from regulars.definition.feeds import Feed
from regulars.definition.quantities import Duration
from regulars.errors import RegularsError
from regulars.operations.diagnosis import Health, judge_feeds
from regulars.operations.pull_feeds import FeedDesk, Pulled, pull_due, pull_now
from tests.commands import Regulars, until, workspace_in
from tests.feed_server import FeedServer, feed_server, status
from tests.journeying import campaign, put_live, send, standing, wait
from tests.shops import NOW, RATES, a_shop

HEADER = "order_id,ordered_at,email,sku,unit_price,status,paid_at,cancelled_at\n"
OLD = "A,2026-11-20 10:00,ada@mail.example,GUJI,250.00,paid,,\n"
HOUR = Duration(seconds=3_600)


@pytest.fixture
def server():
    with feed_server() as told:
        told.tell(HEADER + OLD)
        yield told


@dataclass
class Shop:
    database: Database
    server: FeedServer
    kind: str = "orders"
    token: str = ""
    live: bool = True
    moment: datetime = NOW
    tokens: dict[str, str] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.moment

    @property
    def shop(self):
        return a_shop(sources={self.kind: Feed(self.kind, self.server.url, HOUR, self.token, self.live)})

    @property
    def desk(self) -> FeedDesk:
        return FeedDesk(
            FeedsInDatabase(self.database), HttpFeedDoor(loopback=True), self.tokens, lambda: self.shop, lambda _: RATES,
            IntakeBookInDatabase(self.database, lambda: self.shop.scoring), Orders(self.database, self.shop.scoring), PeopleInDatabase(self.database),
            SuppressionsInDatabase(self.database), CatalogueInDatabase(self.database), DiskSpool, self,
        )

    def pull(self, later: float = 1) -> Pulled | None:
        """What is due so many hours later; None when nothing was."""
        self.moment += timedelta(hours=later)
        found = pull_due(self.desk, lambda: True)
        return found[0] if found else None

    def count(self, table, *conditions: Any) -> int:
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(table).where(*conditions))


@pytest.fixture
def shop(database: Database, server: FeedServer) -> Shop:
    made = Shop(database, server)
    put_live(database, campaign(wait("w"), send("a")))
    return made


def row(order_id: str, at: str, email: str = "new@mail.example", rest: str = "GUJI,250.00,paid,,") -> str:
    return f"{order_id},{at},{email},{rest}\n"


def test_the_first_pull_is_history_and_new_orders_start_what_they_start(shop):
    first = shop.pull()
    shop.server.tell(HEADER + OLD + row("B", "2026-11-20 13:30"))
    second = shop.pull()

    assert (first.imported.imported, first.begun) == (1, 0)
    assert "the first time, so nothing starts" in first.outcome
    assert (second.imported.imported, second.imported.unchanged, second.begun) == (1, 1, 1)
    with shop.database.read() as connection:
        assert dict(connection.execute(select(orders.c.order_id, orders.c.origin)).all()) == {"A": "imported", "B": "live"}


def test_the_same_orders_again_are_left_alone_however_the_file_is_written(shop):
    shop.pull()
    shop.server.tell(HEADER + OLD + row("B", "2026-11-20 13:30") + row("C", "2026-11-20 13:31", "c@mail.example", "GUJI,250.00,pending,,"))
    shop.pull()
    calls = shop.count(intakes)
    shop.server.tell(HEADER + row("C", "2026-11-20 13:31", "c@mail.example", "GUJI,250.00,pending,,") + row("B", "2026-11-20 13:30") + OLD)
    again = shop.pull()

    assert (again.imported.unchanged, again.imported.imported, again.begun, shop.count(intakes)) == (3, 0, 0, calls)


def test_an_order_that_is_paid_cancelled_and_written_as_it_was_ends_as_the_file_has_it(shop):
    shop.pull()
    states = ["GUJI,250.00,pending,,", "GUJI,250.00,paid,,", "GUJI,250.00,cancelled,,", "GUJI,250.00,paid,,"]
    begun = []
    for rest in states:
        shop.server.tell(HEADER + OLD + row("B", "2026-11-20 12:30", rest=rest))
        begun.append(shop.pull().begun)

    assert begun == [0, 1, 0, 0]
    with shop.database.read() as connection:
        assert connection.scalar(select(orders.c.status).where(orders.c.order_id == "B")) == "paid"


def test_nothing_is_asked_before_its_time_and_nothing_is_read_that_has_not_changed(shop):
    shop.pull()
    assert shop.pull(later=0.5) is None
    assert shop.pull(later=0.6).outcome == "nothing new"
    assert len(shop.server.asked) == 2


def test_a_failing_feed_is_tried_again_and_told_by_the_doctor(shop):
    shop.pull()
    shop.server.answer = status(500)
    failure = shop.pull()
    states = shop.desk.feeds.all()

    assert failure.problem == "127.0.0.1 answered HTTP 500"
    assert states[0].failing_since == shop.moment
    assert judge_feeds(shop.shop.sources, states, shop.moment, start="regulars up")[0] is Health.ILL
    assert shop.pull(later=0.02) is None
    shop.server.answer = None
    assert shop.pull(later=0.1).outcome == "nothing new"
    assert judge_feeds(shop.shop.sources, shop.desk.feeds.all(), shop.moment, start="regulars up")[0] is Health.WELL
    assert judge_feeds(shop.shop.sources, shop.desk.feeds.all(), shop.moment + timedelta(hours=5), start="regulars up")[1] == "nobody pulls orders"


def test_another_address_is_another_history(shop):
    shop.pull()
    with feed_server() as other:
        other.tell(HEADER + row("B", "2026-11-20 13:30"))
        shop.server = other

        assert shop.pull(later=0.1).begun == 0
    assert shop.count(orders) == 2


def test_a_feed_that_is_not_live_never_starts_anything(shop):
    shop.live = False
    shop.pull()
    shop.server.tell(HEADER + OLD + row("B", "2026-11-20 13:30"))

    assert (shop.pull().begun, shop.count(orders)) == (0, 2)


def test_a_missing_token_is_said_and_a_given_one_is_sent(shop):
    shop.token = "REGULARS_FEED_TOKEN"
    assert shop.pull().problem == "REGULARS_FEED_TOKEN is not set"
    shop.tokens["REGULARS_FEED_TOKEN"] = "hunter2"
    shop.pull()

    assert shop.server.asked[0]["authorization"] == "Bearer hunter2"


def test_many_who_pull_at_once_pull_once(shop):
    def pull(_: int) -> int:
        return len(pull_due(shop.desk, lambda: True))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(pull, range(4))) == 1
    assert len(shop.server.asked) == 1


def test_a_pull_that_is_stopped_is_done_again(shop):
    shop.pull()
    shop.server.tell(HEADER + OLD + row("B", "2026-11-20 13:30"))
    shop.moment += timedelta(hours=1)
    answers = iter([True])
    [stopped] = pull_due(shop.desk, lambda: next(answers, False))

    assert stopped.outcome == "stopped"
    assert pull_due(shop.desk, lambda: True)[0].imported.read == 2
    assert (shop.count(orders), len(standing(shop.database))) == (2, 1)


def test_who_was_killed_while_pulling_leaves_the_feed_to_others_when_the_lease_is_over(shop):
    assert shop.desk.feeds.claim("orders", shop.server.url, -1, NOW) is not None

    assert shop.pull() is not None
    held = shop.desk.feeds.claim("orders", shop.server.url, 900, NOW, early=True)
    assert held is not None
    with pytest.raises(RegularsError, match="is being pulled by another process"):
        pull_now(shop.desk, shop.shop, "orders", lambda: True)
    shop.desk.feeds.settle(replace(held, fence=held.fence - 1, outcome="late"))
    assert shop.desk.feeds.all()[0].outcome != "late"


def test_customers_of_a_feed_agree_and_leave_and_bounce(shop):
    shop.kind = "customers"
    shop.server.tell("email,consent,suppressed\nada@mail.example,,\n")
    shop.pull()
    shop.server.tell("email,consent,suppressed\nada@mail.example,yes,\nben@mail.example,,bounce\n")
    second = shop.pull()
    shop.server.tell("email,consent,suppressed\nada@mail.example,yes,\nben@mail.example,,bounce\nno address,,\n")
    third = shop.pull()

    assert (second.imported.imported, third.imported.imported, third.imported.unchanged, third.imported.rejected_count) == (2, 0, 2, 1)
    assert (shop.count(customers, customers.c.marketing == "granted"), len(SuppressionsInDatabase(shop.database).all())) == (1, 1)


def test_prices_that_drop_in_a_feed_are_noted_for_those_who_wait(shop):
    shop.kind = "products"
    for price, changes in (("300.00", 0), ("250,00", 1), ("250.00", 1)):
        shop.server.tell(f"sku;name;price\nGUJI;Guji;{price}\n")
        shop.pull()

        assert shop.count(product_changes) == changes


def test_a_shop_s_own_export_is_known_and_its_bad_rows_are_told(shop):
    shop.server.tell("Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price\n#1,ada@mail.example,paid,2026-11-20 10:00:00 +0300,1,Guji,250.00\n#2,,paid,2026-11-20 10:00:00 +0300,1,Guji,250.00\n")
    pulled = shop.pull()

    assert pulled.imported.read_as == ("taken for Shopify's orders export",)
    assert "1 rejected (line 3: email is empty)" in pulled.outcome
    assert shop.count(events, events.c.kind == "order.placed") == 1


def test_the_commands(tmp_path, server):
    shop = Regulars(workspace_in(tmp_path), {"REGULARS_DATABASE_URL": "", "REGULARS_FEED_TOKEN": "hunter2"})
    text = (tmp_path / "regulars.yaml").read_text(encoding="utf-8")
    shop.write("regulars.yaml", text + f"\nsources: {{orders: {{url: {server.url}, every: 1 hour, token: REGULARS_FEED_TOKEN}}}}\n")

    assert shop("sources", "list", "--json").json["sources"][0] | {"url": ""} == {
        "name": "orders", "url": "", "every": "1 hour", "live": True, "pulled_at": None, "next_at": None, "failing_since": None, "outcome": None}
    assert shop("sources", "pull", "orders", "--json").json["rows"]["imported"] == 1
    assert "orders" in shop("sources", "list").out
    assert 'there is no source "prders"' in shop("sources", "pull", "prders", code=2).err
    server.answer = status(503)
    assert "127.0.0.1 answered HTTP 503" in shop("sources", "pull", "orders", code=3).err
    said = shop("doctor", "--json", code=3).json["checks"]
    assert [(each["state"], each["detail"].partition(" since")[0]) for each in said if each["name"] == "sources"] == [("bad", "orders fails")]


def test_up_pulls_what_is_due(tmp_path, server):
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    shop = Regulars(workspace_in(tmp_path), {"REGULARS_BASE_URL": f"http://127.0.0.1:{port}"})
    text = (tmp_path / "regulars.yaml").read_text(encoding="utf-8")
    shop.write("regulars.yaml", text + f"\nsources: {{orders: {{url: {server.url}, every: 1 hour}}}}\n")

    with shop.door("up"):
        until(lambda: shop.ask("SELECT outcome FROM feeds") not in ([], [(None,)]), "the pull")
        assert shop.ask("SELECT order_id, origin FROM orders") == [("A", "imported")]
