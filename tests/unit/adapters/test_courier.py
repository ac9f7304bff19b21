"""Where webhooks may go, and how long anybody is listened to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from regulars.adapters import courier as courier_module
from regulars.adapters.courier import HttpCourier

STATUS = {"/ok": 200, "/made": 204, "/gone": 410, "/broken": 500, "/elsewhere": 302}


class Receiver(BaseHTTPRequestHandler):
    heard: list[tuple[str, bytes, dict[str, str]]] = []  # noqa: RUF012  the server makes an instance a call

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.heard.append((self.path, body, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(STATUS.get(self.path.partition("?")[0], 404))
        if self.path == "/elsewhere":
            self.send_header("Location", "/ok")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.heard = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_post_arrives_as_it_is(receiver: str) -> None:
    answer = HttpCourier(private=True).post(f"{receiver}/ok?from=regulars", b'{"a": 1}', {"Regulars-Errand": "17"})

    assert (answer.taken, answer.words) == (True, "HTTP 200")
    [(path, body, headers)] = Receiver.heard
    assert (path, body, headers["regulars-errand"]) == ("/ok?from=regulars", b'{"a": 1}', "17")


@pytest.mark.parametrize(("path", "taken", "for_good", "words"), [
    ("/made", True, False, "HTTP 204"),
    ("/broken", False, False, "HTTP 500"),
    ("/gone", False, True, "HTTP 410"),
    ("/elsewhere", False, False, "HTTP 302; redirects are not followed"),
])
def test_the_status_is_the_answer(receiver: str, path: str, taken: bool, for_good: bool, words: str) -> None:
    answer = HttpCourier(private=True).post(receiver + path, b"{}", {})
    assert (answer.taken, answer.for_good, answer.words) == (taken, for_good, words)
    assert len(Receiver.heard) == 1


@pytest.mark.parametrize("url", [
    "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://10.0.0.3/", "https://192.168.1.1/", "https://172.16.9.9/",
    "https://169.254.169.254/latest/meta-data/", "https://[fe80::1%25lo]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.3]/", "https://[64:ff9b::a00:3]/", "https://[2002:a00:3::]/", "https://0.0.0.0/", "https://0/",
    "https://2130706433/", "https://0x7f.1/", "https://100.64.0.1/", "https://224.0.0.1/", "https://255.255.255.255/",
])
def test_a_public_shop_posts_nothing_into_a_private_network(url: str) -> None:
    answer = HttpCourier().post(url, b"{}", {})
    assert not answer.taken
    assert answer.for_good or "cannot be found" in answer.words or "cannot assign" in answer.words.lower(), answer.words


@pytest.mark.parametrize("url", [
    "http://crm.example/hook", "ftp://crm.example/", "https:///hook", "https://user:word@crm.example/", "https://crm.example:0/",
    "https://crm.example:99999/", "file:///etc/passwd", "", "https://[::1", "javascript:alert(1)",
])
def test_what_is_no_address_for_a_webhook_is_refused_for_good(url: str) -> None:
    answer = HttpCourier().post(url, b"{}", {})
    assert (answer.taken, answer.for_good) == (False, True)


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that says something else a moment later leads nowhere else."""
    asked = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(0, 0, 0, "", ("203.0.114.7" if len(asked) == 1 else "127.0.0.1", port))]

    def connect(address: tuple[str, int], _timeout: float) -> socket.socket:
        asked.append(address[0])
        raise ConnectionRefusedError("nobody")

    monkeypatch.setattr(courier_module.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(courier_module.socket, "create_connection", connect)
    answer = HttpCourier().post("https://crm.example/hook", b"{}", {})
    assert (asked, answer.taken, answer.for_good) == (["crm.example", "203.0.114.7"], False, False)


def test_who_answers_letter_by_letter_is_not_listened_to_for_ever() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    heard_out = threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            for _ in range(200):
                connection.sendall(b"H")
                time.sleep(0.05)
            heard_out.set()

    speaker = threading.Thread(target=drip, daemon=True)
    speaker.start()
    answer = HttpCourier(private=True, patience=0.5).post(f"http://127.0.0.1:{listening.getsockname()[1]}/", b"{}", {})
    assert not answer.taken
    assert not heard_out.is_set(), "it was listened to until it had said everything"
    speaker.join()
    listening.close()


def test_nobody_there_is_an_answer_too() -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    answer = HttpCourier(private=True).post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (answer.taken, answer.for_good) == (False, False)
    assert answer.words.startswith("no answer: ")
