"""Memory and SQL name the same people, on both databases, now and on any day before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from regulars.adapters.database.customer_views import load_views
from regulars.adapters.database.engine import Database
from regulars.adapters.database.predicates import compile_condition, frame_for, matching
from regulars.audience.evaluation import holds
from regulars.audience.frame import Frame
from regulars.definition.conditions import All, Condition, Fact, Kind, Op, Test
from regulars.definition.quantities import Money
from regulars.definition.workspace import ConsentRule, Segment, Workspace
from tests.people import SHOP, Person, settle
from tests.predicates import NOW, as_ofs, conditions, people, questions

pytestmark = pytest.mark.breaks_promises  # its messages are rows made by hand, without an audience

VIP = Segment("vip", Fact("orders.spent", Kind.MONEY, (Test(Op.AT_LEAST, Money.of(50, "TRY")),)))
WORKSPACES = {rule: Workspace(replace(SHOP, consent=rule), {"vip": VIP}, {}) for rule in ConsentRule}
readings = settings(
    max_examples=80, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@readings
@given(history=people(), asked=questions(), rule=st.sampled_from(ConsentRule))
def test_stored_facts_and_plain_history_name_the_same_people(
    database: Database, history: list[Person], asked: list[Condition], rule: ConsentRule
) -> None:
    with settled(database, history) as connection:
        for condition in asked:
            frame = frame_for(connection, WORKSPACES[rule], NOW, condition)

            assert in_sql(connection, condition, frame) == in_memory(history, condition, frame), condition


@readings
@given(history=people(), asked=questions(), as_of=as_ofs)
def test_a_day_in_the_past_is_judged_by_what_had_happened_by_then(
    database: Database, history: list[Person], asked: list[Condition], as_of
) -> None:
    with settled(database, history) as connection:
        for condition in asked:
            frame = frame_for(connection, WORKSPACES[ConsentRule.REQUIRED], as_of, condition, recomputed=True)

            known = [person for person in history if person.was_known(as_of)]
            assert in_sql(connection, condition, frame) == in_memory(known, condition, frame), condition


@readings
@given(history=people(), condition=conditions(), as_of=as_ofs, recomputed=st.booleans())
def test_the_views_that_are_loaded_are_the_ones_that_history_makes(
    database: Database, history: list[Person], condition: Condition, as_of, recomputed: bool
) -> None:
    with settled(database, history) as connection:
        frame = frame_for(connection, WORKSPACES[ConsentRule.REQUIRED], as_of if recomputed else NOW, condition, recomputed=recomputed)

        loaded = load_views(connection, [person.number for person in history], frame, condition)

        expected = {person.number: person.view(frame) for person in history}
        assert {n: holds(condition, view, frame) for n, view in loaded.items()} == {
            n: holds(condition, view, frame) for n, view in expected.items()
        }


@contextmanager
def settled(database: Database, history: list[Person]) -> Iterator[Connection]:
    """The people are there for one example only."""
    with database.engine.connect() as connection:
        settle(connection, history, Frame(NOW, SHOP))
        yield connection
        connection.rollback()


def in_sql(connection: Connection, condition: Condition, frame: Frame) -> set[int]:
    found = set(connection.scalars(matching(connection, condition, frame)))
    alone = matching(connection, All(()), frame).where(compile_condition(connection, condition, frame))
    assert set(connection.scalars(alone)) == found
    return found


def in_memory(history: list[Person], condition: Condition, frame: Frame) -> set[int]:
    return {person.number for person in history if holds(condition, person.view(frame), frame)}
