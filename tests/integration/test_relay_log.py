"""What a real Postfix logs, and what can be concluded from it; and what cannot from a log that was cut."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta

import pytest

from regulars.adapters.postfix_log import PostfixLog
from tests.postfix import Postfix

MOMENT = datetime(2026, 11, 20, 9, 0, 0, tzinfo=UTC)
ISO = "2026-11-20T09:{}Z relay postfix/{}\n"
BEFORE = ISO.format("00:00.000000", "smtpd[7]: connect from shop.example[127.0.0.1]").replace("09:00:00", "08:59:00")
AFTER = ISO.format("00:07.000000", "smtpd[7]: disconnect from shop.example[127.0.0.1]")


class Sender:
    """Speaks to a relay and hangs up where it is told to."""

    def __init__(self, relay: Postfix) -> None:
        self._line = socket.create_connection(("127.0.0.1", relay.port), timeout=20)
        self._line.recv(1000)

    def offer(self, name: str, more: bytes = b"") -> None:
        for word in ("EHLO shop.example", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@customer.example>", "DATA"):
            self.say(word.encode() + b"\r\n")
        self._line.sendall(f"Message-ID: <{name}@shop.example>\r\nSubject: x\r\n\r\nhello\r\n".encode() + more)

    def say(self, words: bytes) -> bytes:
        self._line.sendall(words)
        return self._line.recv(1000)

    def dot(self) -> None:
        self._line.sendall(b".\r\n")

    def hang_up(self) -> None:
        self._line.close()


@pytest.fixture(scope="module")
def relay():
    with Postfix() as relay:
        Sender(relay).hang_up()
        time.sleep(1.1)  # the log has lines of an earlier second
        yield relay


def seen_by(relay: Postfix, *names: str) -> dict[str, bool | None]:
    """As the log stands once it has a line of a later second."""
    handoff_at = datetime.now(UTC)
    time.sleep(1.1)
    before = relay.log.stat().st_size
    Sender(relay).hang_up()
    deadline = time.monotonic() + 20
    while b"disconnect" not in relay.log.read_bytes()[before:] and time.monotonic() < deadline:
        time.sleep(0.05)
    told = PostfixLog(str(relay.log)).arrived([(f"<{name}@shop.example>", handoff_at) for name in names])
    return {name: told.get(f"<{name}@shop.example>") for name in names}


def test_a_mail_that_was_taken_arrived_though_nobody_read_the_reply(relay):
    sender = Sender(relay)
    sender.offer("taken")
    sender.dot()
    sender.hang_up()

    assert seen_by(relay, "taken", "never-mentioned") == {"taken": True, "never-mentioned": False}


@pytest.mark.parametrize("more", [b"", b"x" * 100_000])
def test_a_mail_without_its_dot_did_not_arrive_though_postfix_logs_its_message_id(relay, more):
    name = f"cut-{len(more)}"
    sender = Sender(relay)
    sender.offer(name, more)
    time.sleep(0.5)
    sender.hang_up()

    assert seen_by(relay, name) == {name: False}
    assert f"message-id=<{name}@shop.example>" in relay.log.read_text()


def test_a_mail_after_a_broken_one_under_the_same_message_id_arrived(relay):
    first, second = Sender(relay), Sender(relay)
    first.offer("again")
    first.hang_up()
    second.offer("again")
    second.dot()
    second.hang_up()

    assert seen_by(relay, "again") == {"again": True}


def told(folder, *lines: str, handoff_at: datetime = MOMENT) -> bool | None:
    file = folder / "mail.log"
    file.write_text("".join(lines))
    return PostfixLog(str(file)).arrived([("<1@shop.example>", handoff_at)]).get("<1@shop.example>")


@pytest.mark.parametrize(("lines", "arrived"), [
    ((BEFORE, AFTER), False),
    ((BEFORE,), None),                                                                             # perhaps it is not written any more
    ((AFTER,), None),                                                                              # began too late
    ((), None),
    ((BEFORE, ISO.format("00:01", "cleanup[8]: 4ABCDEF: message-id=<1@shop.example>"), AFTER), None),  # it may wait for its turn
    ((BEFORE, ISO.format("00:01", "cleanup[8]: 4ABCDEF: message-id=<1@shop.example>"),
      ISO.format("00:01", "cleanup[8]: 4ABCDEF: hold: header Subject: x"), AFTER), None),
    ((BEFORE, ISO.format("00:01", "cleanup[8]: 4ABCDEF: message-id=<1@shop.example>"),
      ISO.format("00:01", "cleanup[8]: 4ABCDEF: milter-reject: END-OF-MESSAGE from unknown[192.0.2.1]: 4.7.1 later"), AFTER), False),
    ((BEFORE, ISO.format("00:01", "cleanup[8]: 4ABCDEF: message-id=<1@shop.example>"),
      ISO.format("00:02", "qmgr[9]: 4ABCDEF: from=<a@shop.example>, size=1, nrcpt=1 (queue active)")), True),
    ((BEFORE, ISO.format("00:01", "cleanup[8]: 4ABCDEF: message-id=<11@shop.example>"),
      ISO.format("00:02", "qmgr[9]: 4ABCDEF: from=<a@shop.example>, size=1, nrcpt=1 (queue active)"), AFTER), False),
])
def test_a_log_says_no_only_where_it_covers_the_time(tmp_path, lines, arrived):
    assert told(tmp_path, *lines) is arrived


def test_the_older_half_of_a_rotated_log_is_read_too(tmp_path):
    (tmp_path / "mail.log.1").write_text(BEFORE + ISO.format("00:01", "cleanup[8]: 4ABCDEF: message-id=<1@shop.example>"))

    assert told(tmp_path, ISO.format("00:02", "qmgr[9]: 4ABCDEF: from=<a@shop.example>, size=1, nrcpt=1")) is True


def test_the_short_form_of_time_is_read_on_this_machines_clock(tmp_path):
    at = MOMENT.astimezone()
    lines = [f"{moment:%b %d %H:%M:%S} relay postfix/smtpd[7]: connect\n" for moment in (at - timedelta(minutes=1), at + timedelta(minutes=1))]

    assert told(tmp_path, *lines) is False


def test_a_long_log_is_entered_near_the_moment(tmp_path):
    start = MOMENT - timedelta(days=2)
    noise = "".join(f"{start + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ} relay postfix/smtpd[7]: connect from x{'.' * 40}\n" for n in range(180_000))
    lines = (noise, ISO.format("00:01", "cleanup[8]: 4ABCDEF: message-id=<1@shop.example>"), ISO.format("00:02", "qmgr[9]: 4ABCDEF: from=<a@shop.example>, size=1"))

    assert told(tmp_path, *lines) is True
