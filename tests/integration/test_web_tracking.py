"""What links in mails do: hits are stored, the customer is never left standing, nobody is led astray."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from regulars.adapters.database.engine import Database
from regulars.adapters.database.hits import HitBook
from regulars.content.tokens import KeyRing, MessageRef, Purpose, packed_target, token
from regulars.definition.decay import Decay
from regulars.definition.workspace import Scoring
from regulars.doors.web.app import make_app
from regulars.operations.record_hits import record_hits
from regulars.tracking.hits import Hit, HitKind
from tests.web import BROWSER, Shop

pytestmark = pytest.mark.breaks_promises  # its messages are rows made by hand, without an audience

FRONT_PAGE = "https://kahve.example/?lang=tr"


@pytest.fixture
def shop(database: Database, tmp_path: Path, now: datetime) -> Shop:
    return Shop(database, tmp_path, now)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with TestClient(make_app(shop.house), follow_redirects=False, headers={"user-agent": BROWSER}) as client:
        yield client


def test_an_opened_mail_is_on_the_customers_timeline(shop: Shop, client: TestClient) -> None:
    answer = client.get(shop.pixel())

    assert (answer.status_code, answer.headers["content-type"], len(answer.content)) == (200, "image/gif", 43)
    assert "no-store" in answer.headers["cache-control"]
    assert shop.hits("kind", "verdict", "method") == [("open", "human", "GET")]
    assert shop.events("kind", "verdict", "campaign", "customer_id") == [("email.opened", "human", "win-back", shop.customer().id)]
    assert shop.message().opened_at == shop.clock.now()


def test_a_click_leads_to_the_link_and_is_remembered_by_its_name(shop: Shop, client: TestClient) -> None:
    answer = client.get(shop.link(2))

    assert (answer.status_code, answer.headers["location"]) == (302, shop.links[2])
    assert shop.events("kind", "verdict", "link") == [("email.clicked", "human", "link-2")]
    assert shop.message().clicked_at == shop.clock.now()
    assert shop.customer().engagement > 0


@pytest.mark.parametrize(("peer", "forwarded", "stored"), [
    ("203.0.113.77", None, "203.0.113.0/24"),
    ("2001:db8:1:2::3", None, "2001:db8:1::/48"),
    ("10.0.0.1", "198.51.100.9, 203.0.113.77", "203.0.113.0/24"),  # our own proxy's word counts, its last one
    ("8.8.8.8", "203.0.113.77", "8.8.8.0/24"),                     # a stranger's does not
    ("127.0.0.1", "nonsense", "127.0.0.0/24"),
])
def test_the_address_of_a_visitor_is_cut_before_it_is_stored(shop: Shop, peer: str, forwarded: str | None, stored: str) -> None:
    headers = {"user-agent": BROWSER, **({"x-forwarded-for": forwarded} if forwarded else {})}
    with TestClient(make_app(shop.house), client=(peer, 1), headers=headers) as client:
        client.get(shop.pixel())

    assert shop.hits("network") == [stored]


def test_fetching_ten_times_is_one_open(shop: Shop, client: TestClient) -> None:
    for _ in range(10):
        client.get(shop.pixel())

    assert len(shop.hits("id")) == 10
    assert len(shop.events("id")) == 1


def test_head_and_programs_get_their_answer_and_count_as_machines(shop: Shop, client: TestClient) -> None:
    assert client.head(shop.link()).headers["location"] == shop.links[1]
    assert client.head(shop.pixel()).status_code == 200
    client.get(shop.link(), headers={"user-agent": "python-requests/2.32"})

    assert set(shop.hits("verdict")) == {"machine"}
    assert shop.message().clicked_at is None
    assert shop.customer().engagement == 0


def test_many_links_at_once_are_a_machines_also_those_that_looked_human_before(shop: Shop, client: TestClient) -> None:
    for link in (1, 2, 3):
        client.get(shop.link(link))

    assert shop.hits("verdict", "reasons") == [("machine", ["burst"])] * 3
    assert [row for row in shop.events("verdict") if row == "human"] == []
    assert shop.message().clicked_at is None
    assert shop.customer().engagement == pytest.approx(0)


def test_a_burst_takes_nothing_from_a_click_long_before(shop: Shop, client: TestClient) -> None:
    client.get(shop.link(1))
    first = shop.clock.moment
    shop.clock.moment += timedelta(minutes=5)
    for link in (1, 2, 3):
        client.get(shop.link(link))

    assert shop.message().clicked_at == first


def test_a_preview_is_answered_with_the_real_target_and_stored_nowhere(shop: Shop, client: TestClient) -> None:
    target = shop.links[1]
    signed = token(shop.ring.preview, Purpose.CLICK, MessageRef(0, 0), 1, target)
    answer = client.get(f"/c/{signed}/{packed_target(target)}")

    assert answer.headers["location"] == target
    assert client.post(f"/u/{token(shop.ring.preview, Purpose.UNSUBSCRIBE, MessageRef(0, 0))}", data={"sure": "yes"}).status_code == 200
    assert shop.hits("id") == []


def _broken(shop: Shop) -> list[str]:
    good, target = shop.link().split("/")[2:]
    foreign = token(KeyRing.of("the secret of another shop").newest, Purpose.CLICK, shop.ref(), 1, shop.links[1])
    flipped = [good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1:] for place in range(len(good))]
    other_purpose = token(shop.ring.newest, Purpose.UNSUBSCRIBE, shop.ref(), 1, shop.links[1])
    return [f"/c/{bad}/{target}" for bad in [*flipped, good[:-1], good + "A", foreign, other_purpose, "x", "%00", "é"]]


def test_a_forged_foreign_or_truncated_token_leads_to_the_front_page(shop: Shop, client: TestClient) -> None:
    answers = [client.get(path) for path in _broken(shop)]

    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(302, FRONT_PAGE)}
    assert client.get("/o/" + "A" * 38 + ".gif").status_code == 200
    assert client.get("/u/" + "A" * 38).headers["location"] == FRONT_PAGE
    assert client.get("/v/" + "A" * 38).headers["location"] == FRONT_PAGE
    assert shop.hits("id") == []
    assert shop.events("id") == []


@pytest.mark.parametrize("target", [
    "https://evil.example/", "//evil.example", "https://kahve.example@evil.example/", "javascript:alert(1)", "data:text/html,x",
    "https:evil.example", "\\\\evil.example", "https://kahve.example/?utm_source=email\r\nSet-Cookie: a=b", "/evil", "",
    "https://kahve.example/?utm_source=email.evil.example", "HTTPS://EVIL.example", "https://evil.example/\x00",
])
def test_no_link_of_ours_leads_where_we_did_not_sign(shop: Shop, client: TestClient, target: str) -> None:
    signed = shop.link(1).split("/")[2]
    packed = base64.urlsafe_b64encode(target.encode()).rstrip(b"=").decode()

    answer = client.get(f"/c/{signed}/{packed}")

    assert answer.status_code == 404 if not packed else answer.headers["location"] == FRONT_PAGE
    assert shop.events("id") == []


def test_a_signed_address_that_is_no_web_address_is_not_followed_either(shop: Shop, client: TestClient) -> None:
    for target in ("javascript:alert(1)", "https://kahve.example/\r\nSet-Cookie: a=b", "https://kahve.example/ş"):
        signed = token(shop.ring.newest, Purpose.CLICK, shop.ref(), 1, target)

        assert client.get(f"/c/{signed}/{packed_target(target)}").headers["location"] == FRONT_PAGE


def test_a_referral_code_is_counted_and_shown_to_the_shop(shop: Shop, client: TestClient) -> None:
    from sqlalchemy import insert

    from regulars.adapters.database.schema import referral_codes

    with shop.database.write() as connection:
        connection.execute(insert(referral_codes).values(code="KHV7TMQ4", programme="referral", customer_id=1, created_at=shop.clock.now()))

    assert client.get("/r/khv7-tmq4").headers["location"] == "https://kahve.example/?lang=tr&ref=KHV7TMQ4"
    assert client.get("/r/NOBODY").headers["location"] == FRONT_PAGE
    assert client.get("/r/%22%3E%3Cscript%3E").headers["location"] == FRONT_PAGE
    assert shop.hits("kind", "code", "verdict") == [("referral", "KHV7TMQ4", "human")]


def test_a_user_agent_of_any_kind_is_stored_as_plain_short_text(shop: Shop, client: TestClient) -> None:
    client.get(shop.pixel(), headers={"user-agent": b"Mozilla/5.0 \x01<script>alert(1)</script>" + b"A" * 5000})

    [agent] = shop.hits("user_agent")
    assert len(agent) <= 400
    assert agent.isprintable()


def test_ten_thousand_identical_hits_are_one_human_open(shop: Shop) -> None:
    hit = Hit(HitKind.OPEN, shop.clock.now(), "GET", shop.ref(), user_agent=BROWSER)
    for _ in range(10):
        record_hits([hit] * 1_000, HitBook(shop.database, Scoring()))

    assert len(shop.hits("id")) == 10_000
    assert shop.events("kind", "verdict") == [("email.opened", "human")]


def test_storing_many_hits_takes_no_more_statements_than_storing_one(shop: Shop) -> None:
    seen: list[str] = []
    event.listen(shop.database.engine, "before_cursor_execute", lambda *call: seen.append(call[2]))

    def statements(days: range) -> int:
        seen.clear()
        opened = [Hit(HitKind.OPEN, shop.clock.now() + timedelta(days=day), "GET", shop.ref(), user_agent=BROWSER) for day in days]
        record_hits(opened, HitBook(shop.database, Scoring()))
        return len(seen)

    statements(range(1))
    assert statements(range(1, 2)) == statements(range(2, 60))
    assert len(shop.events("id")) == 60


def test_two_processes_that_store_the_same_reaction_store_one(shop: Shop) -> None:
    hit = Hit(HitKind.CLICK, shop.clock.now(), "GET", shop.ref(), 1, user_agent=BROWSER)
    with ThreadPoolExecutor(4) as processes:
        list(processes.map(lambda _: record_hits([hit], HitBook(shop.database, Scoring())), range(20)))

    assert len(shop.hits("id")) == 20
    assert len(shop.events("id")) == 1
    assert shop.customer().engagement == pytest.approx(Decay.of(Scoring()).grown(shop.clock.now()) * 3)


def test_hits_of_a_message_that_is_gone_are_kept_and_mean_nothing(shop: Shop, client: TestClient) -> None:
    gone = token(shop.ring.newest, Purpose.OPEN, MessageRef(shop.launch, 999))

    assert client.get(f"/o/{gone}.gif").status_code == 200
    assert len(shop.hits("id")) == 1
    assert shop.events("id") == []


def test_without_a_human_opens_of_image_proxies_count_as_unknown(shop: Shop, client: TestClient) -> None:
    client.get(shop.pixel(), headers={"user-agent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"})

    assert shop.hits("verdict", "reasons") == [("unknown", ["google-image-proxy"])]
    assert shop.message().opened_at == shop.clock.now()
    assert shop.customer().engagement == 0
