"""Whatever happens in whatever order: no code ever arrives in two mails, none is lost, and the ledger says how it came there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from regulars.adapters.database.invariants import violations
from regulars.adapters.database.schema import customers
from regulars.definition.workspace import OnUncertain
from regulars.delivery.life import LaunchState, State
from regulars.delivery.outcomes import Outcome
from regulars.errors import Refused
from tests.integration.launching import NOW, add_customers
from tests.integration.offering import IMPORTED, TEN, OfferFloor, code_in, order, record

PEOPLE = 3
numbers = st.integers(min_value=1, max_value=PEOPLE)
outcomes = st.sampled_from([Outcome.ACCEPTED, Outcome.REJECTED, Outcome.DEFERRED, Outcome.LOST_BEFORE_DOT, Outcome.LOST_AFTER_DOT])
STEPS = st.one_of(
    st.tuples(st.just("drain"), st.dictionaries(numbers, outcomes)),
    st.tuples(st.just("die_before_the_mark"), numbers),
    st.tuples(st.just("die_after_the_mark"), st.booleans()),
    st.tuples(st.just("sweep"), st.sampled_from([None, True, False])),
    st.tuples(st.just("retry"), st.sampled_from([State.REJECTED, State.HELD])),
    st.tuples(st.just("buy"), st.integers(0, 5)),
    st.tuples(st.just("return_it"), st.integers(0, 5)),
    st.tuples(st.just("void"), st.integers(0, 5)),
    st.tuples(st.just("resume"), st.none()),
    st.tuples(st.just("cancel"), st.none()),
)
_offers = count(1)


class World:
    """One launch, and what truly came of it. `arrived`: (number, code) of every mail that is in an inbox, whoever knows it."""

    def __init__(self, database, offer, on_uncertain):
        name = f"offer-{next(_offers)}"
        self.floor = OfferFloor(database, replace(offer, name=name, prefix=name.upper()))
        made = self.floor.workspace.campaigns["hello"]
        self.floor.workspace = replace(self.floor.workspace, campaigns={"hello": replace(made, name=f"hello-{name}", on_uncertain=on_uncertain)})
        self.arrived: list[tuple[int, str]] = []
        self.orders: list[str] = []
        if offer is IMPORTED:
            self.floor.stock(*(f"{name}-{number}" for number in range(PEOPLE + 1)))
        self.stock = len(self.rows())
        self.launch = self.floor.launch()

    def rows(self):
        return [row for row in self.floor.rows() if row.offer == self.floor.offer.name]

    def drain(self, says):
        self.floor.transport.says = says
        self.floor.wait(hours=3)
        self.floor.drain(self.launch.id)

    def claimed(self, most):
        floor = self.floor
        claimed = floor.messages.claim(self.launch.id, most, "worker-1", 60, floor.clock.now())
        bound = floor.coupons.bind(floor.offer, claimed, "Europe/Istanbul", floor.clock.now()).codes if claimed else {}
        return [one for one in claimed if one.ref in bound], bound

    def die_before_the_mark(self, most):
        self.claimed(most)

    def die_after_the_mark(self, it_arrives):
        claimed, bound = self.claimed(1)
        marked = self.floor.mark(claimed) if claimed else set()
        if it_arrives:
            self.arrived += [(ref.number, bound[ref].code) for ref in marked]

    def sweep(self, evidence):
        floor = self.floor
        refs = [floor.dossiers.of(row.ref).ref for row in floor.dossiers.in_states(self.launch.id, [State.HANDOFF, State.UNCERTAIN])]
        floor.transport.known = {} if evidence is None else dict.fromkeys(refs, evidence)  # also where it is wrong
        floor.sweep()

    def retry(self, state):
        if self.floor.launches.get(self.launch.id).state is not LaunchState.CANCELLED:
            now = self.floor.clock.now()
            self.floor.messages.decide(self.launch.id, state, State.PENDING, actor="op", why="again", emails=(), now=now)

    def buy(self, which):
        if rows := self.rows():
            order_id = f"{self.floor.offer.name}-{len(self.orders)}"
            self.orders.append(rows[which % len(rows)].code)
            record(self.floor, self.floor.clock.now(), order(order_id, "buyer@example.com", self.orders[-1], NOW - timedelta(days=1)))

    def return_it(self, which):
        if self.orders:
            place = which % len(self.orders)
            gone = order(f"{self.floor.offer.name}-{place}", "buyer@example.com", self.orders[place], NOW - timedelta(days=1), status="cancelled")
            record(self.floor, self.floor.clock.now(), gone)

    def void(self, which):
        if rows := self.rows():
            with suppress(Refused):  # it is about to leave
                self.floor.coupons.void(rows[which % len(rows)].code, "by hand", self.floor.clock.now())

    def resume(self, _):
        self.floor.launches.move(self.launch.id, LaunchState.SENDING, None, self.floor.clock.now())

    def cancel(self, _):
        self.floor.launches.move(self.launch.id, LaunchState.CANCELLED, "enough", self.floor.clock.now())

    def in_inboxes(self):
        return {*self.arrived, *((mail.ref.number, code_in(mail.content)) for mail in self.floor.transport.mailbox)}


@pytest.mark.parametrize("offer", [TEN, IMPORTED], ids=["made here", "imported"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large])
@given(steps=st.lists(STEPS, min_size=3, max_size=14), on_uncertain=st.sampled_from(OnUncertain))
def test_no_code_is_in_two_mails_and_none_is_lost(database, offer, steps, on_uncertain):
    if not database_has_people(database):
        add_customers(database, PEOPLE)
    world = World(database, offer, on_uncertain)

    for step, how in steps:
        getattr(world, step)(how)
        in_inboxes = world.in_inboxes()
        assert len({code for _, code in in_inboxes}) == len(in_inboxes), "a code arrived in two mails"
        rows = world.rows()
        assert world.stock == 0 or len(rows) == world.stock, "a code is lost"
        owners = {(row.launch_id, row.number) for row in rows if row.launch_id is not None}
        assert len(owners) == sum(row.launch_id is not None for row in rows)

    world.floor.assert_replays()
    with database.read() as connection:
        assert violations(connection) == []
    world.cancel(None)


def database_has_people(database) -> bool:
    with database.read() as connection:
        return bool(connection.scalar(select(func.count()).select_from(customers).where(customers.c.email_domain == "example.com")))
