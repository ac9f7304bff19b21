"""The sink tells the truth: what it logged it has, whole and once; and its faults happen where they say."""

import smtplib
import socket
from contextlib import closing
from hashlib import sha256

import pytest

from tests.soak.faults import Faults
from tests.soak.sink import running_sink

MAIL = b"Message-ID: <0000000001.key@kahve.example>\r\nSubject: Hello\r\n\r\n.a dot first\r\n..two\r\nbye\r\n"
GROUP = b"MAIL FROM:<shop@kahve.example>\r\nRCPT TO:<%s>\r\nDATA\r\n"
STUFFED = MAIL.replace(b"\r\n.", b"\r\n..") + b".\r\n"


def talk(sink, *groups: bytes) -> bytes:
    """Sends everything at once and reads until the sink hangs up."""
    with closing(socket.create_connection(("127.0.0.1", sink.port), timeout=10)) as line:
        line.sendall(b"EHLO shop.example\r\n" + b"".join(groups) + b"QUIT\r\n")
        heard = b""
        try:
            while more := line.recv(65536):
                heard += more
        except ConnectionResetError:
            pass
        return heard


def kinds(sink) -> list[str]:
    return [event.kind for event in sink.events() if event.kind not in {"open", "close", "quit"}]


def test_a_mail_is_in_the_books_with_the_hash_of_its_content(tmp_path):
    with running_sink(tmp_path) as sink:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            client.sendmail("shop@kahve.example", ["ada@example.com"], MAIL)
        [copy] = sink.copies()

    assert (copy.message_id, copy.recipient) == ("<0000000001.key@kahve.example>", "ada@example.com")
    assert copy.sha256 == sha256(MAIL).hexdigest()


def test_mails_may_come_in_one_piece_without_waiting_for_answers(tmp_path):
    with running_sink(tmp_path, Faults(latency=0.001)) as sink:
        heard = talk(sink, *[GROUP % b"ada@example.com" + STUFFED] * 50)
        taken = sink.copies()

    assert len(taken) == 50
    assert {copy.sha256 for copy in taken} == {sha256(MAIL).hexdigest()}
    assert heard.count(b"queued as") == 50


def test_a_copy_is_logged_before_the_250_is_lost(tmp_path):
    with running_sink(tmp_path, Faults(lost_250=1)) as sink:
        heard = talk(sink, GROUP % b"ada@example.com" + STUFFED)

        assert b"queued as" not in heard
        assert len(sink.copies()) == 1
        assert kinds(sink) == ["lost_250"]


@pytest.mark.parametrize("fault", ["dropped_after_dot", "dropped_in_body", "dropped_after_rcpt", "dropped_after_mail", "closing"])
def test_a_line_that_is_cut_before_the_mail_is_taken_leaves_no_copy(tmp_path, fault):
    with running_sink(tmp_path, Faults(**{fault: 1})) as sink:
        heard = talk(sink, GROUP % b"ada@example.com" + STUFFED)

        assert b"queued as" not in heard
        assert sink.copies() == []
        assert kinds(sink) == [fault]


@pytest.mark.parametrize("fault", ["later_at_rcpt", "later_after_dot"])
def test_later_is_said_and_the_line_stays(tmp_path, fault):
    with running_sink(tmp_path, Faults(**{fault: 1})) as sink:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            for _ in range(2):
                with pytest.raises(smtplib.SMTPException, match="try again"):
                    client.sendmail("shop@kahve.example", ["ada@example.com"], MAIL)

        assert sink.copies() == []
        assert kinds(sink) == [fault, fault]


def test_half_a_mail_is_none(tmp_path):
    with running_sink(tmp_path) as sink:
        with closing(socket.create_connection(("127.0.0.1", sink.port))) as line:
            line.sendall(GROUP % b"ada@example.com" + STUFFED[:-2])

        assert b"closing" not in talk(sink)
        assert sink.copies() == []


def test_the_relays_log_is_postfixs_and_only_the_queue_manager_says_that_a_mail_was_taken(tmp_path):
    with running_sink(tmp_path, Faults(later_after_dot=0.5, seed=3)) as sink:
        talk(sink, *[GROUP % b"ada@example.com" + STUFFED] * 20)
        taken, log = len(sink.copies()), sink.relay_log.read_text().splitlines()

    assert 0 < taken < 20
    assert sum("message-id=<0000000001.key@kahve.example>" in line for line in log) == 20
    assert sum("(queue active)" in line for line in log) == taken
