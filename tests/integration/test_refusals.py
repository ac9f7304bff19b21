"""What a relay's no leads to: addresses suppressed, launches paused, and customers never punished for our mistakes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain

import pytest
from sqlalchemy import select, update

from regulars.adapters.database.installation import suppression_key
from regulars.adapters.database.schema import attempts, customers, messages
from regulars.adapters.database.slowdowns import SlowDownsInDatabase
from regulars.adapters.database.suppressions import SuppressionsInDatabase
from regulars.audience.addresses import address_hash
from regulars.delivery.life import State
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.settlement import settled
from regulars.errors import SettingsError, Unreachable
from regulars.operations.drain import drain
from regulars.operations.resume import resume
from regulars.operations.retry import Word, retry
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import NOW, ShopFloor, add_customers
from tests.integration.test_pace import Pacing

NOBODY = (Phase.RCPT, 550, "5.1.1", "5.1.1 no such user")
POLICY = (Phase.DOT, 550, "5.7.1", "5.7.1 we do not want this")
SIGN_IN = (Phase.MAIL, 530, "5.7.0", "5.7.0 Authentication required")
FULL = (Phase.DOT, 552, "5.2.2", "5.2.2 over quota")


@dataclass
class AnsweringRelay:
    """Takes everything but the numbers in `says`: phase, code, enhanced code and words of each."""

    says: dict[int, tuple] = field(default_factory=dict)
    mailbox: list = field(default_factory=list)
    at_once: int = 1  # mails whose handoffs are marked together

    def send(self, batches, ledger, go_on):
        mails = chain.from_iterable(batches)
        while go_on() and (together := [mail for _, mail in zip(range(self.at_once), mails, strict=False)]):
            late = [mail for mail in together if self.says.get(mail.ref.number, POLICY)[0] is Phase.DOT]
            ledger.turn([self._answer(mail) for mail in together if mail not in late], [])
            marked = ledger.turn([], [mail.ref for mail in late])
            for mail in late:
                if mail.ref in marked:
                    ledger.turn([self._answer(mail)], [])

    def _answer(self, mail):
        said = self.says.get(mail.ref.number)
        if said is None:
            self.mailbox.append(mail)
            return Result(mail.ref, Outcome.ACCEPTED, Phase.DOT, 250, evidence="reply")
        outcome = Outcome.REJECTED if said[1] >= 500 else Outcome.DEFERRED
        return Result(mail.ref, outcome, *said, relay="bulk")

    address = "smtp://answering.example:25"

    def arrived(self, mails):
        return {}


@pytest.fixture
def floor(database):
    floor = ShopFloor(database)
    floor.transport = AnsweringRelay()
    yield floor
    assert_promises_kept(database)


def suppressed(floor):
    return [(entry.masked, entry.reason, entry.source) for entry in SuppressionsInDatabase(floor.database).all()]


def message(floor, number):
    with floor.database.read() as connection:
        return connection.execute(select(messages).where(messages.c.number == number)).one()


def test_an_address_that_nobody_has_is_never_written_to_again(floor):
    ids = add_customers(floor.database, 5)
    with floor.database.write() as connection:
        key = suppression_key(connection)
        for number in ids:
            hashed = address_hash(f"c{number}@example.com", key)
            connection.execute(update(customers).where(customers.c.id == number).values(address_hash=hashed))
    floor.transport.says[2] = NOBODY
    launch = floor.launch()
    floor.drain(launch.id)
    again = floor.prepare(again=True)

    assert floor.states(launch.id) == {"accepted": 4, "rejected": 1}
    assert message(floor, 2).reason == "there is no such mailbox (550 5.1.1)"
    assert suppressed(floor) == [("c***@example.com", "bounce", f"launch {launch.id}: 550 5.1.1")]
    assert again.funnel.excluded == {"suppressed": 1}


@pytest.mark.parametrize("said", [POLICY, SIGN_IN, (Phase.RCPT, 554, "5.7.1", "5.7.1 Relay access denied")])
def test_something_of_ours_pauses_at_once_and_costs_the_customer_nothing(floor, said):
    add_customers(floor.database, 5)
    floor.transport.says[2] = said
    launch = floor.launch()
    floor.drain(launch.id)
    paused = floor.launches.get(launch.id)
    refused = message(floor, 2)
    floor.transport.says.clear()
    resume(str(launch.id), floor.launches, now=floor.clock.now())
    floor.drain(launch.id)

    assert paused.state == "paused"
    assert paused.state_reason.startswith(f"relay bulk: {said[1]} {said[3]}")
    assert paused.state_reason.endswith(f"then: regulars resume {launch.id}")
    assert (refused.state, refused.attempts, refused.smtp_code) == ("pending", 0, said[1])
    assert floor.states(launch.id) == {"accepted": 5}
    assert suppressed(floor) == []


def test_the_attempt_that_paused_a_launch_is_on_record(floor):
    add_customers(floor.database, 1)
    floor.transport.says[1] = POLICY
    launch = floor.launch()
    floor.drain(launch.id)
    with floor.database.read() as connection:
        tried = connection.execute(select(attempts)).one()

    assert (tried.phase, tried.outcome, tried.smtp_code, tried.reply, tried.relay) == ("dot", "pending", 550, POLICY[3], "bulk")


def test_what_is_in_flight_when_a_launch_pauses_ends_as_the_relay_says(floor):
    add_customers(floor.database, 6)
    floor.transport = AnsweringRelay({1: POLICY, 2: FULL}, at_once=3)
    launch = floor.launch()
    floor.drain(launch.id)

    assert floor.launches.get(launch.id).state == "paused"
    assert [message(floor, number).state for number in range(1, 7)] == ["pending", "rejected", "accepted", "pending", "pending", "pending"]


def test_no_other_worker_hands_over_a_mail_after_the_pause(floor):
    add_customers(floor.database, 4)
    launch = floor.launch()
    theirs = floor.messages.claim(launch.id, 2, "worker-2", 60, NOW)
    floor.transport.says[3] = POLICY
    floor.drain(launch.id)

    assert floor.mark(theirs, owner="worker-2") == set()
    assert floor.transport.mailbox == []
    floor.let_leases_run_out()
    floor.work()


def resumed(floor, launch) -> str:
    floor.wait(minutes=1)
    resume(str(launch.id), floor.launches, now=floor.clock.now())
    floor.drain(launch.id)
    return floor.launches.get(launch.id).state.value


def test_a_mail_that_alone_is_refused_again_and_again_ends_and_the_others_go(floor):
    add_customers(floor.database, 3)
    floor.transport.says[1] = POLICY
    launch = floor.launch()
    floor.drain(launch.id)
    states = [resumed(floor, launch), resumed(floor, launch)]  # it comes last, and is asked about once more

    assert states == ["paused", "finished"]
    assert floor.states(launch.id) == {"rejected": 1, "accepted": 2}
    assert floor.launches.get(launch.id).state == "finished"
    assert suppressed(floor) == []


def test_a_mistake_that_was_not_put_right_costs_nobody_the_mail_however_often_it_is_resumed(floor):
    add_customers(floor.database, 3)
    floor.transport.says = dict.fromkeys([1, 2, 3], POLICY)
    launch = floor.launch()
    floor.drain(launch.id)
    states = {resumed(floor, launch) for _ in range(5)}
    floor.transport.says.clear()

    assert states == {"paused"}
    assert resumed(floor, launch) == "finished"
    assert floor.states(launch.id) == {"accepted": 3}


def test_a_mass_of_refusals_pauses_and_takes_back_what_it_suppressed(floor):
    add_customers(floor.database, 40)
    floor.transport.says = dict.fromkeys(range(11, 41), NOBODY)
    launch = floor.launch()
    floor.drain(launch.id)
    paused = floor.launches.get(launch.id)

    assert (paused.state, floor.states(launch.id)) == ("paused", {"accepted": 10, "rejected": 10, "pending": 20})
    assert paused.state_reason.startswith("10 of the last 20 answers were refusals, the latest: there is no such mailbox (550 5.1.1)")
    assert suppressed(floor) == []


def test_a_mass_is_counted_over_turns_and_workers(floor):
    add_customers(floor.database, 40)
    floor.transport.says = dict.fromkeys(range(1, 41), FULL)
    launch = floor.launch()
    for turn in range(4):
        left = iter([True] * 6)
        worker = floor.office(f"worker-{turn}")
        drain(launch.id, worker, go_on=lambda left=left: next(left, False))

    assert floor.launches.get(launch.id).state == "paused"
    assert floor.states(launch.id) == {"rejected": 10, "pending": 30}


def test_who_resumes_has_seen_the_refusals_and_the_next_pause_takes_as_many_again(floor):
    add_customers(floor.database, 60)
    floor.transport.says = dict.fromkeys(range(1, 61), FULL)
    launch = floor.launch()
    counts = []
    for _ in range(3):
        floor.drain(launch.id)
        counts.append(floor.states(launch.id)["rejected"])
        floor.wait(minutes=1)
        resume(str(launch.id), floor.launches, now=floor.clock.now())

    assert counts == [10, 20, 40]


def test_refusals_now_and_then_are_how_lists_are(floor):
    add_customers(floor.database, 200)
    floor.transport.says = dict.fromkeys(range(10, 200, 11), NOBODY)
    launch = floor.launch()
    floor.drain(launch.id)

    assert floor.launches.get(launch.id).state == "finished"
    assert len(suppressed(floor)) == floor.states(launch.id)["rejected"] == 18


def test_what_a_mass_rejected_goes_out_when_somebody_retries_it(floor):
    add_customers(floor.database, 12)
    floor.transport.says = dict.fromkeys(range(1, 13), NOBODY)
    launch = floor.launch()
    floor.drain(launch.id)
    floor.transport.says.clear()
    floor.wait(minutes=1)
    retry(str(launch.id), Word(by="ada", why="the relay had lost its users"), floor.launches, floor.messages, floor.clock.now())
    resume(str(launch.id), floor.launches, now=floor.clock.now())
    floor.drain(launch.id)

    assert floor.states(launch.id) == {"accepted": 12}


def test_a_wrong_password_pauses_the_launch_with_the_words_of_the_relay(floor):
    class Closed:
        address = "smtp://closed.example:25"

        def send(self, batches, ledger, go_on):
            next(iter(batches))
            raise SettingsError(["REGULARS_MAIL_URL: the relay mx.posta.example:587 does not let 'shop' in: 535 no"])

    add_customers(floor.database, 2)
    launch = floor.launch()
    with pytest.raises(Unreachable, match="does not let 'shop' in"):
        floor.drain(launch.id, floor.office(transport=Closed()))
    paused = floor.launches.get(launch.id)

    assert paused.state == "paused"
    assert paused.state_reason.endswith(f"535 no; then: regulars resume {launch.id}")
    assert floor.states(launch.id) == {"pending": 2}


def test_a_relay_without_an_address_on_one_machine_stops_only_that_machine(floor):
    def nowhere(*_):
        raise SettingsError(["the relay 'bulk' of regulars.yaml has no address"])

    add_customers(floor.database, 2)
    launch = floor.launch()
    with pytest.raises(Unreachable, match="has no address"):
        floor.drain(launch.id, replace(floor.office(), ways=nowhere))
    state = floor.launches.get(launch.id).state
    floor.drain(launch.id)

    assert (state, floor.states(launch.id)) == ("sending", {"accepted": 2})


def test_later_says_why_the_mail_waits_until_it_has_gone(floor):
    add_customers(floor.database, 1)
    floor.transport.says[1] = (Phase.RCPT, 450, "4.2.0", "4.2.0 Greylisted")
    launch = floor.launch()
    floor.drain(launch.id)
    waiting = message(floor, 1)
    floor.transport.says.clear()
    floor.wait(minutes=6)
    floor.drain(launch.id)

    assert (waiting.state, waiting.attempts, waiting.next_attempt_at) == ("pending", 1, NOW + timedelta(minutes=5))
    assert waiting.reason == "put off: greylisting: the first try of an unknown sender is put off (450 4.2.0)"
    assert (message(floor, 1).state, message(floor, 1).reason) == ("accepted", None)


def test_a_domain_that_says_too_much_is_left_alone_at_that_relay(floor):
    add_customers(floor.database, 2)
    floor.transport.says = dict.fromkeys([1, 2], (Phase.RCPT, 421, "4.7.28", "4.7.28 unusual rate of mail"))
    Pacing(floor).drain(floor.launch())
    [slow] = SlowDownsInDatabase(floor.database).lasting(NOW)

    assert (slow.relay, slow.domain, slow.until) == ("bulk", "example.com", NOW + timedelta(minutes=1))
    assert "unusual rate" in slow.reason or "(421 4.7.28)" in slow.reason


@pytest.mark.parametrize("said", [NOBODY, POLICY])
def test_who_lost_its_claim_meanwhile_neither_pauses_nor_suppresses(floor, said):
    """Its relay answers after another has the mail: what it heard is about a time that is over."""
    add_customers(floor.database, 2)
    launch = floor.launch()
    [late, _] = floor.messages.claim(launch.id, 2, "late", 60, floor.clock.now())
    floor.let_leases_run_out()
    floor.messages.recover("sweep", floor.clock.now())
    floor.messages.claim(launch.id, 2, "another", 60, floor.clock.now())
    answer = settled(late, State.CLAIMED, Result(late.ref, Outcome.REJECTED, *said, relay="bulk"), floor.clock.now(), 0.0)
    floor.messages.turn([answer], [], owner="late", topic=None, seconds=60, now=floor.clock.now())

    assert answer.pause or answer.suppress
    assert floor.launches.get(launch.id).state == "sending"
    assert suppressed(floor) == []
