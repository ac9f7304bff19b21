"""Amazon SES as a relay: what is asked of it, what its answers mean, and what is known when none comes."""

from __future__ import annotations

import ssl
import sys
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends

from regulars.adapters.ses import Ses, tag_of
from regulars.delivery.outcomes import Outcome, Phase
from regulars.delivery.replies import advice
from regulars.errors import SettingsError, Unreachable
from tests.amazon import ANSWERS, Amazon
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import ShopFloor, add_customers
from tests.ports.transports import Notebook, mail_to, send_all
from tests.servers import free_port

TLS = Path(__file__).parent / "tls"  # made for tests, trusted by nobody


@pytest.fixture(autouse=True)
def credentials(monkeypatch, tmp_path):
    for name, value in {
        "AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def amazon(monkeypatch):
    with Amazon() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", server.address)
        yield server


@pytest.fixture
def ses(amazon):
    transport = Ses("eu-west-1", connections=3, configuration_set="sales", read_timeout=1)
    yield transport
    transport.close()


def sent(ses, *names):
    ledger = Notebook()
    mails = [mail_to(f"{name}@posta.example", number) for number, name in enumerate(names, 1)]
    send_all(ses, mails, ledger)
    return [ledger.of(mail.ref) for mail in mails]


def test_the_mail_travels_as_it_is_with_its_envelope_and_its_tag(ses, amazon):
    mail = mail_to("ayse@posta.example", 3)
    send_all(ses, [mail], ledger := Notebook())
    [request] = amazon.taken

    assert b64decode(request["Content"]["Raw"]["Data"]) == mail.content
    assert (request["FromEmailAddress"], request["Destination"]) == (mail.envelope_from, {"ToAddresses": ["ayse@posta.example"]})
    assert request["EmailTags"] == [{"Name": "regulars_message", "Value": tag_of(mail.message_id)}]
    assert request["ConfigurationSetName"] == "sales"
    assert ledger.results[0].reply == "Ok made-up-1"


@pytest.mark.parametrize(("message_id", "tag"), [("<0000000003.abc123@shop.example>", "0000000003-abc123"), ("<1.a/b@shop.example>", "1-a-b")])
def test_a_tag_has_the_letters_that_ses_allows(message_id, tag):
    assert tag_of(message_id) == tag


def test_many_requests_are_made_at_once_and_no_more_than_connections(ses, amazon):
    results = sent(ses, *["trio"] * 39)  # each is answered when three are there

    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert len(amazon.taken) == 39
    assert amazon.most_at_once == 3


@pytest.mark.parametrize(("name", "outcome", "meaning"), [
    ("too.fast", Outcome.DEFERRED, "slow down"), ("throttled", Outcome.DEFERRED, "slow down"), ("rejected", Outcome.REJECTED, "stop"),
    ("unverified", Outcome.REJECTED, "stop"), ("suspended", Outcome.REJECTED, "stop"), ("paused", Outcome.REJECTED, "stop"),
    ("no.such.set", Outcome.REJECTED, "stop"), ("bad", Outcome.REJECTED, "reject"), ("forbidden", Outcome.REJECTED, "stop"),
    ("stranger", Outcome.REJECTED, "stop"), ("trouble", Outcome.DEFERRED, "retry"),
])
def test_a_refusal_is_told_with_its_name_and_means_what_it_means_by_smtp(ses, amazon, name, outcome, meaning):
    [result] = sent(ses, name)

    assert (result.outcome, result.phase, result.reply.partition(":")[0]) == (outcome, Phase.DOT, ANSWERS[name][1])
    assert advice(result.phase, result.code, result.enhanced, result.reply) == meaning


@pytest.mark.parametrize("name", ["hangup", "silence", "gateway"])
def test_without_an_answer_only_ses_knows_and_the_request_is_not_repeated(ses, amazon, name):
    before, result, after = sent(ses, "ayse", name, "can")

    assert (result.outcome, result.phase, result.code) == (Outcome.LOST_AFTER_DOT, Phase.DOT, None)
    assert (before.outcome, after.outcome) == (Outcome.ACCEPTED, Outcome.ACCEPTED)
    assert amazon.asked.count(name) == 1


def test_nobody_there_is_known_to_have_nothing_and_the_rest_goes_back(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{free_port()}")
    ses, ledger = Ses("eu-west-1", connections=2), Notebook()
    with pytest.raises(Unreachable, match="Amazon SES in eu-west-1 cannot be reached"):
        send_all(ses, [mail_to("ayse@posta.example", number) for number in range(1, 20)], ledger)

    assert {(result.outcome, result.phase) for result in ledger.results} == {(Outcome.LOST_BEFORE_DOT, Phase.CONNECT)}
    assert 1 <= len(ledger.results) == len(ledger.handoffs) <= 4


def test_a_certificate_that_nobody_vouches_for_costs_no_mail_its_certainty(monkeypatch):
    made_up = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made_up.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    with Amazon(tls=made_up) as amazon:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", amazon.address)
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            send_all(Ses("eu-west-1", connections=1), [mail_to("ayse@posta.example", number) for number in range(1, 5)], ledger := Notebook())

    assert [(result.outcome, result.phase) for result in ledger.results] == [(Outcome.LOST_BEFORE_DOT, Phase.CONNECT)]


def test_an_ses_that_answers_nobody_makes_few_mails_uncertain(ses, amazon):
    ledger = Notebook()
    with pytest.raises(Unreachable, match="no answer comes"):
        send_all(ses, [mail_to("hangup@posta.example", number) for number in range(1, 30)], ledger)

    assert {result.outcome for result in ledger.results} == {Outcome.LOST_AFTER_DOT}
    assert 3 <= len(ledger.results) == len(ledger.handoffs) <= 6


def test_a_request_is_made_only_after_its_mark(ses, amazon):
    ledger = Notebook(at_handoff=lambda refs: early.extend(ref for ref in refs if f"c{ref.number}" in amazon.asked))
    early: list = []
    kept = mail_to("c2@posta.example", 2)
    ledger.refuses = frozenset({kept.ref})
    send_all(ses, [mail_to("c1@posta.example", 1), kept, mail_to("c3@posta.example", 3)], ledger)

    assert early == []
    assert sorted(amazon.asked) == ["c1", "c3"]
    assert ledger.of(kept.ref) is None


def test_who_is_told_to_stop_begins_nothing_more(ses, amazon):
    left = iter([True] * 5)
    ses.send(iter([[mail_to(f"c{number}@posta.example", number) for number in range(1, 30)]]), ledger := Notebook(), lambda: next(left, False))

    assert len(amazon.asked) == len(ledger.results) == 5


def test_a_ledger_that_cannot_commit_sends_nothing(ses, amazon):
    def broken(refs):
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError, match="the database is gone"):
        send_all(ses, [mail_to("ayse@posta.example", 1)], Notebook(at_handoff=broken))

    assert amazon.asked == []


def test_letters_that_ses_cannot_carry_end_the_mail_without_a_request(ses, amazon):
    mail = replace(mail_to("a@posta.example", 1), envelope_to="ünal@posta.example")
    send_all(ses, [mail], ledger := Notebook())

    assert (ledger.results[0].outcome, ledger.results[0].enhanced, amazon.asked) == (Outcome.REJECTED, "5.6.7", [])


def test_without_credentials_the_way_out_is_named(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SettingsError, match="set AWS_ACCESS_KEY_ID"):
        Ses("eu-west-1")


def test_without_the_library_the_command_to_install_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(SettingsError, match=r"pip install 'regulars\[ses\]'"):
        Ses("eu-west-1")


@mock_aws
def test_another_ses_understands_our_requests_too():
    boto3.client("sesv2", region_name="eu-west-1").create_email_identity(EmailIdentity="shop.example")
    ses = Ses("eu-west-1", connections=1)
    accepted, = sent(ses, "ayse")
    stored = sesv2_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].core_backend.sent_messages

    assert accepted.outcome is Outcome.ACCEPTED
    assert [set(message.destinations) for message in stored] == [{"ayse@posta.example"}]
    assert "Subject: 1" in stored[0].raw_data


def test_a_launch_through_ses_pauses_where_the_sender_is_not_verified_and_holds_what_was_lost(database, ses, amazon):
    floor = ShopFloor(database)
    add_customers(database, 1)
    add_customers(database, 1, email="hangup@posta.example")
    launch = floor.launch()
    floor.drain(launch.id, floor.office(transport=ses))
    uncertain = floor.states(launch.id)
    floor.let_leases_run_out()
    floor.work()

    assert uncertain == {"accepted": 1, "uncertain": 1}
    assert floor.states(launch.id) == {"accepted": 1, "held": 1}
    assert_promises_kept(database)


def test_a_launch_from_an_unverified_domain_waits_for_a_person(database, ses, amazon):
    floor = ShopFloor(database)
    add_customers(database, 1, email="unverified@posta.example")
    launch = floor.launch()
    floor.drain(launch.id, floor.office(transport=ses))
    paused = floor.launches.get(launch.id)

    assert (paused.state, floor.states(launch.id)) == ("paused", {"pending": 1})
    assert "MailFromDomainNotVerifiedException" in paused.state_reason
    assert "check `sender.from` in regulars.yaml" in paused.state_reason
