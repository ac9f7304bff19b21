"""The relay adapter against a real SMTP server: encryption, signing in, and connections that live and die."""

from __future__ import annotations

import pytest

from regulars.adapters.smtp import Relay
from regulars.adapters.smtp_session import Account
from regulars.delivery.outcomes import Outcome, Phase
from regulars.errors import SettingsError, Unreachable
from tests.ports.transports import Notebook, mail_to, send_all
from tests.relay import PASSWORD, USER, RelayServer
from tests.servers import free_port


def sent(server, mails=None, *, connections=2, context=None, host="localhost", **account) -> Notebook:
    transport = Relay(Account(host, server.port, **account), connections, context)
    ledger = Notebook()
    try:
        send_all(transport, mails or [mail_to("ayse@posta.example")], ledger)
    finally:
        transport.close()
    return ledger


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_mail_leaves_encrypted_and_signed_in(of_server, trusting, tls, pipelining):
    encrypted = {"tls": of_server, "implicit": tls == "implicit", "must_encrypt": tls == "starttls", "must_sign_in": True}
    mails = [mail_to("ayse@posta.example", number) for number in (1, 2, 3)]
    with RelayServer(pipelining=pipelining, **encrypted) as server:
        ledger = sent(server, mails, context=trusting, tls=tls, user=USER, password=PASSWORD)

    assert [result.outcome for result in ledger.results] == [Outcome.ACCEPTED] * 3
    assert [mail.content for mail in server.arrived] == [mail.content for mail in mails]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for_ends_the_conversation(of_server, tls):
    with RelayServer(tls=of_server, implicit=tls == "implicit") as server:
        with pytest.raises(Unreachable, match=r"certificate of localhost:\d+ cannot be trusted"):
            sent(server, tls=tls)

    assert server.arrived == []


def test_a_certificate_for_another_name_ends_the_conversation(of_server, trusting):
    with RelayServer(tls=of_server) as server, pytest.raises(Unreachable, match="cannot be trusted"):
        sent(server, host="127.0.0.1", tls="starttls", context=trusting)


def test_a_relay_without_starttls_is_not_written_to_in_the_clear():
    with RelayServer() as server:
        with pytest.raises(Unreachable, match="does not offer STARTTLS"):
            sent(server, tls="starttls")

    assert server.arrived == []


def test_a_wrong_password_is_a_setting_to_mend_and_no_mail_is_blamed(of_server, trusting):
    ledger = Notebook()
    with RelayServer(tls=of_server, must_sign_in=True) as server:
        transport = Relay(Account("localhost", server.port, USER, "wrong-word", "starttls"), 2, trusting)
        with pytest.raises(SettingsError, match="does not let 'shop' in: 535") as error:
            send_all(transport, [mail_to("ayse@posta.example", number) for number in (1, 2, 3)], ledger)
        transport.close()

    assert "wrong-word" not in str(error.value)
    assert "wrong-word" not in repr(transport._account)
    assert ledger.results == []
    assert ledger.handoffs == []


@pytest.mark.parametrize("mails", [1, 3])
@pytest.mark.parametrize("demand", ["must_encrypt", "must_sign_in"])
def test_a_relay_that_wants_more_than_the_settings_give_rejects_no_mail(of_server, demand, mails):
    ledger = Notebook()
    with RelayServer(tls=of_server, **{demand: True}) as server:
        transport = Relay(Account("localhost", server.port), 2)
        with pytest.raises(SettingsError, match="takes no mail this way: 530"):
            send_all(transport, [mail_to("ayse@posta.example", number) for number in range(mails)], ledger)
        transport.close()

    assert ledger.results == []


def test_an_unreachable_relay_is_named_and_no_mail_is_blamed():
    port = free_port()
    ledger = Notebook()
    transport = Relay(Account("127.0.0.1", port), 2)

    with pytest.raises(Unreachable, match=f"127.0.0.1:{port} cannot be reached: .*refused") as error:
        send_all(transport, [mail_to("ayse@posta.example")], ledger)

    transport.close()
    assert "REGULARS_MAIL_URL" in error.value.hint
    assert ledger.results == []


def test_connections_are_few_and_kept_from_batch_to_batch():
    with RelayServer() as server:
        transport = Relay(Account("127.0.0.1", server.port), connections=3)
        for batch in range(4):
            send_all(transport, [mail_to("ayse@posta.example", batch * 50 + number) for number in range(1, 51)], Notebook())
        transport.close()

    assert len(server.arrived) == 200
    assert server.connections == 3


def test_mails_that_are_ready_together_share_a_commit():
    with RelayServer() as server:
        ledger = sent(server, [mail_to("ayse@posta.example", number) for number in range(1, 101)], connections=10)

    assert len(ledger.results) == 100
    assert ledger.turns < 100


def test_a_relay_that_hangs_up_after_some_mails_is_called_again():
    with RelayServer(mails_a_connection=3) as server:
        ledger = sent(server, [mail_to("ayse@posta.example", number) for number in range(1, 21)])

    assert {result.outcome for result in ledger.results} == {Outcome.ACCEPTED}
    assert len(server.arrived) == 20


def test_a_relay_that_hung_up_between_batches_is_called_again():
    with RelayServer() as server:
        port = server.port
        transport = Relay(Account("127.0.0.1", port), connections=1)
        send_all(transport, [mail_to("ayse@posta.example", 1)], Notebook())
    ledger = Notebook()
    with RelayServer(port=port) as server:
        send_all(transport, [mail_to("ayse@posta.example", 2)], ledger)
        transport.close()

    assert [result.outcome for result in ledger.results] == [Outcome.ACCEPTED]


def test_a_relay_that_goes_away_in_a_batch_leaves_the_rest_untried():
    ledger = Notebook()
    with RelayServer(most_connections=1) as server:
        transport = Relay(Account("127.0.0.1", server.port), connections=1)
        mails = [mail_to("ayse@posta.example", 1), mail_to("hangup.rcpt@posta.example", 2), mail_to("can@posta.example", 3)]
        with pytest.raises(Unreachable, match="turned us away: 421"):
            send_all(transport, mails, ledger)
        transport.close()

    assert [result.outcome for result in ledger.results] == [Outcome.ACCEPTED, Outcome.LOST_BEFORE_DOT]
    assert ledger.of(mails[2].ref) is None


def test_an_interrupted_batch_keeps_what_it_knows_and_starts_clean_again():
    mails = [mail_to("ayse@posta.example", number) for number in range(1, 9)]
    handed: list = []

    def interrupt(refs):
        handed.extend(refs)
        if len(handed) > 4:
            raise KeyboardInterrupt

    with RelayServer() as server:
        transport = Relay(Account("127.0.0.1", server.port), connections=1)
        ledger = Notebook(at_handoff=interrupt)
        with pytest.raises(KeyboardInterrupt):
            send_all(transport, mails, ledger)
        left = [mail for mail in mails if ledger.of(mail.ref) is None]
        send_all(transport, left, Notebook())
        transport.close()

    assert len(left) == 4
    assert len(server.arrived) == len(mails)


def test_silence_after_the_dot_is_uncertain_when_its_time_is_over():
    with RelayServer() as server:
        mails = [mail_to("dot.silence@posta.example", 1), mail_to("can@posta.example", 2)]
        ledger = sent(server, mails, connections=1, dot_timeout=1)

    assert ledger.of(mails[0].ref).outcome is Outcome.LOST_AFTER_DOT
    assert ledger.of(mails[1].ref).outcome is Outcome.ACCEPTED


def test_an_answer_that_makes_no_sense_after_the_dot_is_uncertain():
    with RelayServer() as server:
        ledger = sent(server, [mail_to("dot.nonsense@posta.example", 1)])

    assert [(result.outcome, result.phase) for result in ledger.results] == [(Outcome.LOST_AFTER_DOT, Phase.DOT)]


@pytest.mark.parametrize("name", ["later", "never", "dot.later", "dot.never"])
def test_after_a_refusal_the_same_connection_serves_the_next(name):
    with RelayServer() as server:
        mails = [mail_to(f"{name}@posta.example", 1), mail_to("can@posta.example", 2), mail_to(f"{name}@posta.example", 3), mail_to("can@posta.example", 4)]
        ledger = sent(server, mails, connections=1)

    assert [ledger.of(mails[place].ref).outcome for place in (1, 3)] == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert server.connections == 1


@pytest.mark.parametrize(("offered", "outcome", "enhanced"), [(True, Outcome.ACCEPTED, "2.0.0"), (False, Outcome.REJECTED, "5.6.7")])
def test_an_address_beyond_ascii_goes_where_the_relay_can_take_it(offered, outcome, enhanced):
    with RelayServer(smtputf8=offered) as server:
        mails = [mail_to("ayşe@posta.example", 1, b"Subject: x\r\n\r\nMerhaba\r\n"), mail_to("can@posta.example", 2)]
        ledger = sent(server, mails)

    assert (ledger.of(mails[0].ref).outcome, ledger.of(mails[0].ref).enhanced) == (outcome, enhanced)
    assert ledger.of(mails[1].ref).outcome is Outcome.ACCEPTED


def test_a_connection_with_half_a_mail_on_it_is_never_used_again():
    """The database goes away between content and dot; what is said next would be read as more of that mail."""

    def away(refs):
        raise Unreachable("the database does not answer")

    with RelayServer() as server:
        transport = Relay(Account("localhost", server.port, command_timeout=5), connections=1)
        with pytest.raises(Unreachable):
            send_all(transport, [mail_to("ayse@posta.example", number) for number in (1, 3)], Notebook(at_handoff=away))
        send_all(transport, [mail_to("can@posta.example", 2)], Notebook())
        transport.close()

    assert [mail.recipient for mail in server.arrived] == ["can@posta.example"]
    assert server.connections == 2
