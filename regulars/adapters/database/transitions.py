"""Marks and settlements of messages as compare-and-set statements; each is safe to say twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    and_,
    bindparam,
    case,
    func,
    insert,
    not_,
    null,
    or_,
    select,
    update,
)

from regulars.adapters.database.editions import is_made_of_what_counts
from regulars.adapters.database.eligibility import has_left, is_suppressed
from regulars.adapters.database.schema import attempts, customers, launches, messages
from regulars.adapters.database.types import database_in, database_now
from regulars.content.tokens import MessageRef
from regulars.delivery.life import TERMINAL, LaunchState, State
from regulars.delivery.outcomes import Phase
from regulars.delivery.settlement import Handoff, Settlement


def mark(
    connection: Connection, handoffs: Sequence[Handoff], owner: str, topic: str | None, seconds: int, now: datetime
) -> set[MessageRef]:
    if not handoffs:
        return set()
    launch_id = handoffs[0].ref.launch
    by_number = {handoff.ref.number: handoff for handoff in handoffs}
    allowed = connection.execute(
        select(messages.c.number, messages.c.fence)
        .join(customers, customers.c.id == messages.c.customer_id)
        .where(
            messages.c.launch_id == launch_id, messages.c.number.in_(by_number), messages.c.state == State.CLAIMED.value,
            messages.c.lease_owner == owner, messages.c.lease_until > database_now(), is_sending(launch_id),
            is_made_of_what_counts(launch_id), not_(is_suppressed()), not_(has_left(topic)),
        )
        .with_for_update(of=messages)
    ).all()
    marked = [by_number[row.number] for row in allowed if by_number[row.number].fence == row.fence]
    if marked:
        connection.execute(_MARK.values(lease_until=database_in(seconds), handoff_at=now), [
            {"p_launch": launch_id, "p_number": one.ref.number, "p_fence": one.fence, "p_hash": one.content_hash, "p_language": one.language}
            for one in marked
        ])
    return {one.ref for one in marked}


_MINE = and_(
    messages.c.launch_id == bindparam("p_launch"), messages.c.number == bindparam("p_number"), messages.c.fence == bindparam("p_fence"),
)
_MARK = update(messages).where(_MINE, messages.c.state == State.CLAIMED.value).values(
    state=State.HANDOFF.value, content_hash=bindparam("p_hash"), language=bindparam("p_language")
)


def settle(connection: Connection, settlements: Sequence[Settlement], owner: str, now: datetime) -> None:
    won = _still_ours(connection, settlements)
    if not won:
        return
    connection.execute(_SETTLE, [_change(settlement, now) for settlement in won])
    if tried := [_attempt(settlement, owner, now) for settlement in won if settlement.attempt]:
        connection.execute(insert(attempts), tried)


def _still_ours(connection: Connection, settlements: Sequence[Settlement]) -> list[Settlement]:
    """Those whose message has kept its fence and state; their rows stay locked until the commit."""
    known: dict[MessageRef, tuple[int, str]] = {}
    for launch_id in {settlement.ref.launch for settlement in settlements}:
        numbers = [settlement.ref.number for settlement in settlements if settlement.ref.launch == launch_id]
        rows = connection.execute(
            select(messages.c.number, messages.c.fence, messages.c.state)
            .where(messages.c.launch_id == launch_id, messages.c.number.in_(numbers)).with_for_update()
        )
        known |= {MessageRef(launch_id, row.number): (row.fence, row.state) for row in rows}
    return [one for one in settlements if known.get(one.ref) == (one.fence, one.before.value)]


def _otherwise(name: str) -> ColumnElement[Any]:
    """The new value, or the old one where there is none."""
    column = messages.c[name]
    return func.coalesce(bindparam(f"p_{name}", type_=column.type), column)


def _unless_afresh(name: str) -> ColumnElement[Any]:
    """What the bytes come from is forgotten after a definite non-delivery, but never while a copy may exist."""
    column = messages.c[name]
    afresh = and_(bindparam("p_afresh", type_=Boolean), not_(messages.c.dup_possible))
    return case((afresh, null()), else_=column)


_SETTLE = update(messages).where(_MINE, messages.c.state == bindparam("p_before")).values(
    state=bindparam("p_state"), reason=bindparam("p_reason"), lease_owner=None, lease_until=None, ended_at=bindparam("p_ended_at"),
    attempts=messages.c.attempts + bindparam("p_tried", type_=Integer),
    dup_possible=or_(messages.c.dup_possible, bindparam("p_dup", type_=Boolean)),
    **{name: _otherwise(name) for name in ("next_attempt_at", "accepted_at", "evidence", "smtp_code", "enhanced_code", "reply")},
    **{name: _unless_afresh(name) for name in ("composed_at", "content_hash", "handoff_at")},
)


def _change(settlement: Settlement, now: datetime) -> dict[str, Any]:
    said, accepted = settlement.attempt, settlement.state is State.ACCEPTED
    return {
        "p_launch": settlement.ref.launch, "p_number": settlement.ref.number, "p_fence": settlement.fence,
        "p_before": settlement.before.value, "p_state": settlement.state.value, "p_reason": settlement.reason,
        "p_ended_at": now if settlement.state in TERMINAL else None,
        "p_next_attempt_at": settlement.next_attempt_at,
        "p_accepted_at": now if accepted else None,
        "p_evidence": (said and said.evidence) or "reply" if accepted else None,
        "p_smtp_code": said and said.code, "p_enhanced_code": said and said.enhanced, "p_reply": said and said.reply,
        "p_tried": int(said is not None and said.phase is not Phase.OPERATOR),
        "p_dup": settlement.copy_may_exist,
        "p_afresh": settlement.state is State.PENDING and not settlement.copy_may_exist,
    }


def _attempt(settlement: Settlement, owner: str, now: datetime) -> dict[str, Any]:
    said = settlement.attempt
    assert said is not None
    return {
        "launch_id": settlement.ref.launch, "number": settlement.ref.number, "fence": settlement.fence, "actor": owner,
        "phase": said.phase.value, "outcome": settlement.state.value, "smtp_code": said.code, "enhanced_code": said.enhanced,
        "reply": said.reply, "started_at": settlement.started_at or now, "ended_at": now,
    }


def is_sending(launch_id: int) -> ColumnElement[bool]:
    return select(launches.c.id).where(launches.c.id == launch_id, launches.c.state == LaunchState.SENDING.value).exists()
