"""From a friend's order to the advocate's reward and back, by real imports on both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update

from regulars.adapters.database.bulk import stage
from regulars.adapters.database.engine import Database
from regulars.adapters.database.invariants import violations
from regulars.adapters.database.referral_book import ReferralBookInDatabase
from regulars.adapters.database.referral_cases import due_query
from regulars.adapters.database.referral_codes import ensure_codes
from regulars.adapters.database.referral_evidence import _question, staged_ties
from regulars.adapters.database.referral_invariants import REFERRAL_INVARIANTS
from regulars.adapters.database.referral_lists import ReferralListsInDatabase
from regulars.adapters.database.rewards import purses_of
from regulars.adapters.database.schema import customers, events, metadata, orders, referrals, rewards
from regulars.adapters.database.segments import SegmentsInDatabase
from regulars.definition.conditions import Fact, HasReferred, Kind, Op, Test
from regulars.definition.programme import ReferralProgramme
from regulars.definition.quantities import Duration, Money
from regulars.definition.units import reward
from regulars.definition.workspace import Segment, Workspace
from regulars.errors import Refused, UsageError
from regulars.loyalty.referrals import ReferralState
from regulars.operations.confirm_referrals import confirm_referrals
from regulars.operations.referrals import APPROVED, REJECTED, decide
from regulars.operations.rewards import use
from tests.factories import CustomerFactory, OrderLineFactory
from tests.integration.launching import NOW, StoppedClock
from tests.shops import ShopInDatabase, a_shop

SECRET = b"a secret of some length"
ADA, BEN, CEM = "ada@mail.example", "ben@mail.example", "cem@mail.example"
DAYS = lambda n: Duration(seconds=n * 86_400)  # noqa: E731  reads like a unit
PROGRAMME = ReferralProgramme(reward("15%"), reward("100 TRY"))


@dataclass
class Programme:
    """A shop with a referral programme, and Ada, whose code is known."""

    shop: ShopInDatabase
    segments: dict[str, Segment]

    @property
    def database(self) -> Database:
        return self.shop.database

    def runs(self, **changes) -> None:
        self.shop = replace(self.shop, shop=a_shop(referral=replace(self.shop.shop.referral, **changes)))

    def code(self, email: str = ADA) -> str:
        id_ = self.id(email)
        with self.database.write() as connection:
            return ensure_codes(connection, [id_], SECRET, self.shop.now)[id_]

    def id(self, email: str) -> int:
        with self.database.read() as connection:
            return connection.scalar(select(customers.c.id).where(customers.c.email_key == email))

    def order(self, email: str = BEN, order_id: str = "B1", **told) -> None:
        told = {"referral_code": self.code(), "ordered_at": "2026-11-01 10:00", "unit_price": "500", **told}
        self.shop.orders(OrderLineFactory(email=email, order_id=order_id, **told))

    def days_later(self, days: int) -> int:
        """The beat, so many days after the shop's now."""
        clock = StoppedClock(self.shop.now + timedelta(days=days))
        return confirm_referrals(self.shop.shop, lambda: self.segments, ReferralBookInDatabase(self.database), clock, lambda: True)

    def states(self) -> dict[str, str]:
        with self.database.read() as connection:
            query = select(customers.c.email_key, referrals.c.state).join(referrals, referrals.c.friend_id == customers.c.id)
            return {row.email_key: row.state for row in connection.execute(query)}

    def reason(self, email: str = BEN) -> str | None:
        with self.database.read() as connection:
            return connection.scalar(select(referrals.c.reason).where(referrals.c.friend_id == self.id(email)))

    def purse(self, email: str = ADA) -> list[str]:
        with self.database.read() as connection:
            return [str(purse) for purse in purses_of(connection, [self.id(email)]).get(self.id(email), ())]

    def ledger(self) -> list[tuple[str, int]]:
        with self.database.read() as connection:
            return [(row.entry, row.value // 10_000) for row in connection.execute(select(rewards).order_by(rewards.c.id))]

    def news(self) -> list[str]:
        with self.database.read() as connection:
            query = select(events.c.kind).where(events.c.kind.startswith("referral."), events.c.customer_id == self.id(ADA))
            return [kind.removeprefix("referral.") for kind in connection.scalars(query.order_by(events.c.id))]

    def mark(self, order_id: str, **hashes: str) -> None:
        """As the intake notes where and by what an order was made."""
        with self.database.write() as connection:
            connection.execute(update(orders).where(orders.c.order_id == order_id).values(**hashes))


@pytest.fixture
def programme(database: Database) -> Programme:
    made = Programme(ShopInDatabase(database, shop=a_shop(referral=PROGRAMME)), {})
    made.shop.customers(CustomerFactory(email=ADA))
    return made


def test_a_friend_is_rewarded_when_the_order_was_kept(programme):
    programme.order()
    assert programme.states() == {BEN: "ordered"}

    assert programme.days_later(-6) == 0  # 13 days and some hours after the order
    assert programme.days_later(-4) == 1

    assert programme.states() == {BEN: "rewarded"}
    assert programme.purse() == ["100 TRY"]
    assert programme.news() == ["ordered", "confirmed", "rewarded"]
    assert programme.days_later(100) == 0


def test_an_order_that_comes_back_takes_the_reward_with_it_and_again_when_it_counts_again(programme):
    programme.order()
    programme.days_later(0)
    programme.order(status="cancelled")
    assert (programme.states(), programme.reason(), programme.purse()) == ({BEN: "reversed"}, "the order was cancelled", [])

    programme.order()
    programme.days_later(0)

    assert programme.ledger() == [("earned", 100), ("reversed", -100), ("earned", 100)]
    assert programme.states() == {BEN: "rewarded"}
    assert programme.news() == ["ordered", "confirmed", "rewarded", "reversed"]  # each once


def test_an_order_that_came_back_in_time_earns_nothing(programme):
    programme.order()
    programme.order(refunded="500")
    programme.days_later(30)

    assert (programme.states(), programme.ledger()) == ({BEN: "reversed"}, [])


def test_a_code_that_vanishes_from_the_order_takes_the_reward_back(programme):
    programme.order()
    programme.days_later(0)
    programme.order(referral_code="")

    assert (programme.states(), programme.purse()) == ({BEN: "reversed"}, [])
    assert programme.reason() == "the friend's first order names the code no longer"


def test_an_earlier_order_with_another_code_moves_the_friend_to_another_advocate(programme):
    programme.shop.customers(CustomerFactory(email=CEM))
    programme.order()
    programme.days_later(0)
    programme.order(order_id="B0", ordered_at="2026-10-01", referral_code=programme.code(CEM))
    programme.days_later(0)

    assert (programme.purse(ADA), programme.purse(CEM)) == ([], ["100 TRY"])
    assert programme.states() == {BEN: "rewarded"}


@pytest.mark.parametrize(("marks", "said"), [
    ({"postal_hash": "street"}, "delivered to the same address as the advocate's own order A1"),
    ({"device_hash": "phone"}, "ordered on the same device as the advocate's own order A1"),
    ({"network_hash": "home"}, "ordered from the same network as the advocate's own order A1, within a day"),
])
def test_what_may_be_the_advocates_own_order_waits_for_somebody(programme, marks, said):
    programme.shop.orders(OrderLineFactory(email=ADA, order_id="A1", ordered_at="2026-11-01 08:00"))
    programme.mark("A1", **marks)
    programme.order()
    programme.mark("B1", **marks)
    programme.days_later(0)

    assert (programme.states(), programme.reason(), programme.ledger()) == ({BEN: "held"}, said, [])
    assert programme.news() == ["ordered"]
    with programme.database.read() as connection:
        assert connection.execute(select(customers.c.has_referred).where(customers.c.id == programme.id(ADA))).scalar_one() == 0


def test_friends_who_share_a_device_are_held_all_of_them(programme):
    for number in range(3):
        programme.order(f"friend{number}@mail.example", f"F{number}", ordered_at=f"2026-11-0{number + 1}")
        programme.mark(f"F{number}", device_hash="phone")
    programme.days_later(0)

    assert set(programme.states().values()) == {"held"}
    assert programme.reason("friend0@mail.example") == "2 other new friends ordered on the same device within 30 days"


def test_two_who_bring_each_other_are_held(programme):
    programme.shop.customers(CustomerFactory(email=BEN))
    programme.shop.orders(OrderLineFactory(email=ADA, order_id="A1", ordered_at="2026-11-02", referral_code=programme.code(BEN)))
    programme.order()
    programme.days_later(10)

    assert programme.states() == {ADA: "held", BEN: "held"}


def test_a_throw_away_address_and_too_many_at_once_are_held(programme):
    programme.order("x@mailinator.com")
    programme.shop.orders(*(
        OrderLineFactory(email=f"f{n}@mail.example", order_id=f"F{n:02}", referral_code=programme.code(), ordered_at=f"2026-11-03 10:{n:02}",
                         unit_price="500")
        for n in range(22)
    ))
    programme.days_later(0)

    states = programme.states()
    assert states.pop("x@mailinator.com") == "held"
    assert [states[f"f{n}@mail.example"] for n in (0, 19, 20, 21)] == ["rewarded", "rewarded", "held", "held"]


def test_conditions_of_the_programme(programme):
    programme.runs(minimum=(Money.of(300, "TRY"),), cap=1, cap_per=DAYS(30), milestones={2: reward("250 g of beans")},
                   by_segment={"turks": reward("150 TRY")})
    programme.segments = {"turks": Segment("turks", Fact("customer.country", Kind.TEXT, (Test(Op.IS, "TR"),)))}
    programme.order("small@mail.example", "S", unit_price="299")
    programme.order(BEN, "B", ordered_at="2026-11-02")
    programme.order(CEM, "C", ordered_at="2026-11-03")
    programme.days_later(0)

    assert programme.states() == {"small@mail.example": "reversed", BEN: "rewarded", CEM: "confirmed"}
    assert programme.reason(CEM) == "no reward: the cap of 1 rewarded friend in 30 days is reached"
    assert programme.purse() == ["150 TRY", "250 g of beans"]
    assert programme.news()[-1] == "milestone"

    programme.order(CEM, "C", ordered_at="2026-11-03", status="cancelled")

    assert programme.purse() == ["150 TRY"]  # one friend is not two


def test_a_reward_that_nobody_uses_in_time_runs_out_once(programme):
    programme.runs(expires_after=DAYS(30))
    programme.order()
    programme.days_later(0)
    programme.days_later(27)
    programme.days_later(28)

    assert programme.ledger() == [("earned", 100), ("expired", -100)]
    programme.order(status="cancelled")
    assert programme.ledger()[2:] == [("reversed", 0)]
    assert programme.purse() == []


def test_rewards_of_old_history_have_run_out_when_they_are_written_and_nobody_is_told_live(programme):
    programme.runs(expires_after=DAYS(30))
    programme.order(ordered_at="2024-01-01")
    programme.days_later(0)

    assert (programme.states(), programme.purse()) == ({BEN: "rewarded"}, [])
    with programme.database.read() as connection:
        told = connection.execute(select(events.c.at, events.c.origin).where(events.c.kind == "referral.rewarded")).one()
    assert (told.origin, f"{told.at:%Y-%m-%d}") == ("imported", "2024-01-14")


def test_signs_are_counted_by_indexes_however_many_orders_there_are(programme):
    with programme.database.write() as connection:
        connection.execute(insert(orders), [
            {"order_id": f"O{n}", "customer_id": n % 900, "ordered_at": NOW - timedelta(hours=n), "currency": "TRY", "total": 1, "total_compared": 1,
             "referral_code": "RJQ4MGXT", "postal_hash": f"p{n}", "network_hash": f"n{n % 800}", "device_hash": f"d{n}", "origin": "live",
             "content_hash": "", "recorded_at": NOW} for n in range(3_000)
        ])
        connection.execute(insert(referrals), [
            {"programme": "referral", "code": "RJQ4MGXT", "advocate_id": n % 50, "friend_id": 10_000 + n, "order_id": f"O{n}", "state": "held",
             "reason": "made up", "ordered_at": NOW - timedelta(hours=n)} for n in range(3_000)
        ])
        connection.execute(text("ANALYZE"))
        stage(connection, staged_ties, [])
        written = str(_question().compile(connection, compile_kwargs={"literal_binds": True}))
        words = "EXPLAIN QUERY PLAN" if programme.database.is_sqlite else "EXPLAIN"
        plan = " ".join(str(tuple(row)) for row in connection.execute(text(f"{words} {written}")))

    for index in ("ix_orders_customer_id_ordered_at", "ix_orders_coded_postal", "ix_orders_coded_device", "ix_orders_coded_network",
                  "ix_referrals_advocate_id_ordered_at"):
        assert index in plan


def test_who_was_held_or_came_back_does_not_count_on_a_day_either(programme):
    programme.order("kept@mail.example", "K")
    programme.order("x@mailinator.com", "X")
    programme.order("back@mail.example", "Y", status="cancelled")
    brought = Segment("brought", HasReferred((Test(Op.AT_LEAST, 1),))), Segment("two", HasReferred((Test(Op.AT_LEAST, 2),)))
    workspace = Workspace(programme.shop.shop, {each.name: each for each in brought}, {})
    reader = SegmentsInDatabase(programme.database)

    for recomputed in (False, True):
        counts = [reader.members(each, workspace, programme.shop.now, 0, recomputed=recomputed).count for each in brought]
        assert counts == [1, 0]


def test_a_no_is_about_two_people_and_outlasts_their_orders(programme):
    programme.order()
    book, lists, now = ReferralBookInDatabase(programme.database), ReferralListsInDatabase(programme.database), programme.shop.now
    (number,) = (one.id for one in lists.newest(set(ReferralState), 5))
    decide([number], REJECTED, book, lists, by="Cem", why="it is her husband", now=now)

    programme.order(order_id="B0", ordered_at="2026-10-01")
    programme.days_later(0)
    assert (programme.states(), programme.reason()) == ({BEN: "rejected"}, "it is her husband")
    with pytest.raises(UsageError):
        decide([number], REJECTED, book, lists, by="Cem", why=" ", now=now)

    programme.order(order_id="B0", ordered_at="2026-10-01", status="cancelled")
    programme.order(order_id="B1", status="cancelled")
    (after,) = decide([number], APPROVED, book, lists, by="Cem", why="no, he is not", now=now)
    assert (after.state, after.decided_by) == (ReferralState.REVERSED, "Cem")
    programme.days_later(30)
    assert programme.purse() == []


def test_no_more_is_paid_out_than_there_is(programme):
    programme.order()
    programme.days_later(0)
    book, lists, shop = ReferralBookInDatabase(programme.database), ReferralListsInDatabase(programme.database), programme.shop

    with pytest.raises(Refused):
        use(ADA, "101 TRY", "2001", book, lists, shop.shop, shop.now)
    use(ADA, "100 TRY", "2001", book, lists, shop.shop, shop.now)

    assert programme.purse() == []


def test_the_oldest_due_ones_are_found_by_the_index_of_open_ones(programme):
    with programme.database.read() as connection:
        written = str(due_query(programme.shop.now, 5).compile(connection, compile_kwargs={"literal_binds": True}))
        if not programme.database.is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))
        words = "EXPLAIN QUERY PLAN" if programme.database.is_sqlite else "EXPLAIN"
        assert "ix_referrals_open" in " ".join(str(tuple(row)) for row in connection.execute(text(f"{words} {written}")))


# ---- promises, and many at once ----------------------------------------------------------------------------

BROKEN = {
    "a rewarded referral has its reward, and no other has one": delete(rewards),
    "a referral comes to nothing or to one reward": update(rewards).values(value=-1),
    "every reward for a friend has its referral": delete(referrals),
    "nothing is rewarded before it is confirmed": update(referrals).values(confirmed_at=None),
    "a referral that does not go on says why": update(referrals).values(state="held"),
    "nobody brings themselves": update(referrals).values(advocate_id=referrals.c.friend_id),
    "a friend who counts knows who brought them": update(customers).values(referred_by=None),
}


@pytest.mark.breaks_promises
@pytest.mark.parametrize("promise", BROKEN)
def test_a_broken_promise_is_named(programme, promise):
    programme.order()
    programme.days_later(0)
    with programme.database.write() as connection:
        assert violations(connection) == []
        connection.execute(BROKEN[promise])
    with programme.database.read() as connection:
        assert any(sentence.startswith(promise) for sentence in violations(connection))


def test_every_promise_can_be_broken():
    assert set(REFERRAL_INVARIANTS) == set(BROKEN)


def test_beats_and_imports_at_once_come_to_the_same_as_one_after_the_other(programme):
    programme.runs(cap=5, milestones={3: reward("a mug")})
    code = programme.code()
    lines = [{"email": f"f{n}@mail.example", "order_id": f"F{n}", "ordered_at": "2026-11-01", "unit_price": "500", "referral_code": code} for n in range(8)]

    def imports(first: int) -> None:
        for n in (*range(first, 8), *range(first)):
            for status in ("", "cancelled", "") if n % 2 else ("cancelled", ""):
                programme.shop.orders(OrderLineFactory(**lines[n], status=status))

    def beats(_: int) -> None:
        for _ in range(15):
            programme.days_later(0)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(imports, 0), pool.submit(beats, 0), pool.submit(beats, 1), pool.submit(imports, 4)]:
            done.result()
    programme.days_later(0)

    states = Counter(programme.states().values())
    assert states == {"rewarded": 5, "confirmed": 3}
    assert programme.purse() == ["500 TRY", "a mug"]


# ---- laws -------------------------------------------------------------------------------------------------

FRIENDS = ("ben@mail.example", "cem@mail.example", "a.da@mail.example", "eve@mail.example")
LINES = st.builds(
    dict, order_id=st.sampled_from("KLMNOP"), email=st.sampled_from(FRIENDS), owner=st.sampled_from([ADA, "ben@mail.example", None]),
    ordered_at=st.sampled_from(["2026-09-01", "2026-09-02", "2026-10-01", "2026-11-19"]),
    status=st.sampled_from(["", "paid", "cancelled", "pending"]), refunded=st.sampled_from(["", "500"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), lines=st.lists(LINES, min_size=1, max_size=6, unique_by=lambda line: line["order_id"]))
def test_in_whatever_sequence_orders_become_known_they_come_to_the_same(programme, data, lines):
    """Also told again, and with the beat in between: the same referrals, and the same rewards in sum."""
    plain = _outcome(programme, lines, beats=set())
    shuffled = data.draw(st.permutations(lines)) + data.draw(st.lists(st.sampled_from(lines), max_size=3))
    beats = data.draw(st.sets(st.integers(0, len(shuffled) - 1)))

    assert _outcome(programme, shuffled, beats=beats) == plain


def _outcome(programme: Programme, lines, beats) -> tuple:
    _empty(programme)
    codes = {email: programme.code(email) for email in (ADA, "ben@mail.example")}
    for place, line in enumerate(lines):
        told = {key: value for key, value in line.items() if key != "owner"}
        programme.shop.orders(OrderLineFactory(**told, unit_price="500", referral_code=codes.get(line["owner"], "")))
        if place in beats:
            programme.days_later(0)
    programme.days_later(0)
    _promises_are_kept(programme)
    return _standing(programme)


def _standing(programme: Programme) -> tuple:
    """What counts, by addresses: a row that was reversed and forgotten, and one that never was, are the same."""
    with programme.database.read() as connection:
        keys = {row.id: row.email_key for row in connection.execute(select(customers.c.id, customers.c.email_key))}
        rows = connection.execute(select(referrals).where(referrals.c.state != "reversed")).all()
        sums = connection.execute(select(rewards.c.customer_id, rewards.c.currency, func.sum(rewards.c.value).label("sum")).group_by(
            rewards.c.customer_id, rewards.c.currency)).all()
        facts = connection.execute(select(customers.c.email_key, customers.c.has_referred, customers.c.referred_by)).all()
    return (
        sorted((keys[row.friend_id], keys[row.advocate_id], row.order_id, row.state) for row in rows),
        sorted((keys[row.customer_id], row.currency, int(row.sum)) for row in sums if row.sum),
        sorted((row.email_key, row.has_referred, keys.get(row.referred_by, "")) for row in facts if row.has_referred or row.referred_by),
    )


def _promises_are_kept(programme: Programme) -> None:
    with programme.database.read() as connection:
        sums = select(rewards.c.referral_id, func.sum(rewards.c.value)).where(rewards.c.referral_id.is_not(None)).group_by(rewards.c.referral_id)
        by_referral = {row[0]: row[1] for row in connection.execute(sums)}
        states = {row.id: row.state for row in connection.execute(select(referrals.c.id, referrals.c.state))}
    assert all(value == (1_000_000 if states[id_] == "rewarded" else 0) for id_, value in by_referral.items())
    assert all(by_referral.get(id_) == 1_000_000 for id_, state in states.items() if state == "rewarded")


def _empty(programme: Programme) -> None:
    with programme.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name != "installation":
                connection.execute(delete(table))
    programme.shop.customers(CustomerFactory(email=ADA), CustomerFactory(email="ben@mail.example"))


MARKED = st.builds(
    dict, order_id=st.sampled_from("KLMNOP"), email=st.sampled_from([*FRIENDS, ADA]), owner=st.sampled_from([ADA, None]),
    ordered_at=st.sampled_from(["2026-09-01 10:00", "2026-09-01 15:00", "2026-10-01"]),
    marks=st.fixed_dictionaries({}, optional={"device_hash": st.sampled_from("xy"), "network_hash": st.just("n"), "postal_hash": st.just("p")}),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), lines=st.lists(MARKED, min_size=1, max_size=6, unique_by=lambda line: line["order_id"]))
def test_in_whatever_sequence_orders_become_known_the_same_ones_are_held(programme, data, lines):
    def held(some) -> tuple:
        _empty(programme)
        code = programme.code()
        for line in some:
            told = {key: line[key] for key in ("order_id", "email", "ordered_at")}
            programme.shop.orders(OrderLineFactory(**told, unit_price="500", referral_code=code if line["owner"] else ""))
            if line["marks"]:
                programme.mark(line["order_id"], **line["marks"])
        programme.days_later(0)
        return _standing(programme)

    assert held(data.draw(st.permutations(lines))) == held(lines)
