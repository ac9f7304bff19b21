"""Connections that come and go by need, batches that are asked for in time, and sends that end when they should."""

from __future__ import annotations

import threading
import time
from itertools import count

import pytest

from regulars.adapters import smtp, smtp_pool, smtp_rest
from regulars.adapters.smtp import Relay
from regulars.adapters.smtp_rest import Rest
from regulars.adapters.smtp_session import Account
from regulars.delivery.outcomes import Outcome
from regulars.errors import SettingsError, Unreachable
from tests.ports.transports import Notebook, mail_to, send_all
from tests.servers import free_port
from tests.strict_relay import StrictRelay


def mails(number: int, first: int = 1):
    return [mail_to("ayse@posta.example", place) for place in range(first, first + number)]


def eventually(is_so) -> bool:
    ends = time.monotonic() + 10
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.01)
    return is_so()


@pytest.fixture
def relay_to():
    made = []

    def make(server, connections=4, **account):
        port = server if isinstance(server, int) else server.port
        made.append(Relay(Account("127.0.0.1", port, **account), connections))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


# ---- connections ----


def test_a_connection_is_changed_for_a_new_one_after_so_many_mails(relay_to):
    ledger = Notebook()
    with StrictRelay() as server:
        send_all(relay_to(server, 1, per_connection=3), mails(10), ledger)

    assert [sum(group.count(".") for group in turns) for turns in server.groups] == [3, 3, 3, 1]
    assert [turns[-1] for turns in server.groups[:3]] == [["QUIT"]] * 3
    assert {result.outcome for result in ledger.results} == {Outcome.ACCEPTED}


@pytest.mark.parametrize(("number", "connections"), [(1, 1), (3, 1), (5, 2), (100, 4)])
def test_connections_are_opened_as_the_queue_deserves_them(relay_to, number, connections):
    with StrictRelay(together=0.05 if number < 100 else 0.001) as server:
        send_all(relay_to(server, 4), mails(number), Notebook())

    assert len(server.groups) == connections


def test_a_relay_that_wants_fewer_connections_gets_fewer_and_all_the_mail(relay_to):
    with StrictRelay(most=2) as server:
        transport = relay_to(server, 6, per_connection=1000)
        for first in (1, 101, 201):
            ledger = Notebook()
            send_all(transport, mails(100, first), ledger)
            assert [result.outcome for result in ledger.results] == [Outcome.ACCEPTED] * 100
        asked = server.counts["banner"]

        assert transport._pool.limit == 2
        assert asked == 2
    assert server.most_open <= 6


def test_connections_that_rest_are_closed_with_a_word(relay_to, monkeypatch):
    monkeypatch.setattr(smtp_pool, "IDLE", 0.05)
    with StrictRelay() as server:
        send_all(relay_to(server), mails(50), Notebook())

        assert eventually(lambda: server.open == 0)
    assert {turns[-1][0] for turns in server.groups} == {"QUIT"}


# ---- batches ----


def test_the_next_batch_is_asked_for_while_the_last_is_under_way(relay_to):
    asked = threading.Event()

    def batches():
        yield mails(8)
        asked.set()
        yield mails(8, 9)

    ledger = Notebook(at_handoff=lambda refs: asked.wait(10) or pytest.fail("the first batch ran out before the second was asked for"))
    with StrictRelay() as server:
        relay_to(server).send(batches(), ledger, lambda: True)

    assert len(server.mails) == 16


def test_no_more_is_asked_for_than_the_lines_can_take(relay_to):
    ahead = []
    with StrictRelay() as server:
        def batches():
            for place in range(12):
                ahead.append(place * 50 - len(server.mails))
                yield mails(50, 1 + place * 50)

        relay_to(server).send(batches(), Notebook(), lambda: True)

    assert max(ahead) <= 2 * 50 + 2 * 4


def test_batches_are_made_by_the_caller_and_commits_by_one_other_thread(relay_to):
    threads = {"batches": set(), "ledger": set(), "go_on": set()}

    def batches():
        for place in range(5):
            threads["batches"].add(threading.current_thread())
            yield mails(20, 1 + place * 20)

    def go_on():
        threads["go_on"].add(threading.current_thread())
        return True

    with StrictRelay() as server:
        relay_to(server).send(batches(), Notebook(at_handoff=lambda refs: threads["ledger"].add(threading.current_thread())), go_on)

    me = {threading.current_thread()}
    assert threads["batches"] == threads["go_on"] == me
    assert len(threads["ledger"]) == 1
    assert not threads["ledger"] & me


def test_what_comes_while_a_commit_runs_shares_the_next(relay_to):
    groups = []
    with StrictRelay() as server:
        def slowly(refs):
            groups.append(len(refs))
            if len(groups) == 1:
                assert eventually(lambda: server.counts["DATA"] >= 4)

        transport = relay_to(server, 4)
        send_all(transport, mails(20), Notebook())  # so that there are four connections
        server.counts.clear()
        send_all(transport, mails(20, 21), Notebook(at_handoff=slowly))

    assert max(groups) >= 3


# ---- the end ----


def test_when_it_should_stop_no_mail_is_begun_and_those_under_way_are_finished(relay_to):
    ledger = Notebook()
    with StrictRelay() as server:
        relay_to(server, 2).send(iter([mails(5000)]), ledger, lambda: len(ledger.handoffs) < 5)

    assert 5 <= len(ledger.handoffs) < 5000
    assert sorted(ledger.handoffs) == sorted(result.ref for result in ledger.results if result.outcome is Outcome.ACCEPTED)


def test_a_relay_that_hangs_before_the_dot_holds_nobody_up_who_should_stop(relay_to, monkeypatch):
    monkeypatch.setattr(smtp, "GRACE", 0.1)
    ledger = Notebook()
    with StrictRelay(pipelining=False, lies={("RCPT", 3): b""}) as server:
        relay_to(server, 1, command_timeout=300).send(iter([mails(5)]), ledger, lambda: len(ledger.results) < 2)

    assert [result.ref.number for result in ledger.results] == [1, 2]
    assert len(ledger.handoffs) == 2


@pytest.mark.parametrize("lie", ["banner", "EHLO", "MAIL"])
def test_a_relay_that_never_says_a_word_is_unreachable_and_no_mail_is_blamed(relay_to, monkeypatch, lie):
    monkeypatch.setattr(smtp, "GRACE", 0.1)
    ledger = Notebook()
    looks = count()
    with StrictRelay(pipelining=False, lies={(lie, 1): b""}) as server:
        transport = relay_to(server, 1, command_timeout=300)
        with pytest.raises(Unreachable, match="does not answer"):
            transport.send(iter([mails(5)]), ledger, lambda: next(looks) < 3)

    assert (ledger.results, ledger.handoffs) == ([], [])


def test_a_verdict_is_waited_for_after_the_stop(relay_to, monkeypatch):
    monkeypatch.setattr(smtp, "GRACE", 0.01)
    ledger = Notebook()
    with StrictRelay(together=0.3) as server:
        relay_to(server, 1).send(iter([mails(3)]), ledger, lambda: not ledger.handoffs)

    assert [result.outcome for result in ledger.results] == [Outcome.ACCEPTED]


def test_a_launch_that_is_paused_does_not_cost_a_connection_for_every_mail_that_waits(relay_to):
    batch = mails(300)
    ledger = Notebook(refuses=frozenset(mail.ref for mail in batch[30:]))
    with StrictRelay() as server:
        relay_to(server, 4).send(iter([batch]), ledger, lambda: True)

    assert len(server.mails) == len(ledger.results) == 30
    assert server.counts["banner"] <= 40


def test_a_batch_that_cannot_be_made_ends_the_send_with_what_was_wrong(relay_to):
    def batches():
        yield mails(3)
        raise RuntimeError("no more paper")

    ledger = Notebook()
    with StrictRelay() as server, pytest.raises(RuntimeError, match="no more paper"):
        relay_to(server).send(batches(), ledger, lambda: True)

    assert sorted(ledger.handoffs) == sorted(result.ref for result in ledger.results)


@pytest.mark.parametrize("where", ["while the next batch is made", "while the lines are busy"])
def test_a_ledger_that_fails_ends_the_send_although_there_are_more_batches(relay_to, where):
    failed = threading.Event()

    def broken(refs):
        failed.set()
        raise RuntimeError("the database is gone")

    def batches():
        for place in range(5):
            if place and where == "while the next batch is made":
                failed.wait(10)
                time.sleep(0.1)
            yield mails(100, 1 + 100 * place)

    with StrictRelay() as server, pytest.raises(RuntimeError, match="the database is gone"):
        relay_to(server).send(batches(), Notebook(at_handoff=broken), lambda: True)

    assert server.mails == []


# ---- relays that let nobody in ----


def test_a_dead_relay_is_left_alone_for_a_while_and_no_batch_is_made_for_it(relay_to):
    asked = []

    def batches():
        asked.append(1)
        yield mails(3)

    transport = relay_to(free_port())
    for _ in range(4):
        with pytest.raises(Unreachable, match="cannot be reached"):
            transport.send(batches(), Notebook(), lambda: True)

    assert len(asked) == 1


def test_a_relay_that_is_back_is_found_after_the_pause(relay_to, monkeypatch):
    monkeypatch.setattr(smtp_rest, "FIRST", 0.0)
    with StrictRelay(banner=b"421 4.3.2 not now\r\n", lies={("banner", 2): b"220 welcome\r\n"}) as server:
        transport = relay_to(server)
        with pytest.raises(Unreachable, match="turned us away: 421"):
            send_all(transport, mails(1), Notebook())
        send_all(transport, mails(1), ledger := Notebook())

    assert [result.outcome for result in ledger.results] == [Outcome.ACCEPTED]


def test_the_pause_doubles_up_to_five_minutes_and_is_forgotten_when_it_worked(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(smtp_rest.time, "monotonic", lambda: now[0])
    rest, pauses = Rest(), []
    for _ in range(11):
        rest.failed(Unreachable("the relay is gone", hint="look"))
        with pytest.raises(Unreachable, match=r"the relay is gone; the next attempt is in \d+ s") as told:
            rest.insist()
        pauses.append(int(told.value.message.split()[-2]))
        now[0] += pauses[-1]
        rest.insist()

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    rest.worked()
    rest.failed(SettingsError(["the password is wrong"]))
    with pytest.raises(SettingsError, match="the password is wrong"):
        rest.insist()
    now[0] += 1
    rest.insist()
