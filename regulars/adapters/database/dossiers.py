"""What the rows say about single messages: operations.ports.Dossiers. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from regulars.adapters.database.coupon_of_message import CODE, code_in, coupon_of_message
from regulars.adapters.database.editions import BUNDLE, edition_of_message
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import attempts, coupons, editions, launches, messages
from regulars.content.tokens import MessageRef
from regulars.delivery.dossier import Attempt, Dossier
from regulars.delivery.life import State
from regulars.delivery.outcomes import Phase

_OWN = ("customer_id", "edition", "email", "language", "reason", "dup_possible", "evidence", "lease_until", "expires_at", "composed_at",
        "accepted_at", "ended_at", "opened_at", "clicked_at", "unsubscribed_at", "content_hash", "handed_to")
_CALLED = {"lease_owner": "worker", "next_attempt_at": "due_at", "handoff_at": "handed_off_at"}


class DossiersInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, ref: MessageRef) -> Dossier | None:
        with self._database.read() as connection:
            found = _read(connection, and_(messages.c.launch_id == ref.launch, messages.c.number == ref.number))
        return next(iter(found), None)

    def with_key(self, launch_key: str, number: int) -> MessageRef | None:
        """The message that a Message-ID names."""
        with self._database.read() as connection:
            launch_id = connection.scalar(select(launches.c.id).where(launches.c.key == launch_key))
        return MessageRef(launch_id, number) if launch_id is not None else None

    def in_states(self, launch_id: int, states: Collection[State], emails: Sequence[str] = (), most: int | None = None) -> Sequence[Dossier]:
        """In the order of their numbers; those of these addresses, or all."""
        which = and_(messages.c.launch_id == launch_id, messages.c.state.in_([state.value for state in states]))
        if emails:
            which = and_(which, func.lower(messages.c.email).in_([email.lower() for email in emails]))
        with self._database.read() as connection:
            return _read(connection, which, most)


def _read(connection: Connection, which: ColumnElement[bool], most: int | None = None) -> list[Dossier]:
    query = (
        select(messages, launches.c.campaign, launches.c.key, BUNDLE.label("bundle"), *CODE)
        .join(launches, launches.c.id == messages.c.launch_id).outerjoin(editions, edition_of_message())
        .outerjoin(coupons, coupon_of_message())
        .where(which).order_by(messages.c.launch_id, messages.c.number).limit(most)
    )
    rows = connection.execute(query).all()
    tried = _attempts(connection, [MessageRef(row.launch_id, row.number) for row in rows])
    return [_dossier(row, tried.get(MessageRef(row.launch_id, row.number), ())) for row in rows]


def _attempts(connection: Connection, refs: Sequence[MessageRef]) -> Mapping[MessageRef, Sequence[Attempt]]:
    """Of messages of one launch, oldest first."""
    found: dict[MessageRef, list[Attempt]] = defaultdict(list)
    for start in range(0, len(refs), 500):
        part = refs[start:start + 500]
        query = select(attempts).where(
            attempts.c.launch_id == part[0].launch, attempts.c.number.in_([ref.number for ref in part])
        ).order_by(attempts.c.id)
        for row in connection.execute(query):
            found[MessageRef(row.launch_id, row.number)].append(Attempt(
                row.fence, row.actor, row.relay, Phase(row.phase), State(row.outcome), row.smtp_code, row.enhanced_code, row.reply,
                row.started_at, row.ended_at,
            ))
    return found


def _dossier(row: Any, tried: Sequence[Attempt]) -> Dossier:
    known = {name: getattr(row, name) for name in _OWN} | {told: getattr(row, name) for name, told in _CALLED.items()}
    ref = MessageRef(row.launch_id, row.number)
    return Dossier(ref=ref, campaign=row.campaign, launch_key=row.key, bundle=row.bundle, state=State(row.state), attempts=tried, code=code_in(row), **known)
