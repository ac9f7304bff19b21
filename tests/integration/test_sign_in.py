"""The doctor knocks at a real relay: TLS, the certificate and the password are tried, and no mail is mentioned."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from regulars.adapters.smtp_sign_in import sign_in
from regulars.adapters.web_report import web_report
from regulars.errors import SettingsError, Unreachable
from tests.relay import PASSWORD, USER, RelayServer
from tests.servers import free_port


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_it_is_let_in_by_tls_with_its_password(of_server, trusting, tls):
    with RelayServer(tls=of_server, implicit=tls == "implicit", must_sign_in=True) as server:
        said = sign_in("localhost", server.port, USER, PASSWORD, tls, trusting)

    assert said.startswith(f"by TLS, signed in as {USER}")
    assert server.arrived == []


def test_without_both_it_says_so():
    with RelayServer() as server:
        assert sign_in("localhost", server.port, "", "", "none").startswith("without TLS, no sign-in")


def test_a_wrong_password_is_told_without_showing_it(of_server, trusting):
    with RelayServer(tls=of_server, must_sign_in=True) as server, pytest.raises(SettingsError) as wrong:
        sign_in("localhost", server.port, USER, "hunter2", "starttls", trusting)

    assert f"does not let '{USER}' in: 535" in str(wrong.value)
    assert "hunter2" not in str(wrong.value)


def test_a_certificate_that_nobody_vouches_for_and_a_relay_that_is_away(of_server):
    with RelayServer(tls=of_server) as server, pytest.raises(Unreachable, match="cannot be trusted"):
        sign_in("localhost", server.port, "", "", "starttls")
    with pytest.raises(Unreachable, match="connection refused"):
        sign_in("localhost", free_port(), "", "", "none")


@pytest.fixture
def web() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A web server that answers as it is told."""
    answer: dict[str, bytes] = {}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer["body"])

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answer
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_web_door_is_told_from_other_peoples(web):
    url, answer = web
    answer["body"] = b'{"status": "ok", "waiting_hits": 0}'
    assert web_report(url)["status"] == "ok"
    for body in (b"<h1>It works!</h1>", b"[]", b'{"status": "ok"}'):
        answer["body"] = body
        with pytest.raises(Unreachable, match="is not the web door"):
            web_report(url)
    with pytest.raises(Unreachable, match="nobody answers"):
        web_report(f"http://127.0.0.1:{free_port()}")
