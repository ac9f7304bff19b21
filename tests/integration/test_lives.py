"""What a simulation reads of the database, and what it makes of it, is what the database itself says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import event

from regulars.adapters.database.engine import Database
from regulars.adapters.database.lives import LivesInDatabase, totals_on
from regulars.adapters.database.predicates import frame_for
from regulars.audience.rankings import daily_cuts
from regulars.definition.conditions import All, Fact, InTop, Kind, Op, Test
from regulars.definition.workspace import Workspace
from tests.integration.launching import NOW as TODAY
from tests.integration.launching import add_customers
from tests.integration.test_segments_two_readings import settled
from tests.people import SHOP
from tests.predicates import NOW, people

pytestmark = pytest.mark.breaks_promises  # its messages are rows made by hand, without an audience

RANKS = tuple(Fact(f"rfm.{measure}", Kind.WHOLE, (Test(Op.AT_LEAST, 2),)) for measure in ("recency", "frequency", "monetary"))
TOPS = (InTop(by="orders.spent", percent=Decimal(20)), InTop(by="orders.count", percent=Decimal(50)))
DAYS = [NOW - timedelta(days=days) for days in (800, 365, 60, 30, 1, 0)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=people())
def test_ranks_of_each_day_are_those_that_the_database_finds_for_it(database: Database, history) -> None:
    with settled(database, history) as connection:
        found = daily_cuts(totals_on(connection), DAYS, {"recency", "frequency", "monetary"}, {(top.by, top.percent) for top in TOPS})
        for day in DAYS:
            frame = frame_for(connection, Workspace(replace(SHOP), {}, {}), day, All((*RANKS, *TOPS)), recomputed=True)
            assert (dict(found[day].rfm), dict(found[day].top)) == (dict(frame.cuts.rfm), dict(frame.cuts.top))


def test_so_many_are_drawn_evenly_and_in_the_order_of_their_ids(database: Database) -> None:
    made = add_customers(database, 10)
    lives = LivesInDatabase(database)

    assert [life.person.customer_id for life in lives.read(TODAY, None)] == made
    assert [life.person.customer_id for life in lives.read(TODAY, 5)] == made[::2]
    assert [life.person.customer_id for life in lives.read(TODAY, 50)] == made


def test_a_batch_of_customers_is_read_in_a_constant_number_of_queries(database: Database) -> None:
    add_customers(database, 3)
    few = queries(database)
    add_customers(database, 60)
    assert queries(database) == few


def queries(database: Database) -> int:
    said: list[str] = []

    def listen(_connection, _cursor, statement, *_more) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    list(LivesInDatabase(database).read(TODAY, None))
    event.remove(database.engine, "before_cursor_execute", listen)
    return sum(statement.startswith("SELECT") and "FROM" in statement for statement in said)
