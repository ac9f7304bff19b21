"""What the door refuses, and what it does when the database is not there."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from regulars.adapters.database.engine import Database
from regulars.content.tokens import Purpose
from regulars.doors.web.app import make_app
from tests.web import BROWSER, Shop

pytestmark = pytest.mark.breaks_promises  # its messages are rows made by hand, without an audience

HERE = ("127.0.0.1", 50_000)


@pytest.fixture
def shop(sqlite_database: Database, tmp_path: Path, now: datetime) -> Shop:
    return Shop(sqlite_database, tmp_path, now)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    app = make_app(shop.house, patience_to_leave=0.4)
    with TestClient(app, "http://127.0.0.1:8000", follow_redirects=False, headers={"user-agent": BROWSER}, client=HERE) as client:
        yield client


@pytest.fixture
def locked(shop: Shop) -> Iterator[None]:
    """Somebody else holds the write lock."""
    other = sqlite3.connect(shop.database.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.rollback()
    other.close()


def test_while_the_database_is_locked_pictures_and_links_still_work_and_hits_count_as_lost(
    shop: Shop, client: TestClient, locked: None
) -> None:
    began = time.monotonic()
    assert client.get(shop.pixel()).status_code == 200
    assert client.get(shop.link()).headers["location"] == shop.links[1]

    assert time.monotonic() - began < 2  # 0.5 s each, not the half minute that a lock may last
    assert client.get("/healthz").json()["lost_hits"] == 2


def test_an_unsubscribe_that_cannot_be_stored_is_not_claimed(shop: Shop, client: TestClient, locked: None) -> None:
    answer = client.post(shop.page(Purpose.UNSUBSCRIBE), data={"sure": "yes"})

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "hâlâ listedesiniz" in answer.text


def test_what_was_counted_as_lost_is_stored_when_the_lock_goes(shop: Shop, client: TestClient) -> None:
    other = sqlite3.connect(shop.database.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    client.get(shop.pixel())
    other.rollback()
    deadline = time.monotonic() + 20
    while client.get("/healthz").json()["recovered_hits"] < 1 and time.monotonic() < deadline:
        time.sleep(0.05)

    assert shop.hits("kind") == ["open"]


def test_health_names_version_and_database(client: TestClient) -> None:
    report = client.get("/healthz").json()

    assert (report["status"], report["database"], report["lost_hits"]) == ("ok", "ok", 0)
    assert report["version"]


def test_large_bodies_are_refused_with_a_page(shop: Shop, client: TestClient) -> None:
    for path in (shop.page(Purpose.UNSUBSCRIBE), "/healthz", "/nowhere"):
        answer = client.post(path, content=b"x" * 2_000_000)

        assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert client.post(shop.page(Purpose.UNSUBSCRIBE), content=iter([b"x" * 50_000] * 40)).status_code == 413
    assert shop.customer().marketing == "granted"


def test_unknown_addresses_and_methods_get_a_friendly_page(shop: Shop, client: TestClient) -> None:
    nowhere, wrong = client.get("/nowhere", headers={"accept-language": "az,en;q=0.5"}), client.post(shop.pixel())

    assert nowhere.status_code == 404
    assert "Burada heç nə yoxdur" in nowhere.text
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]


def test_every_answer_tells_the_browser_to_be_careful(shop: Shop, client: TestClient) -> None:
    for path in (shop.pixel(), shop.link(), shop.page(Purpose.UNSUBSCRIBE), "/healthz", "/nowhere", "/outbox"):
        headers = client.get(path).headers

        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "set-cookie" not in headers
        assert "unsafe-inline" not in headers["content-security-policy"]


def spooled(shop: Shop) -> None:
    mail = EmailMessage()
    mail["Subject"] = "<script>alert('subject')</script>"
    mail["From"], mail["To"] = "merhaba@kahve.example", "ada@shop.example"
    mail.set_content("The text part")
    mail.add_alternative("<p>Hello</p><script>alert('body')</script>", subtype="html")
    folder = Path(shop.house.settings.mail.folder)
    folder.mkdir()
    (folder / "000001-00000001.eml").write_bytes(mail.as_bytes())


def test_the_outbox_shows_spooled_mail_in_a_frame_that_can_do_nothing(shop: Shop, client: TestClient) -> None:
    spooled(shop)
    listed = client.get("/outbox").text
    mail = client.get("/outbox/000001-00000001.eml").text
    frame = client.get("/outbox/000001-00000001.eml/html")

    assert "ada@shop.example" in listed
    assert "<script" not in listed + mail
    assert 'sandbox="allow-popups' in mail
    assert "allow-scripts" not in mail + frame.headers["content-security-policy"]
    assert frame.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("headers", [
    {"host": "mail.kahve.example"}, {"host": "127.0.0.1.evil.example"}, {"host": "evil@127.0.0.1"}, {"host": ""}, {"host": "localhost/"},
    {"host": "[::1"}, {"x-forwarded-for": "127.0.0.1"}, {"x-forwarded-host": "localhost"}, {"forwarded": "for=127.0.0.1"},
    {"X-Forwarded-Proto": "http"}, {"via": "1.1 proxy"}, {"x-real-ip": "127.0.0.1"},
], ids=str)
def test_the_outbox_is_for_somebody_at_this_machine_only(shop: Shop, client: TestClient, headers: dict[str, str]) -> None:
    spooled(shop)
    for path in ("/outbox", "/outbox/000001-00000001.eml", "/outbox/000001-00000001.eml/html"):
        assert client.get(path, headers=headers).status_code == 404
        assert client.get(path, headers={"host": "localhost:8000"}).status_code == 200


def test_the_outbox_is_not_for_other_machines(shop: Shop) -> None:
    spooled(shop)
    with TestClient(make_app(shop.house), "http://127.0.0.1:8000", client=("192.0.2.7", 1)) as client:
        assert client.get("/outbox").status_code == 404


@pytest.mark.parametrize("name", ["..%2f..%2fregulars.yaml", "%2e%2e", "regulars.yaml", "x.eml%00", "%2fetc%2fpasswd", "-"])
def test_the_outbox_reads_nothing_but_its_mails(shop: Shop, client: TestClient, name: str) -> None:
    spooled(shop)

    assert client.get(f"/outbox/{name}").status_code == 404


def test_without_files_the_shop_is_known_from_the_newest_bundle(shop: Shop, tmp_path: Path) -> None:
    from sqlalchemy import insert

    from regulars.adapters.database.schema import bundle_files, contents
    from regulars.content import canonical

    content = canonical.dumped(shop.house.shop)
    with shop.database.write() as connection:
        connection.execute(insert(contents).values(hash="c" * 64, media_type="application/json", content=content))
        connection.execute(insert(bundle_files).values(bundle="b" * 64, path="shop.json", content_hash="c" * 64))
    (tmp_path / "regulars.yaml").unlink()
    shop.house.__dict__.pop("shop")

    with TestClient(make_app(shop.house), follow_redirects=False) as client:
        assert client.get("/u/nonsense").headers["location"] == "https://kahve.example/?lang=tr"


def test_pictures_of_bundles_may_be_kept_for_ever_and_nothing_else_is_handed_out(shop: Shop, client: TestClient) -> None:
    from sqlalchemy import insert

    from regulars.adapters.database.schema import contents

    with shop.database.write() as connection:
        connection.execute(insert(contents).values(hash="ab" * 32, media_type="image/png", content=b"png"))
        connection.execute(insert(contents).values(hash="cd" * 32, media_type="text/html", content=b"<p>"))

    picture = client.get(f"/i/{'ab' * 16}.png")
    assert (picture.content, picture.headers["content-type"]) == (b"png", "image/png")
    assert "immutable" in picture.headers["cache-control"]
    for name in (f"{'cd' * 16}.html", f"{'ab' * 15}.png", f"{'ef' * 16}.png", "ab.png", f"{'AB' * 16}.png", f"{'ab' * 16}"):
        assert client.get(f"/i/{name}").status_code == 404


def test_while_the_database_is_away_links_work_and_only_leaving_says_that_it_cannot(shop: Shop) -> None:
    nobody_home = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    shop.house.__dict__["database"] = nobody_home
    app = make_app(shop.house, patience_to_leave=0.3)
    with TestClient(app, follow_redirects=False, headers={"user-agent": BROWSER}) as client:
        began = time.monotonic()
        answers = [client.get(path) for path in (shop.pixel(), shop.link(), shop.page(Purpose.UNSUBSCRIBE), "/r/KHV7TMQ4", "/i/x.png")]
        took = time.monotonic() - began
        left = client.post(shop.page(Purpose.UNSUBSCRIBE), data={"sure": "yes"})
        health = client.get("/healthz").json()

    assert [answer.status_code for answer in answers] == [200, 302, 200, 302, 404]
    assert answers[1].headers["location"] == shop.links[1]
    assert answers[3].headers["location"].endswith("ref=KHV7TMQ4")
    assert took < 5
    assert left.status_code == 503
    assert (health["status"], health["database"]) == ("degraded", "unreachable")
    assert health["lost_hits"] >= 4


def test_the_door_itself_leads_to_the_shop(client: TestClient) -> None:
    assert client.get("/").headers["location"] == "https://kahve.example/?lang=tr"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]),
    st.sampled_from(["/o/", "/c/", "/u/", "/v/", "/p/", "/i/", "/r/", "/outbox/", "/"]), st.text(max_size=60), st.binary(max_size=60),
)
def test_no_request_whatever_gets_an_error_of_ours(client: TestClient, method: str, door: str, rest: str, body: bytes) -> None:
    answer = client.request(method, door + quote(rest, safe="/?&=%"), content=body, headers={"content-type": "multipart/form-data; boundary=x"})

    assert answer.status_code in {200, 302, 303, 307, 404, 405, 413}
