"""Messages between PENDING and their end: claimed, marked, settled, each step one compare-and-set on fence and state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)

from regulars.adapters.database.coupon_freeing import UNSENT, free_codes
from regulars.adapters.database.editions import edition_when_claimed
from regulars.adapters.database.eligibility import standings
from regulars.adapters.database.engine import Database
from regulars.adapters.database.refusals import follow_up, refused_alone
from regulars.adapters.database.roll_outs import is_due_in_first_part, is_let_go, may_leave
from regulars.adapters.database.schema import LEASED, PENDING, STEP_LAUNCH, attempts, hits, launches, messages
from regulars.adapters.database.transitions import FRESH, is_sending, mark, settle
from regulars.adapters.database.types import UtcTime, database_in
from regulars.audience.eligibility import Standing
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import CampaignKind
from regulars.delivery.life import LaunchState, State
from regulars.delivery.refusals import Impression
from regulars.delivery.settlement import (
    LEASE_MARGIN,
    WOULD_DIFFER,
    Claimed,
    Handoff,
    Settlement,
    Uncertain,
    lapsed,
)

CHUNK = 1000  # messages that one transaction of a sweep changes at most
NO_LEASE: Mapping[str, Any] = {"lease_owner": None, "lease_until": None}


class MessagesInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._impressions: defaultdict[int, Impression] = defaultdict(Impression)

    def claim(
        self, launch_id: int, most: int, owner: str, seconds: int, now: datetime, lane: str | None = None
    ) -> Sequence[Claimed]:
        """At most so many due messages of a launch that is sending (and of one lane), leased to `owner` for so many seconds."""
        due = (
            select(messages.c.number)
            .where(messages.c.launch_id == launch_id, *([] if lane is None else [messages.c.lane == lane]), _due(now), is_sending(launch_id), may_leave(launch_id))
            .order_by(messages.c.next_attempt_at, messages.c.number).limit(most)
            .with_for_update(skip_locked=True, of=messages)
        ).cte("due")
        claim = (
            update(messages)
            .where(messages.c.launch_id == launch_id, messages.c.number.in_(select(due.c.number)), PENDING)
            .values(
                state=State.CLAIMED.value, fence=messages.c.fence + 1, lease_owner=owner, lease_until=database_in(seconds),
                composed_at=func.coalesce(messages.c.composed_at, literal(now, UtcTime())), edition=edition_when_claimed(launch_id),
            )
            .returning(
                messages.c.number, messages.c.fence, messages.c.customer_id, messages.c.email, messages.c.attempts,
                messages.c.composed_at, messages.c.content_hash, messages.c.edition, messages.c.smtp_code, messages.c.lane,
            )
        )
        with self._database.write() as connection:
            rows = connection.execute(claim).all()
            refused = {row.number for row in rows if (row.smtp_code or 0) >= 500}
            alone = refused_alone(connection, launch_id, refused)
        return [
            Claimed(
                MessageRef(launch_id, row.number), row.fence, row.customer_id, row.email, row.attempts, row.composed_at,
                row.content_hash, row.edition, row.number in alone, row.lane, now,
            )
            for row in sorted(rows, key=lambda row: (row.number in refused, row.number))  # what paused the launch comes last
        ]

    def standings(
        self, customer_ids: Sequence[int], topic: str | None, kind: CampaignKind = CampaignKind.MARKETING
    ) -> Mapping[int, Standing]:
        """What of these customers decides now; who was erased is absent."""
        with self._database.read() as connection:
            return standings(connection, customer_ids, topic, kind)

    def turn(
        self, settlements: Sequence[Settlement], handoffs: Sequence[Handoff], *, owner: str, topic: str | None,
        seconds: int, now: datetime, handed_to: str | None = None, kind: CampaignKind = CampaignKind.MARKETING,
    ) -> set[MessageRef]:
        """One durable transaction: settles, marks, and answers the marks that hold. `seconds`: the handoff's lease;
        `handed_to`: the address of the transport that writes their dots; `topic`, `kind`: of the marked ones' launch."""
        def work(connection: Connection, again: bool) -> set[MessageRef]:
            settled = settle(connection, settlements, owner, now)
            follow_up(connection, settled, self._impressions, now)
            free_codes(connection, {one.ref for one in settled if one.state in UNSENT}, now)
            return mark(connection, handoffs, owner, topic, seconds, now, handed_to, kind=kind, again=again)

        return self._database.insist(work)

    def recover(self, owner: str, now: datetime) -> Sequence[Settlement]:
        """Leases that ran out: the claimed go back, of the handed off only the relay knows. At most CHUNK in a transaction."""
        found: list[Settlement] = []
        while len(more := self._recover_some(owner, now)) == CHUNK:
            found += more
        return found + more

    def _recover_some(self, owner: str, now: datetime) -> list[Settlement]:
        with self._database.write() as connection:
            gone = connection.execute(
                select(messages.c.launch_id, messages.c.number, messages.c.fence, messages.c.state, messages.c.lease_owner)
                .where(LEASED, messages.c.state.in_([State.CLAIMED.value, State.HANDOFF.value]), _lapsed())
                .order_by(messages.c.lease_until).limit(CHUNK).with_for_update(skip_locked=True)
            ).all()
            found = [lapsed(MessageRef(row.launch_id, row.number), row.fence, State(row.state), now, row.lease_owner) for row in gone]
            settle(connection, found, owner, now)
        return found

    def uncertain(self) -> Sequence[Uncertain]:
        """Uncertain messages whose senders must have given up, the earliest first, at most CHUNK."""
        query = (
            select(
                messages.c.launch_id, messages.c.number, messages.c.fence, messages.c.dup_possible, messages.c.handoff_at, messages.c.edition,
                messages.c.handed_to,
            )
            .where(LEASED, messages.c.state == State.UNCERTAIN.value, _lapsed()).order_by(messages.c.lease_until).limit(CHUNK)
        )
        with self._database.read() as connection:
            return [
                Uncertain(MessageRef(row.launch_id, row.number), row.fence, row.handoff_at, row.dup_possible, row.edition, row.handed_to)
                for row in connection.execute(query)
            ]

    def reacted_to(self, uncertain: Sequence[Uncertain]) -> set[MessageRef]:
        """Those whose mail somebody or some machine opened or followed: it arrived."""
        found = set()
        for launch_id in {one.ref.launch for one in uncertain}:
            since = {one.ref.number: one.handoff_at for one in uncertain if one.ref.launch == launch_id}
            query = select(hits.c.number, func.max(hits.c.at).label("last")).where(
                hits.c.launch_id == launch_id, hits.c.number.in_(since)
            ).group_by(hits.c.number)
            with self._database.read() as connection:
                found |= {MessageRef(launch_id, row.number) for row in connection.execute(query) if row.last >= since[row.number]}
        return found

    def close_unsent(self, now: datetime) -> None:
        """Ends what came too late, and what came back to PENDING after its launch was cancelled."""
        cancelled = messages.c.launch_id.in_(select(launches.c.id).where(launches.c.state == LaunchState.CANCELLED.value))
        too_late = and_(
            messages.c.launch_id.in_(_unfinished().where(or_(launches.c.expires_at.is_not(None), STEP_LAUNCH))),
            messages.c.next_attempt_at <= now, messages.c.expires_at <= now,
        )
        for state, reason, which in (
            (State.CANCELLED, "the launch was cancelled", cancelled),
            (State.EXPIRED, "its turn came after expires_after", too_late),
        ):
            while self._close_some(state, reason, which, now) == CHUNK:
                pass

    def _close_some(self, state: State, reason: str, which: ColumnElement[bool], now: datetime) -> int:
        key = tuple_(messages.c.launch_id, messages.c.number)
        some = select(messages.c.launch_id, messages.c.number).where(PENDING, which).limit(CHUNK).with_for_update(skip_locked=True)
        closed = update(messages).where(key.in_(some), PENDING).values(state=state.value, reason=reason, ended_at=now, **NO_LEASE)
        with self._database.write() as connection:
            ended = connection.execute(closed.returning(messages.c.launch_id, messages.c.number)).all()
            free_codes(connection, {MessageRef(*row) for row in ended}, now)
        return len(ended)

    def due(self, now: datetime) -> Sequence[int]:
        """Launches that are sending and have a message whose time has come."""
        with self._database.read() as connection:
            waiting = select(messages.c.number).where(messages.c.launch_id == launches.c.id, _due(now)).exists()
            return connection.scalars(
                select(launches.c.id).where(
                    launches.c.state == LaunchState.SENDING.value, or_(and_(is_let_go(), waiting), and_(~is_let_go(), is_due_in_first_part(now))),
                ).order_by(launches.c.id)
            ).all()

    def decide(
        self, launch_id: int, before: State, state: State, *, actor: str, why: str, emails: Sequence[str], now: datetime
    ) -> int:
        """An operator's act on every message in `before` (or those of `emails`); each gets an attempts row. Returns how many."""
        chosen = and_(messages.c.launch_id == launch_id, messages.c.state == before.value)
        if emails:
            chosen = and_(chosen, func.lower(messages.c.email).in_([email.lower() for email in emails]))
        with self._database.write() as connection:
            if state is State.PENDING:
                _reopen(connection, launch_id)
            decided = update(messages).where(chosen).values(**_decided(before, state, now))
            rows = connection.execute(decided.returning(messages.c.number, messages.c.fence)).all()
            if not rows:
                return 0
            connection.execute(insert(attempts), [
                {"launch_id": launch_id, "number": row.number, "fence": row.fence, "actor": actor, "phase": "operator",
                 "outcome": state.value, "reply": why, "started_at": now, "ended_at": now}
                for row in rows
            ])
        return len(rows)

    def of_customer(self, launch_id: int, customer_id: int) -> Mapping[str, Any] | None:
        """The customer's message in this launch: number, state, reason, the relay's words and its times."""
        kept = (
            messages.c.number, messages.c.state, messages.c.reason, messages.c.reply, messages.c.next_attempt_at, messages.c.accepted_at,
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


def _lapsed() -> ColumnElement[bool]:
    return messages.c.lease_until < database_in(-LEASE_MARGIN)


def _unfinished() -> Select[tuple[int]]:
    """Launches that may still have open messages: the sweep looks at no others, however long the history."""
    return select(launches.c.id).where(launches.c.state != LaunchState.FINISHED.value)


def _decided(before: State, state: State, now: datetime) -> dict[str, Any]:
    if state is State.ACCEPTED:
        return {"state": state.value, "reason": None, "accepted_at": func.coalesce(messages.c.handoff_at, literal(now, UtcTime())), "evidence": "operator", "ended_at": now}
    fresh = {"state": state.value, "reason": None, "next_attempt_at": now, "first_due_at": None, "ended_at": None}
    if before is State.HELD:  # `handed_to` stays: a copy may be there
        afresh = messages.c.reason == WOULD_DIFFER
        return fresh | {"dup_possible": True} | {name: case((afresh, null()), else_=messages.c[name]) for name in ("composed_at", "content_hash")}
    return fresh | {name: case((messages.c.dup_possible, messages.c[name]), else_=null()) for name in FRESH}


def _reopen(connection: Connection, launch_id: int) -> None:
    """No sweep may find the launch finished between the operator's word and the message's state."""
    connection.execute(select(launches.c.id).where(launches.c.id == launch_id).with_for_update())
    connection.execute(
        update(launches).where(launches.c.id == launch_id, launches.c.state == LaunchState.FINISHED.value)
        .values(state=LaunchState.SENDING.value, finished_at=None)
    )
