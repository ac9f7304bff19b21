"""Messages between PENDING and their end: claimed, marked, settled, each step one compare-and-set on fence and state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    not_,
    null,
    or_,
    select,
    update,
)

from regulars.adapters.database.eligibility import has_left, is_suppressed, standings
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import LEASED, PENDING, attempts, customers, launches, messages
from regulars.adapters.database.types import UtcTime, database_in, database_now
from regulars.audience.eligibility import Standing
from regulars.content.tokens import MessageRef
from regulars.delivery.life import TERMINAL, LaunchState, State
from regulars.delivery.outcomes import Phase
from regulars.delivery.settlement import Claimed, Handoff, Settlement, lapsed

NO_LEASE: Mapping[str, Any] = {"lease_owner": None, "lease_until": None}


class MessagesInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, launch_id: int, most: int, owner: str, seconds: int, now: datetime) -> Sequence[Claimed]:
        """At most so many due messages of a launch that is sending, leased to `owner` for so many seconds."""
        due = (
            select(messages.c.number)
            .where(messages.c.launch_id == launch_id, _due(now), _is_sending(launch_id))
            .order_by(messages.c.next_attempt_at, messages.c.number).limit(most)
            .with_for_update(skip_locked=True, of=messages)
        ).cte("due")
        claim = (
            update(messages)
            .where(messages.c.launch_id == launch_id, messages.c.number.in_(select(due.c.number)))
            .values(
                state=State.CLAIMED.value, fence=messages.c.fence + 1, lease_owner=owner, lease_until=database_in(seconds),
                composed_at=func.coalesce(messages.c.composed_at, literal(now, UtcTime())),
            )
            .returning(
                messages.c.number, messages.c.fence, messages.c.customer_id, messages.c.email, messages.c.attempts,
                messages.c.composed_at, messages.c.content_hash,
            )
        )
        with self._database.write() as connection:
            rows = connection.execute(claim).all()
        return [
            Claimed(MessageRef(launch_id, row.number), row.fence, row.customer_id, row.email, row.attempts, row.composed_at, row.content_hash)
            for row in sorted(rows, key=lambda row: row.number)
        ]

    def standings(self, customer_ids: Sequence[int], topic: str | None) -> Mapping[int, Standing]:
        """What of these customers decides now; who was erased is absent."""
        with self._database.read() as connection:
            return standings(connection, customer_ids, topic)

    def turn(
        self, settlements: Sequence[Settlement], handoffs: Sequence[Handoff], *, owner: str, topic: str | None,
        seconds: int, now: datetime,
    ) -> set[MessageRef]:
        """One durable transaction: settles, marks, and answers the marks that hold. `seconds`: the handoff's lease."""
        with self._database.write() as connection:
            _settle(connection, settlements, owner, now)
            return _mark(connection, handoffs, owner, topic, seconds, now)

    def recover(self, owner: str, now: datetime) -> Sequence[Settlement]:
        """Leases that ran out: the claimed go back, of the handed off only the relay knows."""
        with self._database.write() as connection:
            gone = connection.execute(
                select(messages.c.launch_id, messages.c.number, messages.c.fence, messages.c.state)
                .where(LEASED, messages.c.lease_until < database_now())
                .with_for_update(skip_locked=True)
            ).all()
            found = [lapsed(MessageRef(row.launch_id, row.number), row.fence, State(row.state), now) for row in gone]
            _settle(connection, found, owner, now)
        return found

    def uncertain(self) -> Sequence[tuple[MessageRef, int]]:
        """Every uncertain message with its fence."""
        query = select(messages.c.launch_id, messages.c.number, messages.c.fence).where(
            messages.c.launch_id.in_(_unfinished()), messages.c.state == State.UNCERTAIN.value
        )
        with self._database.read() as connection:
            return [(MessageRef(row.launch_id, row.number), row.fence) for row in connection.execute(query)]

    def close_unsent(self, now: datetime) -> None:
        """Ends what came too late, and what came back to PENDING after its launch was cancelled."""
        cancelled = messages.c.launch_id.in_(select(launches.c.id).where(launches.c.state == LaunchState.CANCELLED.value))
        too_late = and_(
            messages.c.launch_id.in_(_unfinished().where(launches.c.expires_at.is_not(None))),
            messages.c.next_attempt_at <= now, messages.c.expires_at <= now,
        )
        with self._database.write() as connection:
            for state, reason, which in (
                (State.CANCELLED, "the launch was cancelled", cancelled),
                (State.EXPIRED, "its turn came after expires_after", too_late),
            ):
                connection.execute(
                    update(messages).where(PENDING, which)
                    .values(state=state.value, reason=reason, ended_at=now, **NO_LEASE)
                )

    def due(self, now: datetime) -> Sequence[int]:
        """Launches that are sending and have a message whose time has come."""
        with self._database.read() as connection:
            waiting = select(messages.c.number).where(messages.c.launch_id == launches.c.id, _due(now))
            return connection.scalars(
                select(launches.c.id).where(launches.c.state == LaunchState.SENDING.value, waiting.exists()).order_by(launches.c.id)
            ).all()

    def held(self, launch_id: int) -> Sequence[tuple[int, str]]:
        """Number and address of the messages that wait for a person."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(messages.c.number, messages.c.email)
                .where(messages.c.launch_id == launch_id, messages.c.state == State.HELD.value).order_by(messages.c.number)
            ).all()
        return [(row.number, row.email) for row in rows]

    def decide(
        self, launch_id: int, before: State, state: State, *, actor: str, why: str, emails: Sequence[str], now: datetime
    ) -> int:
        """An operator's act on every message in `before` (or those of `emails`); each gets an attempts row. Returns how many."""
        chosen = and_(messages.c.launch_id == launch_id, messages.c.state == before.value)
        if emails:
            chosen = and_(chosen, func.lower(messages.c.email).in_([email.lower() for email in emails]))
        with self._database.write() as connection:
            rows = connection.execute(select(messages.c.number, messages.c.fence).where(chosen).with_for_update()).all()
            if not rows:
                return 0
            connection.execute(update(messages).where(chosen).values(**_decided(before, state, now)))
            connection.execute(insert(attempts), [
                {"launch_id": launch_id, "number": row.number, "fence": row.fence, "actor": actor, "phase": "operator",
                 "outcome": state.value, "reply": why, "started_at": now, "ended_at": now}
                for row in rows
            ])
        return len(rows)

    def of_customer(self, launch_id: int, customer_id: int) -> Mapping[str, Any] | None:
        """The customer's message in this launch: number, state, reason and its times."""
        kept = (
            messages.c.number, messages.c.state, messages.c.reason, messages.c.next_attempt_at, messages.c.accepted_at,
            messages.c.ended_at, messages.c.dup_possible,
        )
        with self._database.read() as connection:
            row = connection.execute(
                select(*kept).where(messages.c.launch_id == launch_id, messages.c.customer_id == customer_id)
            ).first()
        return dict(row._mapping) if row else None  # noqa: SLF001  SQLAlchemy's public name for it


def _due(now: datetime) -> ColumnElement[bool]:
    in_time = or_(messages.c.expires_at.is_(None), messages.c.expires_at > now)
    return and_(PENDING, messages.c.next_attempt_at <= now, in_time)


def _unfinished() -> Select[tuple[int]]:
    """Launches that may still have open messages: the sweep looks at no others, however long the history."""
    return select(launches.c.id).where(launches.c.state != LaunchState.FINISHED.value)


def _is_sending(launch_id: int) -> ColumnElement[bool]:
    return select(launches.c.id).where(launches.c.id == launch_id, launches.c.state == LaunchState.SENDING.value).exists()


def _mark(
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
            messages.c.lease_owner == owner, messages.c.lease_until > database_now(), _is_sending(launch_id),
            not_(is_suppressed()), not_(has_left(topic)),
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


def _settle(connection: Connection, settlements: Sequence[Settlement], owner: str, now: datetime) -> None:
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


def _decided(before: State, state: State, now: datetime) -> dict[str, Any]:
    if state is State.ACCEPTED:
        return {"state": state.value, "reason": None, "accepted_at": func.coalesce(messages.c.handoff_at, literal(now, UtcTime())), "evidence": "operator", "ended_at": now}
    fresh = {"state": state.value, "reason": None, "next_attempt_at": now, "ended_at": None}
    return fresh | ({"dup_possible": True} if before is State.HELD else {"composed_at": None, "content_hash": None})
