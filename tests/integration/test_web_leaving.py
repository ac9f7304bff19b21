"""Leaving the list: only a deliberate post does it, it is stored or it is not claimed, and twice is fine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import consents, customers
from regulars.content.tokens import Purpose, token
from regulars.doors.web.app import make_app
from tests.web import BROWSER, Shop

pytestmark = pytest.mark.breaks_promises  # its messages are rows made by hand, without an audience


@pytest.fixture
def shop(database: Database, tmp_path: Path, now: datetime) -> Shop:
    return Shop(database, tmp_path, now)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with TestClient(make_app(shop.house), follow_redirects=False, headers={"user-agent": BROWSER}) as client:
        yield client


def ledger(shop: Shop) -> list[tuple[str, str, str]]:
    with shop.database.read() as connection:
        return [tuple(row) for row in connection.execute(select(consents.c.purpose, consents.c.state, consents.c.source))]


def test_the_link_asks_in_the_mails_language_and_shows_a_masked_address_only(shop: Shop, client: TestClient) -> None:
    turkish, azeri = (client.get(shop.page(Purpose.UNSUBSCRIBE, number)).text for number in (1, 2))

    assert 'lang="tr"' in turkish
    assert "abonelikten çık" in turkish
    assert 'lang="az"' in azeri
    assert "a***@shop.example" in turkish
    assert "ada1@" not in turkish


def test_asking_a_hundred_times_unsubscribes_nobody(shop: Shop, client: TestClient) -> None:
    for _ in range(50):
        client.get(shop.page(Purpose.UNSUBSCRIBE))
        client.head(shop.page(Purpose.UNSUBSCRIBE))

    assert shop.customer().marketing == "granted"
    assert shop.events("id") == []


def test_the_page_unsubscribes(shop: Shop, client: TestClient) -> None:
    answer = client.post(shop.page(Purpose.UNSUBSCRIBE), data={"sure": "yes"})

    assert answer.status_code == 200
    assert "Abonelikten çıktınız" in answer.text
    assert (shop.customer().marketing, shop.customer().marketing_at) == ("withdrawn", shop.clock.now())
    assert ledger(shop) == [("marketing", "withdrawn", "page")]
    assert shop.message().unsubscribed_at == shop.clock.now()
    assert shop.events("kind", "verdict") == [("email.unsubscribed", "human")]


@pytest.mark.parametrize("body", [
    {"content": "List-Unsubscribe=One-Click", "headers": {"content-type": "application/x-www-form-urlencoded"}},
    {"files": {"List-Unsubscribe": (None, "One-Click")}},
], ids=["urlencoded", "multipart"])
def test_mail_programs_unsubscribe_in_one_click(shop: Shop, client: TestClient, body: dict) -> None:
    answer = client.post(shop.page(Purpose.UNSUBSCRIBE), **{**body, "headers": {"user-agent": "", **body.get("headers", {})}})

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert shop.customer().marketing == "withdrawn"
    assert ledger(shop) == [("marketing", "withdrawn", "one-click")]


def test_unsubscribing_twice_is_fine(shop: Shop, client: TestClient) -> None:
    answers = [client.post(shop.page(Purpose.UNSUBSCRIBE), data={"sure": "yes"}).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert len(ledger(shop)) == 1
    assert len(shop.events("id")) == 1


def test_who_came_back_can_leave_again_by_an_old_mail(shop: Shop, client: TestClient) -> None:
    client.post(shop.page(Purpose.UNSUBSCRIBE), data={"sure": "yes"})
    shop.clock.moment += timedelta(days=3)
    with shop.database.write() as connection:
        connection.execute(update(customers).values(marketing="granted", marketing_at=shop.clock.now()))
    shop.clock.moment += timedelta(days=3)
    client.post(shop.page(Purpose.UNSUBSCRIBE), data={"sure": "yes"})

    assert shop.customer().marketing == "withdrawn"
    assert len(ledger(shop)) == 2


@pytest.mark.parametrize("body", [b"", b"{}", b"sure=no", b"List-Unsubscribe=Two-Click", b"\xff\xfe", b"--x\r\n\r\n"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "a/b", ""])
def test_a_post_that_says_neither_asks_again(sqlite_database: Database, tmp_path: Path, now: datetime, body: bytes, kind: str) -> None:
    shop = Shop(sqlite_database, tmp_path, now)
    with TestClient(make_app(shop.house)) as client:
        answer = client.post(shop.page(Purpose.UNSUBSCRIBE), content=body, headers={"content-type": kind})

    assert answer.status_code == 200
    assert "<form" in answer.text
    assert shop.customer().marketing == "granted"


def test_a_token_of_another_door_does_not_unsubscribe(shop: Shop, client: TestClient) -> None:
    for purpose in (Purpose.OPEN, Purpose.CLICK, Purpose.VIEW, Purpose.PREFERENCES):
        signed = token(shop.ring.newest, purpose, shop.ref())

        assert client.post(f"/u/{signed}", data={"sure": "yes"}).headers["location"] == "https://kahve.example/?lang=tr"
    assert shop.customer().marketing == "granted"


def test_the_preferences_page_offers_to_leave(shop: Shop, client: TestClient) -> None:
    assert "<form" in client.get(shop.page(Purpose.PREFERENCES, 3)).text

    assert client.post(shop.page(Purpose.PREFERENCES, 3), data={"sure": "yes"}).status_code == 200
    assert shop.customer(3).marketing == "withdrawn"
    assert shop.customer(1).marketing == "granted"
