"""Fetching a feed from a real server, which may be anything."""

from __future__ import annotations

import gzip
import threading
import zlib

import pytest

from regulars.adapters.feed_files import HttpFeedDoor
from regulars.errors import RegularsError
from regulars.loyalty.feed import Seal
from tests.feed_server import FeedServer, feed_server, status

CONTENT = "order_id,ordered_at,email\nA,2026-11-20,ada@mail.example\n"
DOOR = HttpFeedDoor(loopback=True)
NOTHING = Seal()


@pytest.fixture
def server():
    with feed_server() as told:
        told.tell(CONTENT)
        yield told


def rows(door: HttpFeedDoor, url: str, token: str | None = None, known: Seal = NOTHING) -> tuple[list, Seal]:
    with door.fetch(url, token, known) as fetched:
        return ([] if fetched.file is None else list(fetched.file.rows())), fetched.seal


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_and_asked_for_again_only_when_it_has_changed(server: FeedServer, packed):
    server.packed = packed
    found, seal = rows(DOOR, server.url, "hunter2")

    assert found == [(2, ["A", "2026-11-20", "ada@mail.example"])]
    assert server.asked[0]["authorization"] == "Bearer hunter2"
    assert rows(DOOR, server.url, known=seal) == ([], seal)
    assert "if-none-match" in server.asked[1]
    assert "authorization" not in server.asked[1]


def test_the_same_content_is_known_where_the_server_has_no_etags(server: FeedServer):
    def answer(handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(CONTENT.encode())

    server.answer = answer
    found, seal = rows(DOOR, server.url)

    assert (len(found), seal.etag) == (1, None)
    assert rows(DOOR, server.url, known=seal)[0] == []


@pytest.mark.parametrize(("answer", "said"), [
    (status(500), "answered HTTP 500"), (status(401), "HTTP 401: it asks for a token"), (status(404), "HTTP 404: there is nothing at this address"),
    (status(302, Location="http://10.0.0.1/orders.csv"), "10.0.0.1, which is no public address"),
    (status(302, Location="http://169.254.169.254/latest/meta-data"), "169.254.169.254, which is no public address"),
    (status(301, Location="file:///etc/passwd"), "is no https address"), (status(302), "sends us on more than 5 times"),
    (status(302, Location="http://ada:secret@127.0.0.1/"), "passwords do not belong into an address"),
])
def test_what_is_no_file_is_a_sentence(server: FeedServer, answer, said):
    server.answer = answer
    with pytest.raises(RegularsError, match=said):
        rows(DOOR, server.url)


def test_a_token_does_not_follow_a_redirect_to_another_place(server: FeedServer):
    with feed_server() as other:
        other.tell(CONTENT)
        server.answer = status(302, Location=other.url)

        assert rows(DOOR, server.url, "hunter2")[0]
        assert "authorization" not in other.asked[0]


@pytest.mark.parametrize("url", [
    "http://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/", "https://0.0.0.0/",
])
def test_only_public_addresses_are_asked_outside_of_embedded_mode(url):
    with pytest.raises(RegularsError, match=r"no public address|without encryption"):
        rows(HttpFeedDoor(), url)


def test_even_in_embedded_mode_the_network_around_is_none_of_our_business():
    with pytest.raises(RegularsError, match="no public address"):
        rows(DOOR, "http://192.168.1.1/orders.csv")


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_without_an_end_is_cut_at_the_limit(server: FeedServer, packed):
    bomb = gzip.compress(b"x" * 50_000_000) if packed else b"x" * 5_000_000
    sent = threading.Event()

    def answer(handler) -> None:
        handler.send_response(200)
        if packed:
            handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(bomb)
        sent.set()

    server.answer = answer
    with pytest.raises(RegularsError, match="larger than 1,000,000 bytes"):
        rows(HttpFeedDoor(loopback=True, most_bytes=1_000_000), server.url)


@pytest.mark.parametrize(("body", "length", "packed"), [
    (b"order_id,or", 500, False), (gzip.compress(CONTENT.encode())[:-9], None, True), (zlib.compress(b"x"), None, True), (b"", 20, True),
])
def test_a_file_that_breaks_off_is_not_read(server: FeedServer, body, length, packed):
    def answer(handler) -> None:
        handler.send_response(200)
        if length:
            handler.send_header("Content-Length", str(length))
        if packed:
            handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    server.answer = answer
    with pytest.raises(RegularsError, match="broke off"):
        rows(DOOR, server.url)


def test_a_server_that_never_ends_is_left(server: FeedServer):
    over = threading.Event()

    def answer(handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not over.wait(0.02):
                handler.wfile.write(b"x")
        except OSError:
            pass

    server.answer = answer
    try:
        with pytest.raises(RegularsError, match=r"broke off after .* it took longer than"):
            rows(HttpFeedDoor(loopback=True, whole_patience=0.5), server.url)
    finally:
        over.set()


def test_a_server_that_says_nothing_is_left(server: FeedServer):
    over = threading.Event()
    server.answer = lambda handler: over.wait(20) and None
    try:
        with pytest.raises(RegularsError, match="does not answer"):
            rows(HttpFeedDoor(loopback=True, patience=0.3), server.url)
    finally:
        over.set()


def test_what_is_no_csv_file_is_said_of_its_address(server: FeedServer):
    server.content = b"PK\x03\x04" + b"\0" * 100
    with pytest.raises(RegularsError) as caught:
        rows(DOOR, server.url)

    assert caught.value.message == f"{server.url} is a spreadsheet or an archive, not a CSV file"
