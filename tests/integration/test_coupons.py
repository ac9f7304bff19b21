"""Every mail has its own code: bound at the first claim, kept through everything, freed only when it certainly never arrived."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, event, func, insert, select, update

from regulars.adapters.database import coupon_stock
from regulars.adapters.database.coupon_freeing import free_codes
from regulars.adapters.database.front_desk import FrontDesk
from regulars.adapters.database.recovery import RecoveryInDatabase
from regulars.adapters.database.registry import RegistryInDatabase
from regulars.adapters.database.schema import coupon_entries, coupon_reservations, coupons, customers
from regulars.adapters.database.transitions import settle
from regulars.adapters.mjml import MjmlCompiler
from regulars.content.mailroom import open_bundle
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import OnUncertain
from regulars.delivery.life import LaunchState, State
from regulars.delivery.outcomes import Outcome
from regulars.delivery.settlement import Settlement
from regulars.errors import Refused
from regulars.loyalty.coupons import folded
from regulars.operations.launch import Wishes, launch
from regulars.operations.preview import preview
from regulars.operations.show_message import SAME, show_message
from regulars.operations.view_message import view_message
from tests.integration.launching import NOW, FakeTransport, add_customers
from tests.integration.offering import IMPORTED, SHOPIFY, STATIC, TEN, OfferFloor, code_in
from tests.integration.test_statements import plans

FREE, BOUND, VOID = "free", "bound", "void"


def claim(floor, launch, most=10, owner="worker-1"):
    return floor.messages.claim(launch.id, most, owner, 60, floor.clock.now())


def bind(floor, claimed):
    return floor.coupons.bind(floor.offer, claimed, "Europe/Istanbul", floor.clock.now())


def test_every_mail_shows_a_code_of_its_own_and_the_ledger_knows_it(database):
    floor = OfferFloor(database)
    add_customers(database, 3)

    launch = floor.launch()
    floor.drain(launch.id)

    assert len(set(floor.shown().values())) == 3
    assert floor.shown() == floor.by_number(launch.id)
    assert all(code.startswith("COME-") for code in floor.shown().values())
    assert len({row.customer_id for row in floor.rows()}) == 3
    assert {row.valid_until for row in floor.rows()} == {NOW + timedelta(days=10)}
    floor.assert_replays()


def test_a_static_code_needs_no_rows(database):
    floor = OfferFloor(database, STATIC)
    add_customers(database, 2)

    floor.drain(floor.launch().id)

    assert list(floor.shown().values()) == ["SUMMER", "SUMMER"]
    assert floor.rows() == []


def test_plans_previews_and_test_mails_burn_nothing(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 2)
    floor.stock()

    floor.prepare()

    assert set(floor.code_states().values()) == {FREE}


def test_a_worker_that_dies_after_binding_leaves_its_code_to_the_next(database):
    floor = OfferFloor(database)
    add_customers(database, 2)
    launch = floor.launch()
    before = bind(floor, claim(floor, launch)).codes
    floor.let_leases_run_out()

    floor.work()

    assert floor.shown() == {ref.number: bound.code for ref, bound in before.items()}
    assert len(floor.rows()) == 2


def test_a_worker_that_has_lost_its_claim_binds_nothing(database):
    floor = OfferFloor(database)
    add_customers(database, 1)
    launch = floor.launch()
    slow = claim(floor, launch)
    floor.sweep()
    quick = claim(floor, launch, owner="worker-2")

    assert bind(floor, slow).codes == {}
    assert set(bind(floor, quick).codes) == {quick[0].ref}


def test_a_worker_whose_launch_was_cancelled_meanwhile_binds_nothing(database):
    floor = OfferFloor(database)
    add_customers(database, 1)
    launch = floor.launch()
    claimed = claim(floor, launch)
    floor.launches.move(launch.id, LaunchState.CANCELLED, "enough", NOW)

    assert bind(floor, claimed).codes == {}
    assert floor.rows() == []


def test_only_codes_that_the_shop_knows_are_bound(database):
    floor = OfferFloor(database, SHOPIFY)
    add_customers(database, 2)
    floor.stock("A-1", "A-2")
    floor.coupons.mark_synced(["A-1", "A-2"], NOW)
    launch = floor.launch()
    floor.stock("A-0")
    floor.coupons.void("A-1", "lost", NOW)

    bound = bind(floor, claim(floor, launch))

    assert [one.code for one in bound.codes.values()] == ["A-2"]
    assert bound.missing == 1


def test_who_has_reserved_nothing_takes_only_what_nobody_has_reserved(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 3)
    floor.stock(*(f"A-{number}" for number in range(6)))
    planned = floor.prepare()
    floor.start(planned)
    question = replace(planned.question, campaign=replace(planned.question.campaign, name="other"))
    other = floor.start(replace(planned, question=question))
    with database.write() as connection:  # as the mails of an automation
        connection.execute(delete(coupon_reservations).where(coupon_reservations.c.launch_id == other.id))
    floor.coupons.void("A-0", "lost", NOW)
    floor.coupons.void("A-1", "lost", NOW)

    bound = bind(floor, claim(floor, other))

    assert (len(bound.codes), bound.missing) == (1, 2)


def test_a_code_that_is_void_is_not_put_into_another_mail(database):
    floor = OfferFloor(database)
    add_customers(database, 1)
    launch = floor.launch()
    floor.transport.says = {1: Outcome.LOST_AFTER_DOT}
    floor.drain(launch.id)
    floor.sweep()
    assert floor.states(launch.id) == {"held": 1}
    [before] = floor.rows()
    floor.coupons.void(before.code, "printed in a newspaper", NOW)
    floor.messages.decide(launch.id, State.HELD, State.PENDING, actor="op", why="again", emails=(), now=floor.clock.now())

    [claimed] = claim(floor, launch)

    assert claimed.content_hash is not None  # the copy must be equal to the first
    assert bind(floor, [claimed]).codes[claimed.ref].code == before.code


def test_a_mail_that_has_not_left_yet_gets_another_code_for_a_void_one(database):
    floor = OfferFloor(database)
    add_customers(database, 1)
    launch = floor.launch()
    floor.transport.says = {1: Outcome.REJECTED}
    floor.drain(launch.id)
    [claimed] = retried(floor, launch)
    bound = bind(floor, [claimed]).codes[claimed.ref]
    with database.write() as connection:
        connection.execute(update(coupons).values(state=VOID))
        connection.execute(insert(coupon_entries).values(code_folded=folded(bound.code), entry="void", at=NOW))

    again_bound = bind(floor, [claimed]).codes[claimed.ref]

    assert again_bound.code != bound.code


def retried(floor, launch):
    floor.messages.decide(launch.id, State.REJECTED, State.PENDING, actor="op", why="again", emails=(), now=floor.clock.now())
    return claim(floor, launch)


def test_files_with_another_offer_give_what_has_not_left_another_code(database):
    floor = OfferFloor(database)
    add_customers(database, 1)
    launch = floor.launch()
    [claimed] = claim(floor, launch)
    bind(floor, [claimed])

    other = floor.coupons.bind(replace(TEN, name="spring", prefix="SPRING"), [claimed], "Europe/Istanbul", NOW).codes[claimed.ref]

    assert other.code.startswith("SPRING-")
    assert sorted(floor.code_states().values()) == [BOUND, FREE]
    floor.assert_replays()


def test_a_mail_that_is_put_off_keeps_its_code_and_says_a_later_day(database):
    floor = OfferFloor(database)
    add_customers(database, 1)
    launch = floor.launch()
    floor.transport.says = {1: Outcome.DEFERRED}
    floor.drain(launch.id)
    [before] = floor.rows()

    floor.transport.says = {}
    floor.wait(days=2)
    floor.drain(launch.id)

    [after] = floor.rows()
    assert floor.shown() == {1: before.code} == {1: after.code}
    assert after.valid_until == before.valid_until + timedelta(days=2)


@pytest.mark.parametrize(("says", "state"), [
    (Outcome.REJECTED, FREE), (Outcome.ACCEPTED, BOUND), (Outcome.LOST_AFTER_DOT, BOUND), (Outcome.DEFERRED, BOUND), (Outcome.LOST_BEFORE_DOT, BOUND),
])
def test_how_a_mail_ends_decides_about_its_code(database, says, state):
    floor = OfferFloor(database)
    add_customers(database, 1)
    floor.transport.says = {1: says}

    floor.drain(floor.launch().id)

    assert list(floor.code_states().values()) == [state]
    floor.assert_replays()


def again(floor, launch, number=1):
    """The mail, composed once more."""
    dossier = floor.dossiers.of(MessageRef(launch.id, number))
    return show_message(dossier, floor.bundles, floor.desk.recipients, keys=floor.keys, base_url="http://127.0.0.1:8000")


def test_a_mail_that_was_sent_is_shown_again_with_its_own_code(database):
    floor = OfferFloor(database)
    add_customers(database, 2)
    launch = floor.launch()
    floor.drain(launch.id)

    shown = again(floor, launch)

    assert shown.verdict == SAME
    assert shown.dossier.as_json()["code"] == floor.shown()[1]
    viewed = view_message(MessageRef(launch.id, 2), FrontDesk(database), floor.bundles, floor.desk.recipients, floor.keys, "http://127.0.0.1:8000")
    assert f"[{floor.shown()[2]}]" in viewed.text


def test_a_preview_is_the_mail_that_is_sent_but_for_its_code_and_its_links(database):
    floor = OfferFloor(database)
    [person] = add_customers(database, 1)
    campaign = floor.workspace.campaigns["hello"]
    planned = floor.prepare()
    recipient = floor.desk.recipients.look([person], open_bundle(planned.bundle.files).needs, NOW, floor.workspace.shop)[person]
    before = preview(campaign, floor.workspace, recipient, MjmlCompiler(), keys=floor.keys, base_url="http://127.0.0.1:8000", now=NOW)

    made = launch(planned, Wishes(), floor.launches, floor.bundles, key="abcdefghijkl", by="tests", origin=None, now=NOW)
    floor.drain(made.id)

    [mail] = floor.transport.mailbox
    assert code_in(before.mail.content).startswith("PREVIEW-")
    assert len(code_in(before.mail.content)) == len(code_in(mail.content))
    assert len(before.mail.content) == len(mail.content)
    assert [row.state for row in floor.rows()] == [BOUND]


def test_a_skipped_mail_gives_its_code_back(database):
    floor = OfferFloor(database)
    add_customers(database, 1)
    launch = floor.launch()
    [claimed] = claim(floor, launch)
    bind(floor, [claimed])

    floor.messages.turn(
        [Settlement(claimed.ref, claimed.fence, State.CLAIMED, State.SKIPPED, "left")], [], owner="worker-1", topic=None, seconds=60, now=NOW
    )

    assert list(floor.code_states().values()) == [FREE]
    floor.assert_replays()


def test_a_cancelled_launch_gives_back_what_certainly_never_left(database):
    floor = OfferFloor(database)
    add_customers(database, 3)
    launch = floor.launch()
    floor.transport.says = {1: Outcome.LOST_AFTER_DOT, 2: Outcome.DEFERRED, 3: Outcome.DEFERRED}
    floor.drain(launch.id)

    floor.launches.move(launch.id, LaunchState.CANCELLED, "enough", NOW)

    states = floor.code_states()
    assert sorted(states.values()) == [BOUND, FREE, FREE]
    floor.assert_replays()


def test_what_expires_before_it_was_sent_gives_its_code_back(database):
    floor = OfferFloor(database, hello="expires_after: 1 day")
    add_customers(database, 1)
    launch = floor.launch()
    floor.transport.says = {1: Outcome.DEFERRED}
    floor.drain(launch.id)

    floor.wait(days=3)
    floor.sweep()

    assert floor.states(launch.id) == {"expired": 1}
    assert list(floor.code_states().values()) == [FREE]


def test_a_code_that_was_perhaps_delivered_once_stays_whatever_comes_after(database):
    floor = OfferFloor(database)
    add_customers(database, 1)
    launch = floor.launch()
    floor.transport.says = {1: Outcome.LOST_AFTER_DOT}
    floor.drain(launch.id)
    [claimed_ref] = [mail.ref for mail in floor.transport.mailbox]
    floor.transport.known = {claimed_ref: False}  # the evidence says that it is not there
    floor.sweep()
    floor.transport.says = {1: Outcome.REJECTED}

    floor.wait(hours=1)
    floor.drain(launch.id)

    assert floor.states(launch.id) == {"rejected": 1}
    assert list(floor.code_states().values()) == [BOUND]


def test_a_second_copy_is_the_same_to_the_byte(database):
    floor = OfferFloor(database)
    made = floor.workspace
    floor.workspace = replace(made, campaigns={"hello": replace(made.campaigns["hello"], on_uncertain=OnUncertain.RESEND)})
    add_customers(database, 1)
    launch = floor.launch()
    floor.transport.says = {1: Outcome.LOST_AFTER_DOT}
    floor.drain(launch.id)
    floor.transport.says = {}

    floor.wait(days=1)
    floor.work()

    first, second = floor.transport.mailbox
    assert first.content == second.content
    assert len(floor.rows()) == 1


def test_a_rejected_mail_that_is_tried_again_has_a_code_that_nobody_else_has(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 2)
    floor.stock("A-1", "A-2", "A-3")
    launch = floor.launch()
    floor.transport.says = {1: Outcome.REJECTED}
    floor.drain(launch.id)
    floor.transport.says = {}

    floor.messages.decide(launch.id, State.REJECTED, State.PENDING, actor="op", why="again", emails=(), now=floor.clock.now())
    floor.wait(hours=1)
    floor.work()

    assert len(set(floor.shown().values())) == 2
    assert floor.shown() == floor.by_number(launch.id)
    floor.assert_replays()


def test_imported_codes_are_taken_and_reserved_ones_are_counted_down(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 3)
    floor.stock()
    launch = floor.launch()
    assert floor.coupons.stock(TEN.name).reserved == 3

    bind(floor, claim(floor, launch, 2))
    assert floor.coupons.stock(TEN.name).reserved == 1
    floor.work()

    stock = floor.coupons.stock(TEN.name)
    assert (stock.free, stock.bound, stock.reserved) == (7, 3, 0)
    assert set(floor.shown().values()) <= {f"CODE-{number}" for number in range(10)}


def test_a_launch_that_would_run_out_is_refused_and_says_how_many_are_missing(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 3)
    floor.stock("A-1")

    with pytest.raises(Refused, match='2 codes of "comeback-10" are missing: 3 are needed and 1 are free') as refused:
        floor.prepare()

    assert refused.value.exit_code == 4
    assert "regulars coupons import comeback-10 FILE" in refused.value.hint


def test_what_another_launch_has_reserved_is_not_there(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 3)
    floor.stock("A-1", "A-2", "A-3", "A-4")
    planned = floor.prepare()
    first = floor.start(planned)
    floor.launches.move(first.id, LaunchState.PAUSED, None, NOW)
    other = replace(planned, question=replace(planned.question, campaign=replace(planned.question.campaign, name="other")))

    with pytest.raises(Refused, match=r"3 codes of .* are needed, and 1 are left"):
        floor.start(other)

    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(coupon_reservations)) == 1


def test_of_two_launches_at_once_one_is_refused(database, monkeypatch):
    """Each takes its time between counting the codes and reserving them."""
    count = coupon_stock.stocks
    monkeypatch.setattr(coupon_stock, "stocks", lambda *asked: (count(*asked), time.sleep(0.3))[0])
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 3)
    floor.stock("A-1", "A-2", "A-3", "A-4")
    planned = floor.prepare()
    question = replace(planned.question, campaign=replace(planned.question.campaign, name="other"))
    outcomes = []

    def begin(plan):
        try:
            outcomes.append(floor.start(plan))
        except Refused as refused:
            outcomes.append(refused)

    threads = [threading.Thread(target=begin, args=(plan,)) for plan in (planned, replace(planned, question=question))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(isinstance(outcome, Refused) for outcome in outcomes) == [False, True]
    assert floor.coupons.stock(TEN.name).reserved == 3


def test_a_finished_launch_gives_back_what_it_reserved(database):
    floor = OfferFloor(database, IMPORTED)
    ids = add_customers(database, 2)
    floor.stock()
    launch = floor.launch()
    with database.write() as connection:
        connection.execute(update(customers).where(customers.c.id == ids[0]).values(marketing="withdrawn"))

    floor.drain(launch.id)

    assert floor.launches.get(launch.id).state is LaunchState.FINISHED
    assert floor.coupons.stock(TEN.name).reserved == 0


def test_codes_that_the_shop_does_not_know_are_no_codes_yet(database):
    floor = OfferFloor(database, SHOPIFY)
    add_customers(database, 2)
    floor.stock("A-1", "A-2")

    with pytest.raises(Refused, match='2 codes of "comeback-10" are not known to Shopify yet') as refused:
        floor.prepare()

    assert refused.value.hint == "regulars coupons sync comeback-10"
    floor.coupons.mark_synced(["a-1", "A-2"], NOW)
    floor.drain(floor.launch().id)
    assert sorted(floor.shown().values()) == ["A-1", "A-2"]


def test_when_no_code_is_left_the_launch_waits_rather_than_send_a_mail_without(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 3)
    floor.stock("A-1", "A-2", "A-3")
    launch = floor.launch()
    floor.coupons.void("A-1", "lost", NOW)

    floor.drain(launch.id)

    paused = floor.launches.get(launch.id)
    assert paused.state is LaunchState.PAUSED
    assert 'no codes of "comeback-10" are left for 1 of its mails' in paused.state_reason
    assert f"regulars resume {launch.id}" in paused.state_reason
    assert floor.transport.mailbox == []

    floor.stock("A-4")
    floor.launches.move(launch.id, LaunchState.SENDING, None, NOW)
    floor.drain(launch.id)
    assert sorted(floor.shown().values()) == ["A-2", "A-3", "A-4"]


def test_an_offer_that_is_over_is_not_sent_any_more(database):
    over = replace(TEN, valid_until=date(2026, 11, 19))
    floor = OfferFloor(database, over)
    add_customers(database, 1)

    with pytest.raises(Refused, match="ended on 2026-11-19"):
        floor.prepare()


def test_a_launch_that_lasts_longer_than_its_offer_waits(database):
    floor = OfferFloor(database, replace(TEN, valid_until=date(2026, 11, 21)))
    add_customers(database, 1)
    launch = floor.launch()

    floor.wait(days=3)
    floor.drain(launch.id)

    assert floor.launches.get(launch.id).state_reason == 'the offer "comeback-10" ended on 2026-11-21'
    assert floor.rows() == []


def test_workers_at_once_never_give_one_code_to_two(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 24)
    floor.stock(*(f"C-{number}" for number in range(24)))
    launch = floor.launch()
    wrong = []

    def work(number):
        try:
            mine = FakeTransport()
            floor.drain(launch.id, floor.office(f"worker-{number}", mine))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert wrong == []
    assert len({row.code for row in floor.rows() if row.state == BOUND}) == 24
    assert floor.states(launch.id) == {"accepted": 24}
    floor.assert_replays()


def test_a_code_in_a_mail_that_is_about_to_leave_is_not_made_void(database):
    floor = OfferFloor(database)
    add_customers(database, 1)
    launch = floor.launch()
    [bound] = bind(floor, claim(floor, launch)).codes.values()

    with pytest.raises(Refused, match="about to leave"):
        floor.coupons.void(bound.code, "no", NOW)

    floor.sweep()
    floor.drain(launch.id)
    assert floor.coupons.void(bound.code, "no", NOW) == BOUND
    assert floor.coupons.void(bound.code, "no", NOW) == VOID
    assert floor.coupons.void("unknown", "no", NOW) is None


@pytest.mark.parametrize("offer", [TEN, IMPORTED], ids=["made here", "imported"])
def test_a_batch_takes_as_many_statements_as_one_mail_and_all_stay_on_indexes(database, offer):
    floor = OfferFloor(database, offer)
    floor.stock(*(f"A-{number}" for number in range(700)))
    few = told_to_the_database(floor, 1, "few")
    many = told_to_the_database(floor, 200, "many")

    assert 5 < len(few) == len(many) <= 12
    whole = re.compile(r"(?:SCAN|Seq Scan on) (?:coupons|coupon_entries|messages)(?! USING)")
    assert [plan for plan in plans(database, many) if whole.search(plan)] == []


@contextmanager
def told(database):
    """Every statement that is planned, as the driver gets it; rows that are only appended are none."""
    said = []

    def listen(_connection, _cursor, statement, parameters, _context, many):
        if not many and statement.startswith(("SELECT", "UPDATE", "INSERT")) and "VALUES" not in statement and "advisory" not in statement:
            said.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    yield said
    event.remove(database.engine, "before_cursor_execute", listen)


def told_to_the_database(floor, size, name):
    """What it takes to bind so many, and to free half of them and end the launch."""
    add_customers(floor.database, size)
    made = floor.workspace
    floor.workspace = replace(made, campaigns={"hello": replace(made.campaigns["hello"], name=name)})
    claimed = claim(floor, floor.launch(), 400)
    ended = [Settlement(one.ref, one.fence, State.CLAIMED, State.SKIPPED, "left") for one in claimed[:len(claimed) // 2 or 1]]
    with told(floor.database) as said:
        bind(floor, claimed)
    with floor.database.write() as connection:
        settle(connection, ended, "worker-1", NOW)
    with told(floor.database) as after, floor.database.write() as connection:
        free_codes(connection, {one.ref for one in ended}, NOW)
    return [*said, *after]


def test_a_draw_that_somebody_has_already_is_drawn_again(database):
    floor = OfferFloor(database)
    draws = iter([7, 7, 7, 8, 9])
    floor.coupons = replace(floor.coupons, draw=lambda: next(draws))
    add_customers(database, 2)
    launch = floor.launch()

    assert len({bound.code for bound in bind(floor, claim(floor, launch)).codes.values()}) == 2


def test_the_ledger_is_never_rewritten(database):
    floor = OfferFloor(database)
    add_customers(database, 2)
    floor.transport.says = {1: Outcome.REJECTED}
    floor.drain(floor.launch().id)

    with database.read() as connection:
        entries = connection.execute(select(coupon_entries.c.entry).order_by(coupon_entries.c.id)).scalars().all()
        assert connection.scalar(select(func.count()).select_from(coupons)) == 2
    assert entries == ["bound", "bound", "freed"]


def test_after_a_restored_backup_no_code_of_it_is_given_again(database):
    floor = OfferFloor(database, IMPORTED)
    add_customers(database, 1)
    floor.stock("A-1", "A-2")
    floor.drain(floor.launch().id)
    generation = RegistryInDatabase(database).rise(timedelta(0))

    RecoveryInDatabase(database).recover(NOW, generation, actor="ada", why="restored from a backup", now=NOW)

    assert floor.code_states() == {"A-1": BOUND, "A-2": VOID}
    floor.assert_replays()
