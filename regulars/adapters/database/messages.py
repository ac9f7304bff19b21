"""Messages between PENDING and their end: claimed, marked, settled, each step one compare-and-set on fence and state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from regulars.adapters.database.editions import edition_when_claimed
from regulars.adapters.database.eligibility import standings
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import LEASED, PENDING, attempts, launches, messages
from regulars.adapters.database.transitions import is_sending, mark, settle
from regulars.adapters.database.types import UtcTime, database_in, database_now
from regulars.audience.eligibility import Standing
from regulars.content.tokens import MessageRef
from regulars.delivery.life import LaunchState, State
from regulars.delivery.settlement import Claimed, Handoff, Settlement, lapsed

NO_LEASE: Mapping[str, Any] = {"lease_owner": None, "lease_until": None}


class MessagesInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, launch_id: int, most: int, owner: str, seconds: int, now: datetime) -> Sequence[Claimed]:
        """At most so many due messages of a launch that is sending, leased to `owner` for so many seconds."""
        due = (
            select(messages.c.number)
            .where(messages.c.launch_id == launch_id, _due(now), is_sending(launch_id))
            .order_by(messages.c.next_attempt_at, messages.c.number).limit(most)
            .with_for_update(skip_locked=True, of=messages)
        ).cte("due")
        claim = (
            update(messages)
            .where(messages.c.launch_id == launch_id, messages.c.number.in_(select(due.c.number)))
            .values(
                state=State.CLAIMED.value, fence=messages.c.fence + 1, lease_owner=owner, lease_until=database_in(seconds),
                composed_at=func.coalesce(messages.c.composed_at, literal(now, UtcTime())), edition=edition_when_claimed(launch_id),
            )
            .returning(
                messages.c.number, messages.c.fence, messages.c.customer_id, messages.c.email, messages.c.attempts,
                messages.c.composed_at, messages.c.content_hash, messages.c.edition,
            )
        )
        with self._database.write() as connection:
            rows = connection.execute(claim).all()
        return [
            Claimed(
                MessageRef(launch_id, row.number), row.fence, row.customer_id, row.email, row.attempts, row.composed_at,
                row.content_hash, row.edition,
            )
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
            settle(connection, settlements, owner, now)
            return mark(connection, handoffs, owner, topic, seconds, now)

    def recover(self, owner: str, now: datetime) -> Sequence[Settlement]:
        """Leases that ran out: the claimed go back, of the handed off only the relay knows."""
        with self._database.write() as connection:
            gone = connection.execute(
                select(messages.c.launch_id, messages.c.number, messages.c.fence, messages.c.state)
                .where(LEASED, messages.c.lease_until < database_now())
                .with_for_update(skip_locked=True)
            ).all()
            found = [lapsed(MessageRef(row.launch_id, row.number), row.fence, State(row.state), now) for row in gone]
            settle(connection, found, owner, now)
        return found

    def uncertain(self) -> Sequence[tuple[MessageRef, int, bool]]:
        """Every uncertain message with its fence, and whether it was sent again already."""
        query = select(messages.c.launch_id, messages.c.number, messages.c.fence, messages.c.dup_possible).where(
            messages.c.launch_id.in_(_unfinished()), messages.c.state == State.UNCERTAIN.value
        )
        with self._database.read() as connection:
            return [(MessageRef(row.launch_id, row.number), row.fence, row.dup_possible) for row in connection.execute(query)]

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


def _decided(before: State, state: State, now: datetime) -> dict[str, Any]:
    if state is State.ACCEPTED:
        return {"state": state.value, "reason": None, "accepted_at": func.coalesce(messages.c.handoff_at, literal(now, UtcTime())), "evidence": "operator", "ended_at": now}
    fresh = {"state": state.value, "reason": None, "next_attempt_at": now, "ended_at": None}
    return fresh | ({"dup_possible": True} if before is State.HELD else {"composed_at": None, "content_hash": None})
