"""A launch in two parts, in SQL: which messages are in the first, what became of it, and what may leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, case, cast, func, literal, or_, select

from regulars.adapters.database.schema import audience, launches, messages
from regulars.delivery.life import State
from regulars.delivery.roll_out import FirstPart

EVERY_NUMBER = 2**31 - 1
_IN_HAND = (State.CLAIMED.value, State.HANDOFF.value)


def random_order(key: str) -> ColumnElement[Any]:
    """An order of the audience that another launch has not: early customers are not always the ones who go first."""
    return func.md5(literal(f"{key}:", Text) + cast(audience.c.customer_id, Text))  # SQLite learns it in engine.py


def may_leave(launch_id: int) -> ColumnElement[bool]:
    """The message's number is not beyond a first part that the rest still waits for. One look-up a statement."""
    bound = select(launches.c.first_part).where(launches.c.id == launch_id, launches.c.rest_since.is_(None)).scalar_subquery()
    return messages.c.number <= func.coalesce(bound, EVERY_NUMBER)


def is_let_go() -> ColumnElement[bool]:
    """Of a launch: nothing waits for a first part, or not any more."""
    return or_(launches.c.first_part.is_(None), launches.c.rest_since.is_not(None))


def is_due_in_first_part(now: datetime) -> ColumnElement[bool]:
    """Of a launch whose rest waits. Found by number: the index of what is pending holds all the rest, and took 0.3 s for half a million."""
    by_number = (messages.c.launch_id == launches.c.id, messages.c.number <= launches.c.first_part)
    in_time = or_(messages.c.expires_at.is_(None), messages.c.expires_at > now)
    pending = func.lower(messages.c.state) == State.PENDING.value  # as a function, so that neither database takes that index
    return select(messages.c.number).where(*by_number, pending, messages.c.next_attempt_at <= now, in_time).exists()


def first_part(connection: Connection, launch_id: int, first: int) -> FirstPart:
    state, tried, held_back = messages.c.state, messages.c.attempts > 0, messages.c.first_due_at.is_not(None)
    kinds = {
        "untried": or_(state.in_(_IN_HAND), and_(state == State.PENDING.value, ~tried, ~held_back)),
        "held_back": and_(state == State.PENDING.value, ~tried, held_back),
        "put_off": and_(state == State.PENDING.value, tried),
        "rejected": state == State.REJECTED.value,
        "in_doubt": state.in_([State.HELD.value, State.UNCERTAIN.value]),
        "uncomposed": and_(state == State.SKIPPED.value, messages.c.reason.like("cannot be composed%")),
        "unsubscribed": messages.c.unsubscribed_at.is_not(None),
    }
    counts = [func.coalesce(func.sum(case((kind, 1), else_=0)), 0).label(name) for name, kind in kinds.items()]
    row = connection.execute(
        select(func.count().label("mails"), *counts).where(messages.c.launch_id == launch_id, messages.c.number <= first)
    ).one()
    return FirstPart(**{name: int(value) for name, value in row._mapping.items()})  # noqa: SLF001  the row's public way to keyword arguments
