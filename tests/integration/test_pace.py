"""Pace as an operator gets it: rates shared by workers, lanes apart, domains that ask for patience, a day's limit."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select, text, update

from regulars.adapters.current_shop import CurrentShop
from regulars.adapters.database.buckets import BucketsInDatabase
from regulars.adapters.database.flows import FlowsInDatabase
from regulars.adapters.database.quotas import QuotasInDatabase
from regulars.adapters.database.schema import attempts, buckets, messages
from regulars.adapters.database.slowdowns import SlowDownsInDatabase
from regulars.definition.files import WorkspaceFiles
from regulars.definition.reading import workspace_of
from regulars.delivery.life import LaunchState, State
from regulars.delivery.outcomes import Outcome
from regulars.errors import WorkspaceBroken
from regulars.operations.drain import drain
from regulars.operations.flow import flow
from regulars.operations.gate import Gate
from regulars.operations.office import Way
from regulars.operations.pace import Pace
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import FILES, ShopFloor, add_customers

GMAIL = {"email_domain": "gmail.com"}


def shop_with(relays: str):
    files = {**FILES, "regulars.yaml": FILES["regulars.yaml"] + relays}
    return workspace_of(WorkspaceFiles(files, {}, (), frozenset(files)))


@dataclass
class Pacing:
    """A shop floor whose workers ask for leave; the clock goes on only while they wait."""

    floor: ShopFloor
    patience: float = 3_600.0
    waited: list[float] = field(default_factory=list)

    def office(self, owner: str = "worker-1", shop=None):
        clock = self.floor.clock
        pace = Pace(
            BucketsInDatabase(self.floor.database, lambda: clock.at.timestamp()),  # noqa: PLW0108  `at` changes
            QuotasInDatabase(self.floor.database),
            SlowDownsInDatabase(self.floor.database), lambda: shop, self.pause, self.patience,
        )
        office = self.floor.office(owner)
        return replace(office, pace=pace, ways=lambda *_: Way(office.transport, lambda: "bulk"))

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.floor.wait(seconds=seconds)

    def drain(self, launch, **options):
        return drain(launch.id, self.office(**options), lambda: True)

    def gate(self, launch, owner: str = "worker-1", shop=None) -> Gate:
        return Gate(launch.id, self.office(owner, shop), self.floor.workspace.shop, lambda: "bulk")

    def sent_by_lane(self, launch) -> dict[str, int]:
        query = select(messages.c.lane, func.count()).where(messages.c.launch_id == launch.id, messages.c.state == "accepted").group_by(messages.c.lane)
        with self.floor.database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}


def pacing(database, relays: str, **options) -> Pacing:
    return Pacing(ShopFloor(database, shop_with(relays)), **options)


def test_a_launch_notes_the_lane_of_each_message(database):
    shop = pacing(database, "relays: {bulk: {domains: {firms: {of: [firma.example]}}}}\n")
    for domain in ("gmail.com", "googlemail.com", "firma.example", "other.example"):
        add_customers(database, 1, email_domain=domain)
    launch = shop.floor.launch()
    shop.drain(launch)

    assert shop.sent_by_lane(launch) == {"gmail": 2, "firms": 1, "": 1}


def test_a_relays_rate_is_kept_and_all_mail_leaves_in_time(database):
    shop = pacing(database, "relays: {bulk: {rate: 10 per second}}\n")
    add_customers(database, 60)
    launch = shop.floor.launch()
    shop.drain(launch)

    assert shop.floor.states(launch.id) == {"accepted": 60}
    assert 5.0 <= sum(shop.waited) <= 6.6  # 60 at 10 a second, less what one second may bring at once
    assert_promises_kept(database)


def test_a_slow_lane_holds_up_nobody_else(database):
    shop = pacing(database, "relays: {bulk: {domains: {gmail: {rate: 1 per second}}}}\n", patience=0.0)
    add_customers(database, 500, **GMAIL)
    add_customers(database, 120)
    launch = shop.floor.launch()
    shop.drain(launch)
    assert shop.sent_by_lane(launch) == {"": 120}  # a bucket that nobody knew starts empty
    for _ in range(5):
        shop.floor.wait(seconds=1)
        shop.drain(launch)

    assert shop.sent_by_lane(launch) == {"": 120, "gmail": 5}
    with database.read() as connection:
        assert connection.scalar(select(func.max(messages.c.fence))) == 1  # nothing was claimed only to be given back


def test_a_rate_of_the_relay_is_dealt_to_the_lanes_that_have_mail(database):
    shop = pacing(database, "relays: {bulk: {rate: 20 per second, domains: {gmail: {rate: 15 per second}, yahoo: {rate: 15 per second}}}}\n")
    add_customers(database, 40, **GMAIL)
    add_customers(database, 40, email_domain="yahoo.com")
    add_customers(database, 40)
    launch = shop.floor.launch()
    shop.drain(launch)

    assert shop.floor.states(launch.id) == {"accepted": 120}
    assert 4.9 <= sum(shop.waited) <= 7.0


@pytest.mark.parametrize("relays", ["bulk: {rate: 10 per second}", "bulk: {domains: {gmail: {rate: 10 per second}}}"])
def test_workers_share_one_bucket(database, relays):
    shop = pacing(database, f"relays: {{{relays}}}\n", patience=0.0)
    add_customers(database, 200, **GMAIL)
    launch = shop.floor.launch()
    for _ in range(6):
        shop.drain(launch, owner="worker-1")
        shop.drain(launch, owner="worker-2")
        shop.floor.wait(seconds=1)

    assert shop.floor.states(launch.id) == {"accepted": 50, "pending": 150}  # five seconds, not twice five


def test_who_edits_the_file_slows_down_a_launch_that_runs(database):
    shop = pacing(database, "relays: {bulk: {}}\n", patience=0.0)
    add_customers(database, 300)
    launch = shop.floor.launch()
    slower = shop_with("relays: {bulk: {rate: 10 per second}}\n").shop
    shop.drain(launch, shop=slower)
    shop.floor.wait(seconds=1)
    shop.drain(launch, shop=slower)
    assert shop.floor.states(launch.id) == {"accepted": 10, "pending": 290}

    shop.drain(launch)
    assert shop.floor.states(launch.id) == {"accepted": 300}


def test_a_file_is_read_again_when_it_changed_and_a_broken_one_is_not_believed(tmp_path):
    shops, now = iter([shop_with("").shop, shop_with("relays: {bulk: {}}\n").shop]), [0.0]

    def read():
        if "broken" in (tmp_path / "regulars.yaml").read_text():
            raise WorkspaceBroken([])
        return next(shops)

    def write(words: str):
        (tmp_path / "regulars.yaml").write_text(words)
        now[0] += 10

    current = CurrentShop(str(tmp_path), read, lambda: now[0])
    assert current() is None
    write("first")
    assert current().relays == {}
    write("broken!")
    assert current().relays == {}
    write("and mended again")
    assert list(current().relays) == ["bulk"]
    assert list(current().relays) == ["bulk"]


def of_domain(database, number: int, domain: str) -> None:
    for one in add_customers(database, number):
        with database.write() as connection:
            connection.execute(text("UPDATE customers SET email = :e, email_domain = :d WHERE id = :i"), {"e": f"c{one}@{domain}", "d": domain, "i": one})


def test_a_domain_that_asks_for_patience_is_left_alone_and_each_mail_put_off_once(database):
    shop = pacing(database, "relays: {bulk: {}}\n")
    of_domain(database, 250, "slow.example")
    of_domain(database, 250, "quick.example")
    launch = shop.floor.launch()
    office = shop.office()
    office.pace.slow_down("bulk", "Slow.example", "421 4.7.0 try later", shop.floor.clock.now())
    office.pace.slow_down("receipts", "quick.example", "421 4.7.0 try later", shop.floor.clock.now())
    drain(launch.id, office, lambda: True)
    drain(launch.id, office, lambda: True)
    assert shop.floor.states(launch.id) == {"accepted": 250, "pending": 250}
    with database.read() as connection:
        slow = connection.execute(select(messages.c.fence, messages.c.next_attempt_at, messages.c.attempts).where(messages.c.state == "pending").distinct()).all()
    assert slow == [(1, shop.floor.clock.now() + timedelta(minutes=1), 0)]

    shop.floor.wait(minutes=1)
    drain(launch.id, office, lambda: True)
    assert shop.floor.states(launch.id) == {"accepted": 500}
    assert_promises_kept(database)


def test_a_lane_that_asks_for_patience_is_not_even_claimed(database):
    shop = pacing(database, "relays: {bulk: {}}\n")
    add_customers(database, 300, **GMAIL)
    add_customers(database, 100)
    launch = shop.floor.launch()
    office = shop.office()
    office.pace.slow_down("bulk", "googlemail.com", "421 4.7.28 unusual rate", shop.floor.clock.now())
    drain(launch.id, office, lambda: True)
    assert shop.sent_by_lane(launch) == {"": 100}
    with database.read() as connection:
        assert connection.scalar(select(func.max(messages.c.fence)).where(messages.c.lane == "gmail")) == 0

    shop.floor.wait(minutes=1)
    drain(launch.id, office, lambda: True)
    assert shop.sent_by_lane(launch) == {"": 100, "gmail": 300}


def test_a_slow_down_is_known_to_all_workers_and_grows_only_when_it_is_over(database):
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    ours, theirs = SlowDownsInDatabase(database), SlowDownsInDatabase(database)
    ours.slow_down("bulk", "gmail", "421 4.7.0", now)
    theirs.slow_down("bulk", "gmail", "421 4.7.0 again", now + timedelta(seconds=5))
    assert theirs.held("bulk", now) == {"gmail": now + timedelta(minutes=1)}
    assert theirs.held("receipts", now) == {}

    theirs.slow_down("bulk", "gmail", "421 4.7.0 again", now + timedelta(seconds=61))
    assert [(one.step, one.until, one.reason) for one in ours.lasting(now)] == [(1, now + timedelta(seconds=181), "421 4.7.0 again")]
    assert ours.lasting(now + timedelta(hours=1)) == []


WARM = "relays: {bulk: {warm_up: {start: 2026-11-20, per_day: [50, 80]}}}\n"  # the shop floor's day


def test_a_warm_up_lets_out_so_many_a_day_and_after_its_last_day_all(database):
    shop = pacing(database, WARM, patience=5.0)
    add_customers(database, 300)
    launch = shop.floor.launch()
    sent = []
    for _ in range(3):
        shop.drain(launch)
        shop.drain(launch)
        sent.append(shop.sent_by_lane(launch)[""])
        shop.floor.wait(days=1)

    assert sent == [50, 130, 300]
    assert_promises_kept(database)


def test_before_the_warm_up_begins_nothing_leaves_and_the_day_is_the_shops(database):
    shop = pacing(database, "relays: {bulk: {}}\nwarm_up: {start: 2026-11-21, per_day: [50]}\n", patience=5.0)
    add_customers(database, 100)
    launch = shop.floor.launch()
    shop.drain(launch)
    assert shop.floor.states(launch.id) == {"pending": 100}

    shop.floor.clock.at = datetime(2026, 11, 20, 21, 1, tzinfo=UTC)  # one minute past midnight in Istanbul
    shop.drain(launch)
    assert shop.floor.states(launch.id) == {"accepted": 50, "pending": 50}


def test_thirty_days_of_warming_up_keep_every_days_limit(database):
    per_day = [2 + day for day in range(30)]
    shop = pacing(database, f"relays: {{bulk: {{}}}}\nwarm_up: {{start: 2026-11-20, per_day: {per_day}}}\n", patience=5.0)
    add_customers(database, sum(per_day) + 20)
    launch = shop.floor.launch()
    sent = [0]
    for _ in per_day:
        for owner in ("worker-1", "worker-2"):
            shop.drain(launch, owner=owner)
        sent.append(shop.sent_by_lane(launch)[""])
        shop.floor.wait(days=1)

    assert [after - before for before, after in pairwise(sent)] == per_day


def test_many_workers_at_once_never_exceed_the_days_limit(database):
    shop = pacing(database, WARM)
    add_customers(database, 300)
    launch = shop.floor.launch()

    def worker(number: int) -> int:
        gate = shop.gate(launch, f"worker-{number}")
        return sum(len(gate.claim(7).claimed) for _ in range(5))

    with ThreadPoolExecutor(6) as pool:
        claimed = sum(pool.map(worker, range(6)))

    assert claimed == 50
    assert shop.floor.states(launch.id) == {"claimed": 50, "pending": 250}


def test_what_did_not_leave_is_given_back_to_the_day(database):
    shop = pacing(database, WARM, patience=5.0)
    add_customers(database, 200)
    launch = shop.floor.launch()
    shop.floor.transport.says = dict.fromkeys(range(1, 31), Outcome.LOST_BEFORE_DOT)
    shop.drain(launch)
    shop.drain(launch)

    assert shop.sent_by_lane(launch) == {"": 50}


def test_a_lost_counter_is_made_again_from_the_messages(database):
    shop = pacing(database, WARM, patience=5.0)
    add_customers(database, 200)
    launch = shop.floor.launch()
    gate = shop.gate(launch)
    assert len(gate.claim(20).claimed) == 20
    shop.drain(launch, owner="worker-2")
    with database.write() as connection:
        connection.execute(buckets.delete())
    shop.drain(launch, owner="worker-2")

    assert shop.floor.states(launch.id) == {"accepted": 30, "claimed": 20, "pending": 150}


def test_the_counter_of_one_relay_does_not_count_what_left_by_another(database):
    shop = pacing(database, WARM, patience=5.0)
    add_customers(database, 100)
    launch = shop.floor.launch(limit=40)
    drain(launch.id, shop.floor.office(), lambda: True)
    quotas = QuotasInDatabase(database)
    today = shop.floor.clock.now()
    with database.write() as connection:
        connection.execute(update(attempts).where(attempts.c.number <= 15).values(relay="receipts"))
        connection.execute(update(attempts).where(attempts.c.number > 15).values(relay="bulk"))

    assert quotas.take("bulk", today.date(), today - timedelta(hours=9), 50, 200) == 25
    assert quotas.take("bulk", today.date(), today - timedelta(hours=9), 50, 200) == 0


def test_a_claim_of_one_lane_reads_that_lanes_rows_only(database):
    """A million mails to one provider must not be read again and again to find the thousand beside them."""
    shop = pacing(database, "relays: {bulk: {}}\n")
    add_customers(database, 3_000, **GMAIL)
    add_customers(database, 20)
    launch = shop.floor.launch()
    statements = Statements(database)
    claimed = shop.floor.messages.claim(launch.id, 10, "worker-1", 60, shop.floor.clock.now(), lane="")

    assert len(claimed) == 10
    assert "ix_messages_lane" in statements.plan_of("UPDATE messages")


class Statements:
    """What was said to the database, so that its plan can be asked for."""

    def __init__(self, database):
        from sqlalchemy import event

        self.said, self._database = [], database
        event.listen(database.engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, parameters, *_):
        self.said.append((statement, parameters))

    def plan_of(self, words: str) -> str:
        statement, parameters = next(one for one in self.said if words in one[0])
        explain = "EXPLAIN QUERY PLAN " if self._database.is_sqlite else "EXPLAIN "
        with self._database.write() as connection:
            return "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, parameters).all())


def test_without_limits_a_claim_is_one_statement_for_all_lanes(database):
    shop = pacing(database, "relays: {bulk: {domains: {gmail: {connections: 2}}}}\n")
    add_customers(database, 30, **GMAIL)
    add_customers(database, 30)
    launch = shop.floor.launch()
    statements = Statements(database)
    gate = shop.gate(launch)

    assert Counter(one.email for one in gate.claim(200).claimed).total() == 60
    assert sum("UPDATE messages" in statement for statement, _ in statements.said) == 1
    assert shop.floor.states(launch.id) == {State.CLAIMED.value: 60}


def test_a_plan_counts_lanes_and_names_the_bottleneck(database):
    shop = pacing(database, "relays: {bulk: {rate: 50 per second, domains: {gmail: {rate: 1 per second}}}}\n")
    add_customers(database, 90, **GMAIL)
    add_customers(database, 10)
    planned = shop.floor.prepare()

    assert planned.as_json()["pace"] == {"relay": "bulk", "seconds": 90, "bottleneck": "gmail", "lanes": {"gmail": 90, "others": 10}}


def test_the_flow_of_a_launch_says_how_fast_it_goes_who_waits_and_how_long_it_takes(database):
    shop = pacing(database, "relays: {bulk: {domains: {gmail: {rate: 1 per second}}}}\n", patience=0.0)
    add_customers(database, 100, **GMAIL)
    add_customers(database, 60)
    launch = shop.floor.launch()
    shop.drain(launch)
    shop.floor.wait(minutes=2)
    shop.drain(launch)
    slow, now = SlowDownsInDatabase(database), shop.floor.clock.now()
    slow.slow_down("bulk", "yahoo", "421 4.7.0", now)
    told = flow(shop.floor.launches.get(launch.id), shop.floor.workspace.shop, None, FlowsInDatabase(database), shop.office().pace, now).as_json()

    assert told == {
        "per_minute": 30.5, "seconds_left": 195, "relay": "bulk", "bottleneck": "gmail", "waiting": {"gmail": 99},
        "slowed_down": [{"relay": "bulk", "domain": "yahoo", "until": (now + timedelta(minutes=1)).isoformat(), "reason": "421 4.7.0"}],
    }
    shop.floor.launches.move(launch.id, LaunchState.PAUSED, None, now)
    assert flow(shop.floor.launches.get(launch.id), shop.floor.workspace.shop, None, FlowsInDatabase(database), shop.office().pace, now) is None


def test_a_launch_goes_no_slower_for_what_another_sent_before_it_began(database):
    shop = pacing(database, "relays: {bulk: {domains: {gmail: {rate: 1 per second}}}}\n", patience=0.0)
    add_customers(database, 40)
    earlier = shop.floor.launch()
    shop.drain(earlier)
    shop.floor.wait(minutes=4)
    add_customers(database, 10)
    add_customers(database, 20, **GMAIL)
    launch = shop.floor.launch(again=True)
    shop.drain(launch)
    shop.floor.wait(minutes=1)
    told = flow(
        shop.floor.launches.get(launch.id), shop.floor.workspace.shop, None, FlowsInDatabase(database), shop.office().pace, shop.floor.clock.now()
    )

    assert told is not None
    assert told.per_minute == pytest.approx(51, abs=3)
