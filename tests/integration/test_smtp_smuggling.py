"""One mail stays one mail, whatever its text says, at servers that differ in what they take for its end (VU#302671)."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.policy import default

import pytest

from regulars.adapters.smtp import Relay
from regulars.adapters.smtp_session import Account
from regulars.content.tokens import MessageRef
from regulars.delivery.outcomes import Outcome
from regulars.delivery.outgoing import Outgoing, outgoing
from tests.mail_servers import exim, postfix
from tests.ports.transports import Notebook, mail_to, send_all
from tests.relay import RelayServer
from tests.unit.delivery.test_mime import KEY, MAIL

ENDS = ("\r\n", "\n", "\r", "\r\r\n")
ENDS_OF_DATA = [f"{before}.{after}" for before in ENDS for after in ENDS]
SECOND_MAIL = "MAIL FROM:<eve@posta.example>\r\nRCPT TO:<eve@posta.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nhello\r\n"


@dataclass
class Server:
    port: int
    bodies: Callable[[int], list[bytes]]


@pytest.fixture(scope="module", params=["aiosmtpd", "postfix", "exim"])
def server(request) -> Iterator[Server]:
    if request.param == "aiosmtpd":
        with RelayServer(pipelining=True) as relay:
            yield Server(relay.port, lambda _: [mail.content.partition(b"\r\n\r\n")[2] for mail in relay.arrived])
    else:
        with (postfix if request.param == "postfix" else exim)() as real:
            yield Server(real.port, real.bodies)


@pytest.fixture
def sent(server) -> Callable[[list[Outgoing]], tuple[list[Outcome | None], list[bytes]]]:
    """Sends, and tells the outcomes and the bodies that came, with plain line ends."""

    def send(mails):
        before, ledger = server.bodies(0), Notebook()
        transport = Relay(Account("127.0.0.1", server.port), 2)
        send_all(transport, mails, ledger)
        transport.close()
        told = [result and result.outcome for result in map(ledger.of, [mail.ref for mail in mails])]
        came = server.bodies(len(before) + told.count(Outcome.ACCEPTED))
        new = [body for body in came if body not in before]
        assert len(new) == len(came) - len(before), "two bodies are the same"
        return told, [body.replace(b"\r\n", b"\n") for body in new]

    return send


def test_a_text_with_any_end_of_data_in_it_is_one_mail_with_that_text(sent):
    texts = [f"{number} before{end}{SECOND_MAIL}{end}after\n" for number, end in enumerate(ENDS_OF_DATA)]
    mails = [outgoing(replace(MAIL, text=text, html=text), MessageRef(7, number), KEY) for number, text in enumerate(texts)]

    told, bodies = sent(mails)

    assert told == [Outcome.ACCEPTED] * len(mails)
    assert sorted(bodies) == sorted(mail.content.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n") for mail in mails)
    assert {_text(mails, body) for body in bodies} == {_plainly(text) for text in texts}


def test_bytes_with_any_end_of_data_in_them_arrive_whole_or_are_never_written(sent):
    mails = [
        mail_to("ayse@posta.example", 100 + number, f"Subject: {number}\r\n\r\n{number} before{end}{SECOND_MAIL}\r\n{end}after\r\n".encode())
        for number, end in enumerate(ENDS_OF_DATA)
    ]

    told, bodies = sent(mails)

    assert told == [Outcome.ACCEPTED] + [Outcome.REJECTED] * 15  # the first is all CRLF: dots on lines of their own
    assert bodies == [mails[0].content.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n")]


@pytest.mark.parametrize("lines", [".", "..", ".\r\n.", ".\r\n\r\n.", "...", ".\r\nQUIT", "\r\n.\r\n", ".a", "a.\r\n."])
def test_lines_of_dots_arrive_as_they_were(sent, lines):
    mails = [mail_to("ayse@posta.example", place, f"Subject: x\r\n\r\n{place} {lines!r}\r\n{lines}\r\nend\r\n".encode()) for place in (201, 202)]

    told, bodies = sent(mails)

    assert told == [Outcome.ACCEPTED] * 2
    assert sorted(bodies) == [f"{place} {lines!r}\n{lines}\nend\n".replace("\r\n", "\n").encode() for place in (201, 202)]


def _text(mails, body):
    head = next(mail.content.partition(b"\r\n\r\n")[0] for mail in mails if mail.content.replace(b"\r\n", b"\n").endswith(body))
    read = email.message_from_bytes(head.replace(b"\r\n", b"\n") + b"\n\n" + body, policy=default)
    return _plainly(read.get_body(("plain",)).get_content())


def _plainly(text):
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
