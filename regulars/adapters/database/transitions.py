"""Marks and settlements of messages as compare-and-set statements on id, fence and state; each is safe to say twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Integer,
    Text,
    Update,
    and_,
    any_,
    bindparam,
    case,
    false,
    func,
    insert,
    not_,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from regulars.adapters.database.editions import is_made_of_what_counts
from regulars.adapters.database.eligibility import has_left, is_suppressed
from regulars.adapters.database.given import FLAG, INTEGER, ROWS, SMALL, TEXT, TIME, as_parameter, given
from regulars.adapters.database.schema import attempts, customers, launches, messages
from regulars.adapters.database.types import UtcTime, database_in
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import CampaignKind
from regulars.delivery.life import TERMINAL, LaunchState, State
from regulars.delivery.outcomes import Phase
from regulars.delivery.settlement import LEASE_MARGIN, Handoff, Settlement

_LAUNCH = bindparam("p_launch", type_=BigInteger())
_OWNER = bindparam("p_owner", type_=Text())
_NOW = bindparam("p_now", type_=UtcTime())
FRESH = ("composed_at", "content_hash", "handoff_at", "handed_to")  # of a copy; forgotten when it certainly never left


def mark(
    connection: Connection, handoffs: Sequence[Handoff], owner: str, topic: str | None, seconds: int, now: datetime,
    handed_to: str | None = None, *, kind: CampaignKind = CampaignKind.MARKETING, again: bool = False,
) -> set[MessageRef]:
    """All of one launch. `again`: an earlier try perhaps committed, and what it marked is marked still."""
    if not handoffs:
        return set()
    sqlite = connection.dialect.name == "sqlite"
    rows = [
        {"number": one.ref.number, "fence": one.fence, "content_hash": one.content_hash, "language": one.language} for one in handoffs
    ]
    launch_id = handoffs[0].ref.launch
    marked = connection.scalars(_mark(topic, kind, sqlite=sqlite), {
        ROWS: as_parameter(rows, sqlite=sqlite), "p_launch": launch_id, "p_owner": owner, "p_seconds": seconds, "p_now": now,
        "p_again": again, "p_handed_to": handed_to, **_numbers(rows, sqlite=sqlite),
    })
    return {MessageRef(launch_id, number) for number in marked}


def settle(connection: Connection, settlements: Sequence[Settlement], owner: str, now: datetime) -> Sequence[Settlement]:
    """Returns those that were written. Whose message is not as they say has lost, and changes nothing."""
    by_launch: dict[int, list[Settlement]] = defaultdict(list)
    for settlement in settlements:
        by_launch[settlement.ref.launch].append(settlement)
    return [one for launch_id, mine in by_launch.items() for one in _settle_launch(connection, launch_id, mine, owner, now)]


def is_sending(launch_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    return select(launches.c.id).where(launches.c.id == launch_id, launches.c.state == LaunchState.SENDING.value).exists()


def _settle_launch(
    connection: Connection, launch_id: int, settlements: Sequence[Settlement], owner: str, now: datetime
) -> Sequence[Settlement]:
    sqlite = connection.dialect.name == "sqlite"
    rows = [_change(settlement) for settlement in settlements]
    facts = {ROWS: as_parameter(rows, sqlite=sqlite), "p_launch": launch_id, "p_owner": owner, "p_now": now}
    among = _numbers(rows, sqlite=sqlite)
    won = {(number, state) for number, state in connection.execute(_settle(sqlite=sqlite), facts | among)}
    if len(won) < len(rows):
        theirs = {row["number"]: row for row in rows if (row["number"], row["state"]) in won}  # of two guesses one is true
        facts[ROWS] = as_parameter(list(theirs.values()), sqlite=sqlite)
    if won and any(settlement.attempt for settlement in settlements):
        connection.execute(_record(sqlite=sqlite), facts)
    # Two guesses about one message that end alike are one that was written.
    return list({(one.ref, one.state): one for one in settlements if (one.ref.number, one.state.value) in won}.values())


def _among(*, sqlite: bool) -> list[ColumnElement[bool]]:
    """Each takes any batch for many rows, and would rather read a launch of 10,000 whole than look those up."""
    if sqlite:
        return [messages.c.number.in_(select(given({"number": INTEGER}, sqlite=True).c.number).correlate(None))]
    return [messages.c.number == any_(bindparam("p_numbers", type_=ARRAY(Integer())))]


def _numbers(rows: Sequence[Mapping[str, Any]], *, sqlite: bool) -> dict[str, Any]:
    return {} if sqlite else {"p_numbers": [row["number"] for row in rows]}


@cache
def _mark(topic: str | None, kind: CampaignKind, *, sqlite: bool) -> Update:
    """The last look before the dot: fence, lease, launch, files, suppression and consent, all at this moment."""
    one = given({"number": INTEGER, "fence": INTEGER, "content_hash": TEXT, "language": TEXT}, sqlite=sqlite)
    marked_before = and_(
        bindparam("p_again", type_=FLAG), messages.c.state == State.HANDOFF.value, messages.c.content_hash == one.c.content_hash
    )
    allowed = and_(
        messages.c.launch_id == _LAUNCH, messages.c.number == one.c.number, messages.c.fence == one.c.fence,
        or_(messages.c.state == State.CLAIMED.value, marked_before), *_among(sqlite=sqlite),
        messages.c.lease_owner == _OWNER, messages.c.lease_until > database_in(LEASE_MARGIN),
        is_sending(_LAUNCH), is_made_of_what_counts(_LAUNCH),
        customers.c.id == messages.c.customer_id, not_(is_suppressed(kind)), not_(has_left(topic, kind)),
    )
    return update(messages).where(allowed).values(
        state=State.HANDOFF.value, content_hash=one.c.content_hash, language=one.c.language, handoff_at=_NOW,
        handed_to=bindparam("p_handed_to", type_=Text()),
        lease_until=database_in(bindparam("p_seconds", type_=Integer())),
    ).returning(messages.c.number)


_SETTLED: dict[str, TypeEngine[Any]] = {
    "number": INTEGER, "fence": INTEGER, "before": TEXT, "state": TEXT, "reason": TEXT, "next_attempt_at": TIME, "evidence": TEXT,
    "smtp_code": SMALL, "enhanced_code": TEXT, "reply": TEXT, "phase": TEXT, "dup": FLAG, "afresh": FLAG,
    "uncounted": FLAG,
}


@cache
def _settle(*, sqlite: bool) -> Update:
    one = given(_SETTLED, sqlite=sqlite)
    mine = and_(
        messages.c.launch_id == _LAUNCH, messages.c.number == one.c.number, messages.c.fence == one.c.fence,
        messages.c.state == one.c.before, *_among(sqlite=sqlite),
    )
    return update(messages).where(mine).values(
        state=one.c.state, reason=one.c.reason, lease_owner=None,
        ended_at=case((one.c.state.in_(sorted(TERMINAL)), _NOW), else_=null()),
        accepted_at=case((one.c.state == State.ACCEPTED.value, _NOW), else_=messages.c.accepted_at),
        # Nobody judges an uncertain one before its sender must have given up.
        lease_until=case((one.c.state == State.UNCERTAIN.value, messages.c.lease_until), else_=null()),
        attempts=case(
            (and_(one.c.phase != Phase.OPERATOR.value, one.c.uncounted.is_(None)), messages.c.attempts + 1), else_=messages.c.attempts
        ),
        dup_possible=or_(messages.c.dup_possible, func.coalesce(one.c.dup, false())),
        **{name: func.coalesce(one.c[name], messages.c[name]) for name in _KEPT},
        **{name: _unless_afresh(one, name) for name in FRESH},
    ).returning(messages.c.number, messages.c.state)


_KEPT = ("next_attempt_at", "evidence", "smtp_code", "enhanced_code", "reply")
_TRIED: dict[str, TypeEngine[Any]] = {
    "number": INTEGER, "fence": INTEGER, "phase": TEXT, "relay": TEXT, "state": TEXT, "smtp_code": SMALL, "enhanced_code": TEXT,
    "reply": TEXT, "started_at": TIME, "actor": TEXT,
}


@cache
def _record(*, sqlite: bool) -> Insert:
    one = given(_TRIED, sqlite=sqlite)
    columns = {
        "launch_id": _LAUNCH, "number": one.c.number, "fence": one.c.fence, "actor": func.coalesce(one.c.actor, _OWNER), "relay": one.c.relay,
        "phase": one.c.phase, "outcome": one.c.state, "smtp_code": one.c.smtp_code, "enhanced_code": one.c.enhanced_code,
        "reply": one.c.reply, "started_at": func.coalesce(one.c.started_at, _NOW), "ended_at": _NOW,
    }
    spoken = select(*columns.values()).where(one.c.phase.is_not(None))
    return insert(attempts).from_select(list(columns), spoken, include_defaults=False)


def _unless_afresh(one: FromClause, name: str) -> ColumnElement[Any]:
    """What the bytes come from is forgotten after a definite non-delivery, but never while a copy may exist."""
    column = messages.c[name]
    return case((and_(one.c.afresh, not_(messages.c.dup_possible)), null()), else_=column)


def _change(settlement: Settlement) -> dict[str, Any]:
    """What it says; what it leaves out is NULL."""
    said, state = settlement.attempt, settlement.state
    row: dict[str, Any] = {
        "number": settlement.ref.number, "fence": settlement.fence, "before": settlement.before.value, "state": state.value,
        "reason": settlement.reason, "next_attempt_at": settlement.next_attempt_at,
    }
    if state is State.PENDING:
        row |= {"afresh": not settlement.copy_may_exist, "dup": settlement.copy_may_exist}
    if said is not None:
        row |= {
            "smtp_code": said.code, "enhanced_code": said.enhanced, "reply": said.reply, "phase": said.phase.value,
            "relay": said.relay, "started_at": settlement.started_at, "actor": settlement.actor,
        }
    if settlement.pause:
        row["uncounted"] = True
    if state is State.ACCEPTED:
        row["evidence"] = (said and said.evidence) or "reply"
    return {name: value for name, value in row.items() if value is not None}
