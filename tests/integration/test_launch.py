"""From plan to mailbox on both databases: the funnel adds up, and every message ends where it should."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, insert, select, update

from regulars.adapters.database.schema import (
    attempts,
    audience,
    consents,
    customers,
    launches,
    messages,
    suppressions,
)
from regulars.content.bundle import freeze
from regulars.content.tokens import MessageRef
from regulars.delivery.dossier import doubt
from regulars.delivery.life import State
from regulars.delivery.outcomes import Outcome
from regulars.errors import Refused, UsageError
from regulars.operations.cancel import cancel
from regulars.operations.pause import pause
from regulars.operations.resume import resume
from regulars.operations.retry import Word, retry
from regulars.operations.show_message import show_message
from regulars.operations.status import status
from regulars.operations.sweep import sweep
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import FILES, NOW, FakeTransport, ShopFloor, add_customers, workspace


@pytest.fixture
def floor(database):
    floor = ShopFloor(database)
    yield floor
    assert_promises_kept(database)


def test_a_launch_sends_each_mail_once(floor):
    ids = add_customers(floor.database, 5)
    launch = floor.launch()
    floor.drain(launch.id)

    assert floor.states(launch.id) == {"accepted": 5}
    assert sorted(mail.envelope_to for mail in floor.transport.mailbox) == sorted(f"c{n}@example.com" for n in ids)
    assert floor.launches.get(launch.id).state == "finished"


def test_a_sent_message_has_all_its_facts(floor):
    add_customers(floor.database, 1, locale="tr")
    launch = floor.launch()
    floor.drain(launch.id)
    with floor.database.read() as connection:
        message = connection.execute(select(messages)).one()
        attempt = connection.execute(select(attempts)).one()

    assert (message.number, message.language, message.attempts, message.fence, message.smtp_code) == (1, "tr", 1, 1, 250)
    assert message.composed_at == message.handoff_at == message.accepted_at == message.ended_at == NOW
    assert message.content_hash == floor.transport.mailbox[0].sha256
    assert (attempt.phase, attempt.outcome, attempt.actor, attempt.fence) == ("dot", "accepted", "worker-1", 1)


def exclude_one_each(floor) -> None:
    """One customer for each reason, with the later reasons in place too: the first one must win."""
    ids = add_customers(floor.database, 4)
    add_customers(floor.database, 1, marketing=None, email_valid=False)
    add_customers(floor.database, 1, marketing="pending")
    add_customers(floor.database, 1, marketing="withdrawn")
    [leaver], [blocked], [broken] = (add_customers(floor.database, 1) for _ in range(3))
    add_customers(floor.database, 1, erased_at=NOW, email=None, email_key=None)
    with floor.database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == broken).values(email_valid=False))
        connection.execute(insert(suppressions), [
            {"channel": "email", "address_hash": f"hash{n}", "reason": "manual", "masked": "c***", "source": "test", "added_at": NOW}
            for n in (blocked, leaver)
        ])
        word = {"customer_id": leaver, "channel": "email", "purpose": "marketing", "recorded_at": NOW, "source": "page"}
        connection.execute(insert(consents), [
            word | {"topic": "news", "state": state, "at": NOW - timedelta(days=days)}
            for state, days in (("withdrawn", 3), ("granted", 2), ("withdrawn", 1))
        ])
        connection.execute(insert(consents), [  # came back to the topic, so gets it
            word | {"customer_id": ids[0], "topic": "news", "state": state, "at": NOW - timedelta(days=days)}
            for state, days in (("withdrawn", 3), ("granted", 2))
        ])


def test_the_funnel_adds_up_with_the_first_reason_winning(floor):
    exclude_one_each(floor)
    planned = floor.prepare()
    launch = floor.launch()
    with floor.database.read() as connection:
        rows = dict(connection.execute(select(audience.c.reason, func.count()).group_by(audience.c.reason)).all())

    assert planned.as_json() | {"send_at": []} == {
        "campaign": "hello", "segment": "all", "selected": 10, "final": 4, "send_at": [], "roll_out": None,
        "pace": {"relay": "default", "seconds": None, "bottleneck": None, "lanes": {"others": 4}}, "limits": None, "codes": None,
        "excluded": {"no_consent": 2, "unsubscribed": 2, "suppressed": 1, "invalid_address": 1},
    }
    assert rows == {None: 4, **planned.as_json()["excluded"]}
    assert launch.recipients == 4
    assert launch.plan == planned.as_json()


def test_who_is_in_except_is_left_out_and_counted(database):
    floor = ShopFloor(database, workspace(hello="except: [izmir]"))
    add_customers(database, 2)
    add_customers(database, 3, city="İzmir", city_folded="izmir")

    assert floor.prepare().as_json()["excluded"] == {"excepted": 3}


def test_a_limit_writes_to_the_first_only_and_new_only_to_the_rest(floor):
    ids = add_customers(floor.database, 5)
    first = floor.launch(limit=2)
    floor.drain(first.id)
    rest = floor.launch(new_only=True)
    floor.drain(rest.id)

    assert floor.states(first.id) == {"accepted": 2}
    assert rest.plan["excluded"] == {"already_received": 2}
    assert sorted(mail.envelope_to for mail in floor.transport.mailbox) == sorted(f"c{n}@example.com" for n in ids)


def test_a_second_launch_while_one_runs_is_refused(floor):
    add_customers(floor.database, 1)
    running = floor.launch()

    with pytest.raises(Refused, match=f"launch {running.id}, of 20 November 2026") as refused:
        floor.launch()
    assert f"regulars cancel {running.id}" in refused.value.hint


def test_two_launches_at_the_same_moment_are_one(floor):
    add_customers(floor.database, 1)
    planned = [floor.prepare(), floor.prepare()]
    floor.bundles.keep(planned[0].bundle, "hello", None, NOW)
    floor.start(planned[0])

    with pytest.raises(Refused, match="under way already"):
        floor.start(planned[1])


def test_a_finished_campaign_is_not_sent_again_by_mistake(floor):
    add_customers(floor.database, 3)
    floor.drain(floor.launch().id)

    with pytest.raises(Refused, match="3 received it on 20 November 2026"):
        floor.prepare()
    with pytest.raises(Refused, match="3 got this campaign before"):
        floor.prepare(new_only=True)
    assert floor.prepare(again=True).funnel.final == 3


def test_a_launch_to_nobody_is_refused(floor):
    with pytest.raises(Refused, match="nobody is in all"):
        floor.launch()
    add_customers(floor.database, 2, marketing=None)
    with pytest.raises(Refused, match="2 never agreed to marketing mail"):
        floor.launch()
    with floor.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(launches)) == 0


def test_who_unsubscribes_after_the_launch_is_skipped_with_that_reason(floor):
    ids = add_customers(floor.database, 3)
    launch = floor.launch()
    with floor.database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == ids[0]).values(marketing="withdrawn"))
    floor.drain(launch.id)

    assert floor.launches.tally(launch.id).reasons == {"skipped: unsubscribed": 1}
    assert len(floor.transport.mailbox) == 2


def test_the_reason_of_who_is_skipped_at_the_last_moment_is_in_words(floor):
    [asked_again, _] = add_customers(floor.database, 2)
    launch = floor.launch()
    with floor.database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == asked_again).values(marketing="pending"))
    floor.drain(launch.id)

    assert floor.launches.tally(launch.id).reasons == {"skipped: never agreed to marketing mail": 1}


def test_who_unsubscribes_while_the_mail_is_composed_gets_none(floor):
    """The last look is inside the handoff's transaction."""
    ids = add_customers(floor.database, 2)
    launch = floor.launch()
    claimed = floor.messages.claim(launch.id, 10, "worker-1", 60, NOW)
    with floor.database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == ids[1]).values(marketing="withdrawn"))

    assert floor.mark(claimed) == {MessageRef(launch.id, 1)}
    floor.give_up(claimed[:1], State.HANDOFF)


def test_a_mail_that_cannot_be_composed_is_skipped_and_many_pause_the_launch(database):
    template = '<mjml><mj-body><mj-section><mj-column><mj-text>{{ 1 / orders.count }} <a href="{{ links.unsubscribe }}">x</a> {{ shop.address }}</mj-text></mj-column></mj-section></mj-body></mjml>'
    floor = ShopFloor(database, workspace(template=template))
    add_customers(database, 30)
    launch = floor.launch()
    floor.drain(launch.id)

    paused = floor.launches.get(launch.id)
    assert paused.state == "paused"
    assert paused.state_reason == "30 of 30 mails could not be composed"
    assert floor.states(launch.id) == {"skipped": 30}
    assert_promises_kept(database)


@pytest.mark.parametrize(("outcome", "states"), [
    (Outcome.REJECTED, {"rejected": 1}),
    (Outcome.DEFERRED, {"pending": 1}),
    (Outcome.LOST_BEFORE_DOT, {"pending": 1}),
    (Outcome.LOST_AFTER_DOT, {"uncertain": 1}),
])
def test_each_outcome_ends_where_it_should(floor, outcome, states):
    add_customers(floor.database, 1)
    floor.transport.says[1] = outcome
    launch = floor.launch()
    floor.drain(launch.id)

    assert floor.states(launch.id) == states
    floor.transport.says.clear()


def test_later_is_tried_again_after_some_minutes_as_a_mail_of_that_moment(floor):
    add_customers(floor.database, 1)
    floor.transport.says[1] = Outcome.DEFERRED
    launch = floor.launch()
    floor.drain(launch.id)
    floor.transport.says.clear()
    floor.wait(minutes=4)
    floor.drain(launch.id)
    too_early = floor.states(launch.id)
    floor.wait(minutes=2)
    floor.drain(launch.id)
    with floor.database.read() as connection:
        message = connection.execute(select(messages)).one()

    assert too_early == {"pending": 1}
    assert (message.state, message.attempts, message.fence, message.dup_possible) == ("accepted", 2, 2, False)
    assert message.composed_at == NOW + timedelta(minutes=6)


def test_a_worker_lost_before_the_handoff_costs_nothing(floor):
    add_customers(floor.database, 3)
    launch = floor.launch()
    floor.messages.claim(launch.id, 10, "lost", 60, NOW)
    nothing_yet = floor.drain(launch.id).done
    floor.let_leases_run_out()
    assert floor.work() == 3

    assert nothing_yet == 0
    assert floor.states(launch.id) == {"accepted": 3}
    assert len(floor.transport.mailbox) == 3


@pytest.mark.parametrize(("arrived", "copies"), [(True, 0), (False, 1)])
def test_a_worker_lost_in_the_handoff_is_judged_by_evidence(floor, arrived, copies):
    add_customers(floor.database, 1)
    launch = floor.launch()
    floor.mark(floor.messages.claim(launch.id, 10, "lost", 60, NOW), owner="lost")
    floor.transport.known[MessageRef(launch.id, 1)] = arrived
    floor.let_leases_run_out()
    floor.work()
    with floor.database.read() as connection:
        message = connection.execute(select(messages)).one()

    assert (message.state, message.dup_possible, len(floor.transport.mailbox)) == ("accepted", False, copies)
    assert floor.launches.get(launch.id).state == "finished"


@pytest.mark.parametrize("handed_to", ["smtp://another.example:25", "spool:/srv/outbox", None])
def test_who_never_had_a_mail_in_hand_cannot_say_that_it_never_came(floor, handed_to):
    """The settings were changed since, or the mark is of a time when nobody noted where it went."""
    add_customers(floor.database, 2)
    launch = floor.launch()
    floor.mark(floor.messages.claim(launch.id, 10, "lost", 60, NOW), owner="lost")
    with floor.database.write() as connection:
        connection.execute(update(messages).values(handed_to=handed_to))
    floor.transport.known |= {MessageRef(launch.id, 1): False, MessageRef(launch.id, 2): True}
    floor.sweep()

    assert floor.states(launch.id) == {"held": 1, "accepted": 1}
    assert floor.transport.mailbox == []


@pytest.mark.parametrize(("relay", "becomes"), [
    ("smtp://fake.example:25", {"accepted": 1, "pending": 1}), ("smtp://another.example:25", {"accepted": 1, "held": 1}),
    (None, {"accepted": 1, "held": 1}),
])
def test_a_relays_log_is_silent_about_what_was_handed_to_another(floor, relay, becomes):
    add_customers(floor.database, 2)
    launch = floor.launch()
    floor.mark(floor.messages.claim(launch.id, 10, "lost", 60, NOW), owner="lost")
    floor.let_leases_run_out()
    log = SimpleNamespace(relay=relay, arrived=lambda mails: {name: name.startswith("<0000000001.") for name, _ in mails})
    sweep(replace(floor.office(), relay_log=log))

    assert floor.states(launch.id) == becomes


def test_the_record_names_the_worker_that_was_lost_and_not_who_found_it(floor):
    add_customers(floor.database, 1)
    launch = floor.launch()
    floor.mark(floor.messages.claim(launch.id, 10, "lost", 60, NOW), owner="lost")
    floor.let_leases_run_out()
    floor.sweep()
    with floor.database.read() as connection:
        recorded = connection.execute(select(attempts.c.actor, attempts.c.outcome).order_by(attempts.c.id)).all()

    assert [tuple(row) for row in recorded] == [("lost", "uncertain"), ("worker-1", "held")]


def test_a_second_copy_says_when_it_was_begun_itself(database):
    floor = ShopFloor(database, workspace(hello="on_uncertain: resend"))
    add_customers(database, 1)
    launch = floor.launch()
    floor.mark(floor.messages.claim(launch.id, 10, "lost", 60, NOW), owner="lost")
    floor.let_leases_run_out()
    floor.wait(minutes=7)
    floor.work()
    with floor.database.read() as connection:
        started = connection.execute(select(attempts.c.started_at).order_by(attempts.c.id.desc()).limit(1)).scalar_one()

    assert started >= NOW + timedelta(minutes=7)


def test_without_evidence_the_mail_is_held_for_a_person(floor):
    add_customers(floor.database, 2)
    floor.transport.says[1] = Outcome.LOST_AFTER_DOT
    launch = floor.launch()
    floor.drain(launch.id)
    floor.sweep()
    standing = status("hello", floor.launches, floor.dossiers)

    assert standing.as_json()["counts"] == {"accepted": 1, "held": 1}
    assert [(doubt.ref.number, doubt.tried.phase, doubt.asked) for doubt in standing.held] == [(1, "dot", "on_uncertain: hold")]
    assert standing.launch.state == "finished"
    assert standing.has_failures


def test_on_uncertain_resend_sends_equal_bytes_again_and_says_so(database):
    floor = ShopFloor(database, workspace(hello="on_uncertain: resend"))
    add_customers(database, 1)
    floor.transport.says[1] = Outcome.LOST_AFTER_DOT
    launch = floor.launch()
    floor.drain(launch.id)
    floor.transport.says.clear()
    floor.wait(hours=5)
    floor.work()
    with database.read() as connection:
        message = connection.execute(select(messages)).one()

    first, second = floor.transport.mailbox
    assert first.content == second.content
    assert (message.state, message.dup_possible, message.composed_at) == ("accepted", True, NOW)
    assert launch.id == message.launch_id
    assert_promises_kept(database)


def test_a_relay_that_breaks_at_every_dot_gets_two_copies_and_no_more(database):
    floor = ShopFloor(database, workspace(hello="on_uncertain: resend"))
    add_customers(database, 1)
    floor.transport.says[1] = Outcome.LOST_AFTER_DOT
    launch = floor.launch()
    for _ in range(5):
        floor.work()

    assert len(floor.transport.mailbox) == 2
    assert floor.states(launch.id) == {"held": 1}
    assert_promises_kept(database)


def test_a_second_copy_that_would_differ_is_held(database):
    floor = ShopFloor(database, workspace(hello="on_uncertain: resend"))
    add_customers(database, 1)
    floor.transport.says[1] = Outcome.LOST_AFTER_DOT
    launch = floor.launch()
    floor.drain(launch.id)
    with database.write() as connection:
        connection.execute(update(customers).values(first_name="Somebody else"))
    floor.work()

    assert floor.states(launch.id) == {"held": 1}
    assert len(floor.transport.mailbox) == 1
    assert_promises_kept(database)


def test_an_operator_may_send_a_copy_that_differs_and_it_is_flagged(database):
    floor = ShopFloor(database, workspace(hello="on_uncertain: resend"))
    add_customers(database, 1)
    floor.transport.says[1] = Outcome.LOST_AFTER_DOT
    launch = floor.launch()
    floor.drain(launch.id)
    with database.write() as connection:
        connection.execute(update(customers).values(first_name="Somebody else"))
    floor.work()
    [told] = [doubt(one) for one in floor.dossiers.in_states(launch.id, [State.HELD])]
    floor.transport.says.clear()
    retry("hello", Word((State.HELD,), by="ada", why="better another one than none"), floor.launches, floor.messages, NOW)
    [waiting] = floor.dossiers.in_states(launch.id, [State.PENDING])
    shown = show_message(waiting, floor.bundles, floor.desk.recipients, keys=floor.keys, base_url="http://127.0.0.1:8000")
    floor.drain(launch.id)

    first, second = floor.transport.mailbox
    with database.read() as connection:
        message = connection.execute(select(messages)).one()
    assert (told.would_differ, told.reason) == (True, "a second copy would differ from the first, which perhaps arrived")
    assert shown.verdict.startswith("a copy perhaps arrived")
    assert (first.message_id, first.sha256 == second.sha256) == (second.message_id, False)
    assert (message.state, message.dup_possible, message.content_hash) == ("accepted", True, second.sha256)
    assert_promises_kept(database)


def test_a_persons_word_on_other_held_mails_keeps_their_bytes(database):
    """Who was told "perhaps it arrived" has not agreed to another mail: when its bytes differ it is held once more."""
    floor = ShopFloor(database)
    add_customers(database, 1)
    floor.transport.says[1] = Outcome.LOST_AFTER_DOT
    launch = floor.launch()
    floor.drain(launch.id)
    floor.work()
    with database.write() as connection:
        connection.execute(update(customers).values(first_name="Somebody else"))
    retry("hello", Word((State.HELD,), by="ada", why="it did not"), floor.launches, floor.messages, NOW)
    floor.drain(launch.id)

    assert floor.states(launch.id) == {"held": 1}
    assert len(floor.transport.mailbox) == 1
    assert floor.dossiers.in_states(launch.id, [State.HELD])[0].reason == "a second copy would differ from the first, which perhaps arrived"
    assert_promises_kept(database)


def test_a_held_mail_goes_again_or_counts_as_arrived_by_a_persons_word(floor):
    add_customers(floor.database, 2)
    floor.transport.says |= {1: Outcome.LOST_AFTER_DOT, 2: Outcome.LOST_AFTER_DOT}
    launch = floor.launch()
    floor.drain(launch.id)
    floor.sweep()
    floor.transport.says.clear()
    first, _ = floor.dossiers.in_states(launch.id, [State.HELD])
    arrived = Word((State.HELD,), (first.email,), arrived=True, by="ada", why="she says so")
    retry("hello", arrived, floor.launches, floor.messages, NOW)
    again, count = retry("hello", Word(by="ada", why="the relay was restored"), floor.launches, floor.messages, NOW)
    floor.drain(launch.id)
    with floor.database.read() as connection:
        rows = connection.execute(select(messages.c.state, messages.c.dup_possible, messages.c.evidence)).all()
        words = connection.execute(select(attempts.c.actor, attempts.c.reply).where(attempts.c.actor == "ada")).all()

    assert (again.state, count) == ("sending", 1)
    assert sorted(map(tuple, rows)) == [("accepted", False, "operator"), ("accepted", True, "reply")]
    assert {word.reply for word in words} == {"she says so", "the relay was restored"}


def test_a_rejected_mail_goes_again_on_request(floor):
    add_customers(floor.database, 1)
    floor.transport.says[1] = Outcome.REJECTED
    launch = floor.launch()
    floor.drain(launch.id)
    floor.transport.says.clear()
    retry(str(launch.id), Word(by="ada", why="a typing mistake of the relay"), floor.launches, floor.messages, NOW)
    floor.drain(launch.id)

    assert floor.states(launch.id) == {"accepted": 1}
    assert floor.launches.get(launch.id).state == "finished"


def test_nothing_leaves_while_paused_and_all_after_resume(floor):
    add_customers(floor.database, 3)
    launch = floor.launch()
    claimed = floor.messages.claim(launch.id, 1, "worker-1", 60, NOW)
    pause("hello", floor.launches, by="ada", now=NOW)
    marked = floor.mark(claimed)
    floor.give_up(claimed, State.CLAIMED)
    during = floor.drain(launch.id).done
    resume("hello", floor.launches, now=NOW)
    floor.drain(launch.id)

    assert (marked, during) == (set(), 0)
    assert floor.states(launch.id) == {"accepted": 3}


def test_cancel_ends_what_is_unsent_for_good(floor):
    add_customers(floor.database, 3)
    floor.transport.says |= {2: Outcome.DEFERRED}
    launch = floor.launch()
    floor.messages.claim(launch.id, 1, "lost", 60, NOW)
    floor.drain(launch.id)
    cancel(str(launch.id), floor.launches, by="ada", now=NOW)
    floor.let_leases_run_out()
    floor.wait(days=1)
    floor.work()

    assert floor.states(launch.id) == {"accepted": 1, "cancelled": 2}
    with pytest.raises(Refused, match="does not go on"):
        resume("hello", floor.launches, now=NOW)


def test_what_comes_too_late_expires(database):
    floor = ShopFloor(database, workspace(hello="expires_after: 3 days"))
    add_customers(database, 2)
    launch = floor.launch()
    floor.wait(days=3)
    floor.drain(launch.id)
    floor.work()

    assert floor.states(launch.id) == {"expired": 2}
    assert floor.launches.get(launch.id).state == "finished"
    assert floor.transport.mailbox == []
    assert_promises_kept(database)


def test_each_customer_gets_it_at_nine_of_their_own(database):
    floor = ShopFloor(database, workspace(hello="send_at: 2026-12-01 09:00 local"))
    for zone in ("Europe/Istanbul", "Asia/Baku", "Pacific/Kiritimati", None, "Nowhere/Land"):
        add_customers(database, 1, timezone=zone)
    planned = floor.prepare()
    launch = floor.launch()
    sent = []
    floor.clock.at = planned.timetable.times()[0] - timedelta(hours=1)
    for _ in range(14):
        floor.drain(launch.id)
        sent.append(len(floor.transport.mailbox))
        floor.wait(hours=1)

    assert list(planned.due.values()) == [1, 1, 3]
    assert sent == [0, *[1] * 10, 2, 5, 5]  # Kiritimati, then Baku, then the shop's own zone
    assert_promises_kept(database)


def test_who_is_past_the_send_time_may_be_left_out(database):
    floor = ShopFloor(database, workspace(hello="send_at: 2026-11-20 12:30 local\nif_past: skip"))
    add_customers(database, 1, timezone="Asia/Baku")
    add_customers(database, 1, timezone="Europe/Istanbul")

    assert floor.prepare().as_json()["excluded"] == {"send_time_past": 1}


def test_two_workers_share_a_launch_without_a_second_copy(postgres_database):
    from threading import Thread

    floor = ShopFloor(postgres_database)
    add_customers(postgres_database, 500)
    launch = floor.launch()
    mailboxes = [FakeTransport(), FakeTransport()]
    threads = [
        Thread(target=floor.drain, args=(launch.id, floor.office(f"worker-{n}", box))) for n, box in enumerate(mailboxes)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    sent = [mail.envelope_to for box in mailboxes for mail in box.mailbox]

    assert len(sent) == len(set(sent)) == 500
    assert all(box.mailbox for box in mailboxes)
    assert floor.launches.get(launch.id).state == "finished"
    assert_promises_kept(postgres_database)


def test_a_worker_that_wakes_up_late_does_not_send(floor):
    """Its lease is over and another has the message: the fence refuses the dot."""
    add_customers(floor.database, 1)
    launch = floor.launch()
    sleeper = floor.messages.claim(launch.id, 1, "sleeper", 60, NOW)
    floor.let_leases_run_out()
    floor.sweep()
    other = floor.messages.claim(launch.id, 1, "other", 60, NOW)

    assert floor.mark(sleeper, owner="sleeper") == set()
    assert floor.mark(other, owner="other") == {MessageRef(launch.id, 1)}
    floor.give_up(other, State.HANDOFF)


def test_a_launch_is_found_by_number_and_by_name(floor):
    add_customers(floor.database, 1)
    launch = floor.launch()

    assert status(str(launch.id), floor.launches, floor.dossiers).launch == status("hello", floor.launches, floor.dossiers).launch
    with pytest.raises(UsageError, match="no launch"):
        status("99", floor.launches, floor.dossiers)


def test_who_is_suppressed_while_the_mail_is_composed_gets_none(floor):
    [blocked] = add_customers(floor.database, 1)
    launch = floor.launch()
    claimed = floor.messages.claim(launch.id, 10, "worker-1", 60, NOW)
    with floor.database.write() as connection:
        connection.execute(insert(suppressions).values(
            channel="email", address_hash=f"hash{blocked}", reason="complaint", masked="c***", source="test", added_at=NOW
        ))

    assert floor.mark(claimed) == set()
    floor.give_up(claimed, State.CLAIMED)


def test_who_leaves_the_topic_only_is_skipped_too(floor):
    [leaver] = add_customers(floor.database, 1)
    launch = floor.launch()
    with floor.database.write() as connection:
        connection.execute(insert(consents).values(
            customer_id=leaver, channel="email", purpose="marketing", topic="news", state="withdrawn", at=NOW, recorded_at=NOW,
            source="page",
        ))
    floor.drain(launch.id)

    assert floor.launches.tally(launch.id).reasons == {"skipped: unsubscribed": 1}


def test_existing_customers_may_be_written_to_where_the_shop_says_so(database):
    floor = ShopFloor(database, workspace(consent="existing_customers"))
    add_customers(database, 1, marketing=None, orders_count=1)
    add_customers(database, 1, marketing=None)
    add_customers(database, 1, marketing="pending", orders_count=1)
    add_customers(database, 1, marketing=None, orders_spent=-50_000)  # brought back what was bought before our time

    assert floor.prepare().as_json()["excluded"] == {"no_consent": 2}
    launch = floor.launch()
    floor.drain(launch.id)
    assert floor.states(launch.id) == {"accepted": 2}


def test_an_interrupt_in_the_middle_of_a_batch_leaves_nothing_in_doubt_that_is_not(floor):
    add_customers(floor.database, 3)

    def interrupted(mail):
        if mail.ref.number == 2:
            raise KeyboardInterrupt

    floor.transport.before_dots = interrupted
    launch = floor.launch()
    with pytest.raises(KeyboardInterrupt):
        floor.drain(launch.id)
    stopped = floor.states(launch.id)
    floor.transport.before_dots = None
    floor.transport.known[MessageRef(launch.id, 2)] = False
    floor.work()

    assert stopped == {"accepted": 1, "uncertain": 1, "pending": 1}
    assert floor.states(launch.id) == {"accepted": 3}
    assert len(floor.transport.mailbox) == 3


def test_a_launch_that_took_other_files_composes_the_unsent_from_them_and_remembers_the_rest(floor):
    add_customers(floor.database, 3)
    floor.transport.says = {2: Outcome.LOST_BEFORE_DOT, 3: Outcome.LOST_AFTER_DOT}
    floor.workspace = workspace(hello="on_uncertain: resend")
    launch = floor.launch()
    floor.drain(launch.id)
    newer = freeze(workspace(template=FILES["templates/hello.mjml"].replace("Beans", "Fresh beans")), floor.workspace.campaigns["hello"], floor.desk.compiler)
    floor.bundles.keep(newer, "hello", None, NOW)
    edition = floor.launches.renew(launch.id, launch.bundle, newer.hash, "ada", NOW)
    floor.transport.says, floor.transport.known = {}, {}
    floor.wait(hours=1)
    floor.work()
    floor.work()
    with floor.database.read() as connection:
        rows = {row.number: (row.edition, row.content_hash) for row in connection.execute(select(messages))}
    mails = [(mail.ref.number, b"Fresh beans" in mail.content) for mail in floor.transport.mailbox]

    assert (edition, dict(floor.launches.editions(launch.id))) == (2, {1: launch.bundle, 2: newer.hash})
    assert sorted(mails) == [(1, False), (2, True), (3, False), (3, False)]  # the copy that perhaps arrived has an equal
    assert {number: row[0] for number, row in rows.items()} == {1: 1, 2: 2, 3: 1}


def test_a_mail_composed_from_files_that_were_replaced_since_is_not_handed_over(floor):
    add_customers(floor.database, 1)
    launch = floor.launch()
    claimed = floor.messages.claim(launch.id, 1, "worker-1", 60, NOW)
    floor.launches.renew(launch.id, launch.bundle, launch.bundle, "ada", NOW)

    assert floor.mark(claimed) == set()
    floor.give_up(claimed, State.CLAIMED)
    again = floor.messages.claim(launch.id, 1, "worker-1", 60, NOW)
    assert floor.mark(again) == {again[0].ref}
    floor.give_up(again, State.HANDOFF)
