"""What refusals lead to, in the transaction that settles them: addresses suppressed, a launch paused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    select,
    update,
)

from regulars.adapters.database.schema import attempts, launches, messages, suppressions
from regulars.adapters.database.suppressions import EMAIL, add_to
from regulars.adapters.database.types import EPOCH
from regulars.delivery.life import LaunchState, State
from regulars.delivery.refusals import ENOUGH, WINDOW, Impression, Refusals, why_paused
from regulars.delivery.settlement import Settlement

HARD_BOUNCE = "bounce"
_ANSWERS = (State.ACCEPTED, State.REJECTED)


def follow_up(
    connection: Connection, settlements: Sequence[Settlement], impressions: defaultdict[int, Impression], now: datetime
) -> None:
    """For settlements that this transaction has written: who came too late neither pauses nor suppresses. `impressions`: of this process, by launch."""
    add_to(connection, [one.suppress for one in settlements if one.suppress], now)
    for one in settlements:
        if one.state in _ANSWERS:
            impressions[one.ref.launch].add([one.state is State.REJECTED])
    refused = [one for one in settlements if one.state is State.REJECTED]
    for launch_id in {one.ref.launch for one in refused if impressions[one.ref.launch].is_bad}:
        _pause_for_a_mass(connection, launch_id, next(one.reason or "" for one in reversed(refused) if one.ref.launch == launch_id))
    for stopped in settlements:
        if stopped.pause:
            _pause(connection, stopped.ref.launch, stopped.pause)


def refused_alone(connection: Connection, launch_id: int, numbers: Collection[int]) -> set[int]:
    """Of these messages those that once paused the launch, and others have been accepted since: so it may be about them."""
    if not numbers:
        return set()
    first = connection.execute(
        select(attempts.c.number, func.min(attempts.c.id))
        .where(attempts.c.launch_id == launch_id, attempts.c.number.in_(numbers), attempts.c.outcome == State.PENDING.value, attempts.c.smtp_code >= 500)
        .group_by(attempts.c.number)
    ).all()
    accepted = select(attempts.c.id).where(attempts.c.launch_id == launch_id, attempts.c.outcome == State.ACCEPTED.value)
    latest = connection.scalar(accepted.order_by(attempts.c.id.desc()).limit(1)) or 0 if first else 0
    return {number for number, attempt in first if attempt < latest}


def _pause(connection: Connection, launch_id: int, reason: str) -> None:
    """Every later mark of this launch sees it; the first reason stays."""
    sending = and_(launches.c.id == launch_id, launches.c.state == LaunchState.SENDING.value)
    connection.execute(update(launches).where(sending).values(state=LaunchState.PAUSED.value, state_reason=reason))


def _pause_for_a_mass(connection: Connection, launch_id: int, latest: str) -> None:
    since = connection.scalar(select(launches.c.sending_since).where(launches.c.id == launch_id)) or EPOCH
    lately, answers = _lately(connection, launch_id, since)
    if not Refusals(lately, answers, ENOUGH, 0).are_a_mass:
        return  # whatever the count
    refusals = Refusals(
        lately, answers, _count(connection, launch_id, messages.c.ended_at >= since), _count(connection, launch_id, messages.c.ended_at < since)
    )
    if refusals.are_a_mass:
        _pause(connection, launch_id, why_paused(refusals, latest, launch_id))
        _forgive(connection, launch_id, since)


def _lately(connection: Connection, launch_id: int, since: datetime) -> tuple[int, int]:
    """Of the last answers that ended a mail: how many refused it, and how many they are."""
    ended = attempts.c.outcome.in_([state.value for state in _ANSWERS])
    last = (
        select(attempts.c.outcome)
        .where(attempts.c.launch_id == launch_id, ended, attempts.c.phase != "operator", attempts.c.ended_at >= since)
        .order_by(attempts.c.id.desc()).limit(WINDOW)
    ).subquery()
    refused = func.count().filter(last.c.outcome == State.REJECTED.value)
    row = connection.execute(select(refused, func.count()).select_from(last)).one()
    return row[0], row[1]


def _count(connection: Connection, launch_id: int, when: ColumnElement[bool]) -> int:
    """Of rejected mails; not further than the rule looks."""
    some = select(messages.c.number).where(
        messages.c.launch_id == launch_id, messages.c.state == State.REJECTED.value, when
    ).limit(ENOUGH).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def _forgive(connection: Connection, launch_id: int, since: datetime) -> None:
    """So many wrong addresses at once are rather a wrong relay: what it said of customers is not kept."""
    of_this_launch = suppressions.c.source.startswith(f"launch {launch_id}:", autoescape=True)
    connection.execute(delete(suppressions).where(
        suppressions.c.channel == EMAIL, suppressions.c.reason == HARD_BOUNCE, of_this_launch, suppressions.c.added_at >= since
    ))
