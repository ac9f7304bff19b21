"""What every turn and every sweep asks stays on indexes, however many messages there are, and takes few statements."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import event, text

from regulars.delivery.life import LaunchState, State
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.settlement import Handoff, settled
from tests.integration.launching import NOW, ShopFloor, add_customers


@pytest.fixture
def floor(database):
    floor = ShopFloor(database)
    add_customers(database, 60)
    floor.launch_id = floor.launch().id
    return floor


@contextmanager
def heard(database):
    """Every statement about messages, as the driver gets it."""
    said = []

    def listen(_connection, _cursor, statement, parameters, _context, _many):
        if "messages" in statement:
            said.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    yield said
    event.remove(database.engine, "before_cursor_execute", listen)


def plans(database, said) -> list[str]:
    with database.write() as connection:
        if database.is_sqlite:
            return [" ".join(row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", how)) for one, how in said]
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # sixty rows are read whole otherwise
        return [" ".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {one}", how)) for one, how in said]


def reads_all(plan: str) -> bool:
    return "SCAN messages" in plan.replace("SCAN messages USING", "") or "Seq Scan on messages" in plan


@pytest.mark.parametrize(("ask", "index"), [
    (lambda floor: floor.messages.claim(floor.launch_id, 10, "worker-1", 60, NOW), "ix_messages_due"),
    (lambda floor: floor.messages.due(NOW), "ix_messages_"),
    (lambda floor: floor.messages.recover("worker-1", NOW), "ix_messages_leases"),
    (lambda floor: floor.messages.uncertain(), "ix_messages_leases"),
    (lambda floor: floor.launches.move(floor.launch_id, LaunchState.FINISHED, None, NOW), "ix_messages_"),
])
def test_the_look_ups_of_every_turn_stay_on_their_indexes(floor, ask, index):
    with heard(floor.database) as said:
        ask(floor)
    [plan, *_] = plans(floor.database, said)

    assert index in plan
    assert not reads_all(plan), plan


def test_a_turn_takes_one_statement_for_all_ends_one_for_all_marks_and_one_for_the_attempts(floor):
    claimed = floor.messages.claim(floor.launch_id, 60, "worker-1", 60, NOW)
    first, second = claimed[:30], claimed[30:]
    floor.mark(first)
    ended = [settled(one, State.HANDOFF, Result(one.ref, Outcome.ACCEPTED, Phase.DOT, 250), NOW, 0.0) for one in first]
    handoffs = [Handoff(one.ref, one.fence, "0" * 64, "en") for one in second]
    with heard(floor.database) as said:
        marked = floor.messages.turn(ended, handoffs, owner="worker-1", topic="news", seconds=60, now=NOW)

    assert len(marked) == 30
    assert len([statement for statement, _ in said if statement.startswith("UPDATE")]) == 2
    assert not any(reads_all(plan) for plan in plans(floor.database, said))
    if floor.database.is_sqlite:
        searched = [plan for plan in plans(floor.database, said) if "SEARCH messages" in plan]
        assert len(searched) == 2
        assert all("(launch_id=? AND number=?)" in plan for plan in searched), searched  # and not each row of the launch
