"""What is said to a relay, in which order and how much of it at once; and what becomes of a mail when the relay lies."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from regulars.adapters import smtp_session
from regulars.adapters.smtp import Relay
from regulars.adapters.smtp_session import Account
from regulars.delivery.outcomes import Outcome, Phase
from regulars.errors import SettingsError
from tests.ports.transports import Notebook, mail_to, send_all
from tests.strict_relay import HANG_UP, StrictRelay

ENVELOPE = ["MAIL", "RCPT", "DATA"]
LINE_OF_ITS_OWN = [["MAIL"], ["RCPT"], ["DATA"], ["."]]
HANGS_UP, CLOSING, GARBAGE, LATER, NEVER = HANG_UP, b"421 4.3.2 closing\r\n" + HANG_UP, b"hello\r\n", b"451 4.3.0 later\r\n", b"554 5.7.1 no\r\n"
TWICE = {"MAIL": b"250 ok\r\n250 ok\r\n", "RCPT": b"250 ok\r\n250 ok\r\n", "DATA": b"354 go\r\n250 queued\r\n", ".": b"250 ok\r\n250 ok\r\n"}


def mails(count: int):
    return [mail_to(f"customer{number}@posta.example", number) for number in range(1, count + 1)]


def sent(server, batch, ledger=None, *, connections=1, **account) -> Notebook:
    ledger = ledger or Notebook()
    transport = Relay(Account("127.0.0.1", server.port, **account), connections)
    try:
        send_all(transport, batch, ledger)
    finally:
        transport.close()
    return ledger


def outcomes(ledger, batch):
    return [ledger.of(mail.ref) and ledger.of(mail.ref).outcome for mail in batch]


# ---- what travels together ----


def test_a_mail_is_one_round_trip_where_the_relay_offers_pipelining():
    with StrictRelay() as server:
        ledger = sent(server, batch := mails(4))

    assert server.groups == [[["EHLO"], ENVELOPE, [".", *ENVELOPE], [".", *ENVELOPE], [".", *ENVELOPE], ["."], ["QUIT"]]]
    assert outcomes(ledger, batch) == [Outcome.ACCEPTED] * 4


def test_so_is_a_large_one():
    batch = [mail_to("ayse@posta.example", number, b"Subject: x\r\n\r\n" + b"Merhaba\r\n" * 3000) for number in (1, 2, 3)]
    with StrictRelay(together=0.05) as server:
        sent(server, batch)

    assert server.groups == [[["EHLO"], ENVELOPE, [".", *ENVELOPE], [".", *ENVELOPE], ["."], ["QUIT"]]]
    assert [content for _, content in server.mails] == [mail.content for mail in batch]


def test_the_result_of_one_and_the_mark_of_the_next_share_a_commit():
    turns = []

    class Book(Notebook):
        def turn(self, results, handoffs):
            turns.append(([result.ref.number for result in results], [ref.number for ref in handoffs]))
            return super().turn(results, handoffs)

    with StrictRelay() as server:
        sent(server, mails(3), Book())

    assert turns == [([], [1]), ([1], [2]), ([2], [3]), ([3], [])]


def test_without_pipelining_each_command_waits_for_its_answer():
    with StrictRelay(pipelining=False) as server:
        ledger = sent(server, batch := mails(3))

    assert server.groups == [[["EHLO"], *LINE_OF_ITS_OWN * 3, ["QUIT"]]]
    assert outcomes(ledger, batch) == [Outcome.ACCEPTED] * 3


def test_a_content_waits_for_the_ledger():
    seen = []
    with StrictRelay() as server:
        sent(server, mails(3), Notebook(at_handoff=lambda refs: seen.append([ref.number for ref in refs] + [len(server.mails)])))

    assert seen[:3] == [[1, 0], [2, 1], [3, 2]]


# ---- refusals ----


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_after_a_refusal_the_next_mail_begins_anew(verb):
    with StrictRelay(lies={(verb, 2): NEVER}) as server:
        ledger = sent(server, batch := mails(3))

    assert server.groups == [[["EHLO"], ENVELOPE, [".", *ENVELOPE], ["RSET", *ENVELOPE], ["."], ["QUIT"]]]
    assert outcomes(ledger, batch) == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.ACCEPTED]
    assert ledger.of(batch[1].ref).phase is (Phase.MAIL if verb == "MAIL" else Phase.RCPT)


def test_a_content_that_is_awaited_although_nobody_gets_it_is_a_lone_dot_without_a_handoff():
    with StrictRelay(lies={("RCPT", 2): NEVER, ("DATA", 2): b"354 go ahead\r\n"}) as server:
        ledger = sent(server, batch := mails(3))

    assert server.groups == [[["EHLO"], ENVELOPE, [".", *ENVELOPE], [".", "RSET", *ENVELOPE], ["."], ["QUIT"]]]
    assert outcomes(ledger, batch) == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.ACCEPTED]
    assert batch[1].ref not in ledger.handoffs
    assert len(server.mails) == 2


# ---- lies ----

LOST_BEFORE, LOST_AFTER, ACCEPTED, DEFERRED, REJECTED = (
    Outcome.LOST_BEFORE_DOT, Outcome.LOST_AFTER_DOT, Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED)
LIES = {  # what happens to the second of three mails when its MAIL, RCPT, DATA or dot is answered so
    "hangs up": (HANGS_UP, (ACCEPTED, LOST_BEFORE, LOST_BEFORE, LOST_AFTER)),
    "421": (CLOSING, (ACCEPTED, LOST_BEFORE, LOST_BEFORE, DEFERRED)),
    "garbage": (GARBAGE, (ACCEPTED, LOST_BEFORE, LOST_BEFORE, LOST_AFTER)),
    "another code": (b"220 hello\r\n", (ACCEPTED, LOST_BEFORE, LOST_BEFORE, ACCEPTED)),
    "codes that differ": (b"250-one\r\n354 two\r\n", (ACCEPTED, LOST_BEFORE, LOST_BEFORE, LOST_AFTER)),
    "no end": (b"250-" + b"x" * 5000, (ACCEPTED, LOST_BEFORE, LOST_BEFORE, LOST_AFTER)),
    "lines without end": (b"250-and so on\r\n" * 5000, (ACCEPTED, LOST_BEFORE, LOST_BEFORE, LOST_AFTER)),
    "later": (LATER, (DEFERRED, DEFERRED, DEFERRED, DEFERRED)),
    "never": (NEVER, (REJECTED, REJECTED, REJECTED, REJECTED)),
}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("place", "verb"), list(enumerate([*ENVELOPE, "."])))
@pytest.mark.parametrize("lie", LIES)
def test_every_lie_is_told_as_before_or_after_the_dot(lie, place, verb, pipelining):
    answer, expected = LIES[lie]
    with StrictRelay(pipelining=pipelining, lies={(verb, 2): answer}) as server:
        ledger = sent(server, batch := mails(3), command_timeout=5, dot_timeout=5)

    assert outcomes(ledger, batch) == [ACCEPTED, expected[place], ACCEPTED]
    assert len(ledger.results) == 3
    assert_told_the_truth(server, ledger, batch)


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("verb", [*ENVELOPE, "."])
def test_an_answer_too_many_is_never_taken_for_another_mails(verb, pipelining):
    with StrictRelay(pipelining=pipelining, lies={(verb, 2): TWICE[verb]}) as server:
        ledger = sent(server, batch := mails(4), command_timeout=5, dot_timeout=5)

    assert_told_the_truth(server, ledger, batch)
    assert outcomes(ledger, batch)[0] is outcomes(ledger, batch)[3] is ACCEPTED


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_thank_you_before_the_content_is_no_verdict_on_it(pipelining):
    with StrictRelay(pipelining=pipelining, lies={("DATA", 2): TWICE["DATA"], (".", 2): NEVER}) as server:
        ledger = sent(server, batch := mails(3))

    assert outcomes(ledger, batch)[:2] == [ACCEPTED, LOST_BEFORE]
    assert "out of turn" in ledger.of(batch[1].ref).reply


@pytest.mark.parametrize(("verb", "outcome"), [("RCPT", LOST_BEFORE), (".", LOST_AFTER)])
def test_a_silent_relay_is_given_up(verb, outcome):
    with StrictRelay(pipelining=False, lies={(verb, 1): b""}) as server:
        ledger = sent(server, batch := mails(2), command_timeout=1, dot_timeout=1)

    assert outcomes(ledger, batch) == [outcome, ACCEPTED]
    assert "in time" in ledger.of(batch[0].ref).reply


def test_answers_of_many_lines_are_understood():
    long = {("MAIL", 1): b"250-2.1.0 one\r\n250-2.1.0 two\r\n250 2.1.0 three\r\n", (".", 1): b"250-2.0.0 thank\r\n250 2.0.0 you\n"}
    with StrictRelay(lies=long) as server:
        ledger = sent(server, batch := mails(2))

    assert outcomes(ledger, batch) == [ACCEPTED, ACCEPTED]
    assert ledger.of(batch[0].ref).reply == "2.0.0 thank\n2.0.0 you"


def test_a_relay_that_wants_a_password_in_the_middle_blames_no_mail():
    ledger = Notebook()
    with StrictRelay(lies={("MAIL", 2): b"530 5.7.0 authentication required\r\n"}) as server, pytest.raises(SettingsError, match="530"):
        sent(server, batch := mails(3), ledger)

    assert outcomes(ledger, batch) == [ACCEPTED, None, None]


def test_a_mail_that_always_makes_the_relay_hang_up_is_told_once_and_the_others_go():
    with StrictRelay(lies={("MAIL", 2): HANG_UP, ("MAIL", 3): HANG_UP}) as server:
        ledger = sent(server, batch := mails(4))

    assert outcomes(ledger, batch) == [ACCEPTED, LOST_BEFORE, ACCEPTED, ACCEPTED]
    assert ledger.of(batch[1].ref).phase is Phase.MAIL


def test_a_mark_that_took_too_long_is_not_acted_upon(monkeypatch):
    """Its lease may be over: whoever was stopped in between must not write the dot when another has judged the mail."""
    monkeypatch.setattr(smtp_session, "LATEST", -1)
    with StrictRelay() as server:
        ledger = sent(server, batch := mails(2))

    assert outcomes(ledger, batch) == [LOST_BEFORE, LOST_BEFORE]
    assert server.mails == []


def assert_told_the_truth(server, ledger, batch):
    arrived = [recipient for recipient, _ in server.mails]
    for mail in batch:
        copies, told = arrived.count(mail.envelope_to), ledger.of(mail.ref).outcome
        assert copies == 1 if told is ACCEPTED else copies <= (told is LOST_AFTER), (mail.ref, told, copies)
        assert mail.ref in ledger.handoffs or told is not LOST_AFTER
    assert server.lone == []


# ---- any content ----

LINES = st.lists(st.one_of(
    st.sampled_from([b"", b".", b"..", b". ", b".\t", b"...", b"QUIT", b"MAIL FROM:<x@y.example>", b"From a friend", b".bdat"]),
    st.binary(max_size=60).map(lambda line: line.translate(None, b"\r\n\0")),
), max_size=30)


@pytest.fixture(scope="module")
def strict():
    with StrictRelay(together=0.001) as server:
        transport = Relay(Account("127.0.0.1", server.port, per_connection=100_000), 1)
        yield server, transport
        transport.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(LINES, min_size=1, max_size=4))
@example(contents=[[b"."], [b".", b"."], [b"..", b"", b"."]])
def test_any_lines_arrive_as_they_were(strict, contents):
    server, transport = strict
    server.mails.clear()
    batch = [mail_to("ayse@posta.example", number, b"".join(line + b"\r\n" for line in [b"Subject: x", b"", *lines]))
             for number, lines in enumerate(contents, 1)]

    send_all(transport, batch, Notebook())

    assert [content for _, content in server.mails] == [mail.content for mail in batch]
