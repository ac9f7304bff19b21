"""Turns what may have left since a backup into uncertain messages, in one transaction, each with an attempts row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    and_,
    func,
    insert,
    literal,
    not_,
    null,
    or_,
    select,
    text,
    true,
    update,
)

from regulars.adapters.database.coupon_freeing import set_aside
from regulars.adapters.database.engine import Database
from regulars.adapters.database.registry import (
    DOUBT,
    GENERATION,
    LAUNCH_FLOOR,
    OVERTAKEN,
    as_text,
    write_fact,
)
from regulars.adapters.database.schema import STEP_LAUNCH, attempts, launches, messages
from regulars.adapters.database.types import UtcTime, database_in
from regulars.adapters.database.watching_anew import know_members
from regulars.delivery.life import BY_OPERATOR, LIVE, LaunchState, State
from regulars.delivery.permission import Generation
from regulars.delivery.recovery import NOT_YET, AtRisk

LEFT_OUT = 10_000_000  # numbers of a step's launch: more mails than a step can have made since any backup
LONG_AGO = -3600  # seconds: whoever had it in hand then works on another database
MAY_HAVE_LEFT = [state.value for state, after in BY_OPERATOR.items() if State.UNCERTAIN in after]


class RecoveryInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def at_risk(self, now: datetime) -> Sequence[AtRisk]:
        doubtful, open_ = _may_have_left(now), messages.c.state.in_(MAY_HAVE_LEFT)
        query = (
            select(
                launches.c.id, launches.c.campaign, launches.c.state,
                func.count(messages.c.number).filter(doubtful), func.count(messages.c.number).filter(not_(doubtful)),
            )
            .outerjoin(messages, and_(messages.c.launch_id == launches.c.id, open_))
            .where(_is_live()).group_by(launches.c.id, launches.c.campaign, launches.c.state).order_by(launches.c.id)
        )
        with self._database.read() as connection:
            return [AtRisk(row[0], row[1], LaunchState(row[2]), row[3], row[4]) for row in connection.execute(query)]

    def recover(self, since: datetime, generation: Generation, *, actor: str, why: str, now: datetime) -> int:
        """Once: the second time nothing is left to do. Returns how many messages are uncertain now."""
        live = messages.c.launch_id.in_(select(launches.c.id).where(_is_live()))
        which = and_(live, messages.c.state.in_(MAY_HAVE_LEFT), _may_have_left(now))
        with self._database.write() as connection:
            connection.execute(_note(which, actor, why, now))
            changed = connection.execute(
                update(messages).where(which).values(
                    state=State.UNCERTAIN.value, fence=messages.c.fence + 1, lease_owner=None, lease_until=database_in(LONG_AGO),
                    handoff_at=func.coalesce(messages.c.handoff_at, literal(since, UtcTime())),
                    handed_to=null(),  # since then perhaps to another: nobody's silence is an answer
                    dup_possible=true(),  # without evidence they wait for a person, whatever on_uncertain says: they are too many
                )
            )
            connection.execute(
                update(launches).where(launches.c.state == LaunchState.SENDING.value)
                .values(state=LaunchState.PAUSED.value, state_reason=f"recovered by {actor}: {why}")
            )
            set_aside(connection, why, now)
            know_members(connection, now)
            _leave_out_numbers(connection, generation.launch)
            write_fact(connection, DOUBT, f"{since.isoformat()} {now.isoformat()}")
            write_fact(connection, GENERATION, as_text(generation))
            write_fact(connection, OVERTAKEN, None)
        return int(changed.rowcount)


def _is_live() -> ColumnElement[bool]:
    return launches.c.state.in_([state.value for state in LIVE])


def _may_have_left(now: datetime) -> ColumnElement[bool]:
    """Whatever a worker had in hand, and what was due."""
    return or_(messages.c.state != State.PENDING.value, messages.c.next_attempt_at <= now + NOT_YET)


def _note(which: ColumnElement[bool], actor: str, why: str, now: datetime) -> Insert:
    moment = literal(now, UtcTime())
    rows = select(
        messages.c.launch_id, messages.c.number, messages.c.fence + 1, literal(actor), literal("operator"),
        literal(State.UNCERTAIN.value), literal(why), moment, moment,
    ).where(which)
    columns = ["launch_id", "number", "fence", "actor", "phase", "outcome", "reply", "started_at", "ended_at"]
    return insert(attempts).from_select(columns, rows)


def _leave_out_numbers(connection: Connection, newest: int) -> None:
    """A lost launch's number in a new launch would let links in its mails speak for other people: even to unsubscribe them. So would
    a lost mail's number in the launch of an automation's step, which goes on."""
    write_fact(connection, LAUNCH_FLOOR, str(newest))
    connection.execute(update(launches).where(STEP_LAUNCH).values(recipients=launches.c.recipients + LEFT_OUT))
    if connection.dialect.name == "postgresql" and newest:
        connection.execute(text("SELECT setval(pg_get_serial_sequence('launches', 'id'), greatest(:newest, nextval(pg_get_serial_sequence('launches', 'id'))))"), {"newest": newest})
