"""What every transport promises, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from regulars.adapters.ses import Ses
from regulars.adapters.smtp import Relay
from regulars.adapters.smtp_session import Account
from regulars.adapters.spool import Spool, file_name
from regulars.content.tokens import MessageRef
from regulars.delivery.evidence import Sought
from regulars.delivery.outcomes import Outcome, Phase
from tests.amazon import Amazon
from tests.ports.transports import SCRIPT, FakeTransport, Notebook, mail_to, send_all
from tests.relay import RelayServer


@dataclass
class Line:
    """A transport, and how to see which copies are at its other end."""

    transport: object
    copies: Callable[[MessageRef], list[bytes]]
    tells: bool  # whether it can give evidence


@pytest.fixture
def fake() -> Line:
    transport = FakeTransport()
    return Line(transport, lambda ref: [transport.contents[ref]] if ref in transport.contents else [], tells=True)


@pytest.fixture
def spool(tmp_path) -> Line:
    transport = Spool(str(tmp_path / "outbox"))

    def copies(ref):
        content = transport.read(file_name(ref))
        return [] if content is None else [content]

    return Line(transport, copies, tells=True)


@pytest.fixture
def relay() -> Iterator[Line]:
    yield from _relay(pipelining=False)


@pytest.fixture
def pipelining() -> Iterator[Line]:
    yield from _relay(pipelining=True)


def _relay(*, pipelining):
    with RelayServer(pipelining=pipelining) as server:
        transport = Relay(Account("127.0.0.1", server.port), connections=3)
        yield Line(transport, lambda ref: _with_subject(server, ref.number), tells=False)
        transport.close()


def _with_subject(server, number):
    head = f"Subject: {number}\r\n".encode()
    return [mail.content for mail in server.arrived if mail.content.startswith(head)]


@pytest.fixture
def ses(monkeypatch) -> Iterator[Line]:
    with Amazon() as amazon:
        for name, value in {"AWS_ENDPOINT_URL_SESV2": amazon.address, "AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up"}.items():
            monkeypatch.setenv(name, value)
        transport = Ses("eu-west-1", connections=3)
        yield Line(transport, lambda ref: [content for content in amazon.all_contents() if content.startswith(f"Subject: {ref.number}\r\n".encode())], tells=False)
        transport.close()


@pytest.fixture(params=["fake", "spool", "relay", "pipelining", "ses"])
def line(request) -> Line:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["fake", "relay", "pipelining"])
def refusing_line(request) -> Line:
    """Those that have somebody at the other end who can say no."""
    return request.getfixturevalue(request.param)


def test_every_mail_arrives_as_it_was_and_is_told_about_once(line):
    mails = [mail_to(f"customer{number}@posta.example", number) for number in range(1, 201)]
    ledger = Notebook()

    send_all(line.transport, mails, ledger)

    assert sorted(result.ref for result in ledger.results) == [mail.ref for mail in mails]
    assert {(result.outcome, result.phase, result.code) for result in ledger.results} == {(Outcome.ACCEPTED, Phase.DOT, 250)}
    assert [line.copies(mail.ref) for mail in mails] == [[mail.content] for mail in mails]


def test_nothing_is_there_before_its_handoff_is_committed(line):
    mails = [mail_to("ayse@posta.example", number) for number in range(1, 11)]
    too_early = []
    ledger = Notebook(at_handoff=lambda refs: too_early.extend(ref for ref in refs if line.copies(ref)))

    send_all(line.transport, mails, ledger)

    assert too_early == []
    assert sorted(ledger.handoffs) == [mail.ref for mail in mails]


def test_a_mail_that_the_ledger_keeps_back_stays_and_the_others_go(line):
    mails = [mail_to("ayse@posta.example", number) for number in range(1, 9)]
    kept = frozenset({mails[2].ref, mails[3].ref, mails[7].ref})
    ledger = Notebook(refuses=kept)

    send_all(line.transport, mails, ledger)

    assert [mail.ref for mail in mails if line.copies(mail.ref)] == [mail.ref for mail in mails if mail.ref not in kept]
    assert [ledger.of(ref) for ref in kept] == [None, None, None]
    assert len(ledger.results) == 5


def test_evidence_is_the_truth_or_absent(line):
    sent, other = mail_to("ayse@posta.example", 1), mail_to("can@posta.example", 2)

    send_all(line.transport, [sent], Notebook())
    sought = [Sought(mail.ref, mail.message_id, line.transport.address) for mail in (sent, other)]

    assert line.transport.arrived(sought) == ({sent.ref: True, other.ref: False} if line.tells else {})


@pytest.mark.parametrize("handed_to", ["smtp://elsewhere.example:25", "spool:/elsewhere", None])
def test_nobody_denies_what_was_handed_to_somebody_else(line, handed_to):
    sent, other = mail_to("ayse@posta.example", 1), mail_to("can@posta.example", 2)

    send_all(line.transport, [sent], Notebook())
    sought = [Sought(mail.ref, mail.message_id, handed_to) for mail in (sent, other)]

    assert line.transport.arrived(sought) == ({sent.ref: True} if line.tells else {})


def test_an_empty_batch_is_no_work(line):
    ledger = Notebook()

    send_all(line.transport, [], ledger)

    assert ledger.results == []


def test_a_ledger_that_cannot_commit_ends_the_batch_and_nothing_goes(line):
    def broken(refs):
        if refs:
            raise RuntimeError("the database is gone")

    mails = [mail_to("ayse@posta.example", number) for number in range(1, 4)]

    with pytest.raises(RuntimeError, match="the database is gone"):
        send_all(line.transport, mails, Notebook(at_handoff=broken))
    assert [line.copies(mail.ref) for mail in mails] == [[], [], []]

    send_all(line.transport, mails, Notebook())
    assert [line.copies(mail.ref) for mail in mails] == [[mail.content] for mail in mails]


@pytest.mark.parametrize("name", SCRIPT)
def test_what_goes_wrong_is_told_with_its_phase(refusing_line, name):
    outcome, phase, code, enhanced, copied = SCRIPT[name]
    mails = [mail_to("ayse@posta.example", 1), mail_to(f"{name}@posta.example", 2), mail_to("can@posta.example", 3)]
    ledger = Notebook()

    send_all(refusing_line.transport, mails, ledger)

    result = ledger.of(mails[1].ref)
    assert (result.outcome, result.phase, result.code, result.enhanced) == (outcome, phase, code, enhanced)
    assert [ledger.of(mail.ref).outcome for mail in (mails[0], mails[2])] == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert bool(refusing_line.copies(mails[1].ref)) is copied
    assert (mails[1].ref in ledger.handoffs) is (phase is Phase.DOT)
