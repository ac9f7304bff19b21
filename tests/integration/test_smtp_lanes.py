"""The queue of the SMTP transport: a lane has no more connections busy than it bears, and nobody waits for it in vain."""

import asyncio
from collections import Counter

from aiosmtpd.controller import Controller
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters import smtp
from regulars.adapters.smtp_queue import MailQueue
from regulars.adapters.smtp_session import Account
from regulars.content.tokens import MessageRef
from regulars.definition.relays import DomainGroup, Relay
from regulars.delivery.lanes import Busy
from regulars.delivery.outgoing import Outgoing
from tests.servers import free_port

DOMAINS = ("gmail.com", "googlemail.com", "yahoo.com", "other.example")


def mail(number: int, domain: str) -> Outgoing:
    return Outgoing(MessageRef(1, number), f"<{number}@x>", "a@shop.example", f"c@{domain}", b"", "")


def busy(**most: int) -> Busy:
    return Busy.of({"bulk": Relay("bulk", domains={name: DomainGroup(connections=count) for name, count in most.items()})}, "bulk")


def test_without_limits_mails_leave_in_their_order():
    queue = MailQueue()
    queue.add([mail(n, DOMAINS[n % 4]) for n in range(8)])

    assert [queue.take().ref.number for _ in range(8)] == list(range(8))
    assert queue.take() is None


def test_a_full_lane_lets_the_others_pass_until_one_of_its_mails_is_done():
    queue = MailQueue(busy(gmail=1))
    queue.add([mail(1, "gmail.com"), mail(2, "googlemail.com"), mail(3, "other.example")])
    first = queue.take()
    assert (first.ref.number, queue.take().ref.number, queue.take()) == (1, 3, None)
    assert (len(queue), queue.ready) == (1, 0)

    assert queue.done(first.ref)
    assert not queue.done(first.ref)
    assert queue.take().ref.number == 2


def test_who_is_put_back_comes_first_and_leaves_its_place():
    queue = MailQueue(busy(gmail=1))
    queue.add([mail(1, "gmail.com"), mail(2, "gmail.com")])
    queue.put_back(queue.take())

    assert queue.take().ref.number == 1


@given(st.lists(st.sampled_from(DOMAINS), max_size=30), st.integers(1, 3), st.integers(1, 3), st.lists(st.sampled_from(["take", "done", "back"]), max_size=80))
def test_no_lane_is_ever_busier_than_it_may_be_and_every_mail_leaves_once(domains, gmail, yahoo, steps):
    limits = busy(gmail=gmail, yahoo=yahoo)
    queue, at_work, left = MailQueue(limits), [], []
    queue.add([mail(n, domain) for n, domain in enumerate(domains)])

    def lane(one) -> str:
        return limits.lane_of(one.envelope_to)

    for step in [*steps, *["take", "done"] * len(domains)]:
        if step == "take":
            ready, one = queue.ready, queue.take()
            assert (one is None) == (ready == 0)
            at_work += [one] if one else []
        elif at_work:
            one = at_work.pop(0)
            if step == "done":
                queue.done(one.ref)
                left.append(one.ref.number)
            else:
                queue.put_back(one)
        assert sum(lane(one) == "gmail" for one in at_work) <= gmail
        assert sum(lane(one) == "yahoo" for one in at_work) <= yahoo
    left += [one.ref.number for one in at_work]
    assert sorted(left) == list(range(len(domains)))


class Patient:
    """A relay's desk that takes its time and counts how many mails to whom it has in hand at once."""

    def __init__(self) -> None:
        self.now, self.most, self.taken = Counter(), Counter(), []

    async def handle_DATA(self, server, session, envelope):
        domain = envelope.rcpt_tos[0].rpartition("@")[2]
        self.now[domain] += 1
        self.most[domain] = max(self.most[domain], self.now[domain])
        await asyncio.sleep(0.01)
        self.now[domain] -= 1
        self.taken.append(envelope.rcpt_tos[0])
        return "250 2.0.0 Ok"


class Allows:
    """A ledger that allows everything and keeps what it is told."""

    def __init__(self) -> None:
        self.results = []

    def turn(self, results, handoffs):
        self.results += results
        return set(handoffs)


def test_no_more_connections_are_busy_with_a_lane_than_it_bears_and_all_mail_leaves():
    desk, ledger = Patient(), Allows()
    controller = Controller(desk, hostname="127.0.0.1", port=free_port())
    controller.start()
    relay = smtp.Relay(Account("127.0.0.1", controller.port), connections=6, busy=lambda: busy(gmail=2))
    try:
        mails = [mail(n, "gmail.com" if n % 3 else "other.example") for n in range(90)]
        relay.send(iter([mails[:50], mails[50:]]), ledger, lambda: True)
    finally:
        relay.close()
        controller.stop()

    assert desk.most["gmail.com"] <= 2 < desk.most["other.example"]
    assert len(desk.taken) == 90
    assert sorted(result.ref.number for result in ledger.results) == list(range(90))
