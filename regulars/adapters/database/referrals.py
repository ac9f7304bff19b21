"""Who brought whom: the code on a customer's first order, followed to its owner. A function of the orders and of people's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, select, update

from regulars.adapters.database.bulk import load, staged_ids
from regulars.adapters.database.friend_orders import wanted_ties
from regulars.adapters.database.referral_events import new_events
from regulars.adapters.database.referral_evidence import evidence_on
from regulars.adapters.database.rewards import take_back_milestones, take_back_rewards
from regulars.adapters.database.schema import (
    customers,
    referrals,
    rewards,
)
from regulars.adapters.database.types import among
from regulars.journeys.happenings import Happening
from regulars.loyalty.codes import PROGRAMME
from regulars.loyalty.fraud import in_words, suspicions
from regulars.loyalty.referral_news import news
from regulars.loyalty.referrals import (
    BROUGHT,
    KEPT,
    ReferralState,
    Tie,
    retied,
)

UNCODED = "the friend's first order names the code no longer"
_KEPT = ("state", "reason", "confirmed_at", "rewarded_at", "reversed_at", "decided_by", "decided_at")


@dataclass(frozen=True, slots=True)
class _Known:
    """A referral as it is stored; `kept`: the columns that hold as long as it is the same order of the same advocate."""

    id: int
    friend_id: int
    state: ReferralState
    tie: Tie
    kept: Mapping[str, Any]

    @property
    def approved(self) -> bool:
        return self.kept["decided_by"] is not None

    def is_about(self, tie: Tie) -> bool:
        """Does what was decided hold for this one too? A no is about the two people, all else about their order."""
        is_no = self.state is ReferralState.REJECTED and tie.advocate_id == self.tie.advocate_id
        return is_no or tie.same_as(self.tie)


@dataclass(frozen=True, slots=True)
class _Move:
    """What a friend's referral is to become; `before`: None for a new one."""

    friend_id: int
    before: _Known | None
    tie: Tie
    state: ReferralState
    reason: str | None

    @property
    def is_same(self) -> bool:
        return self.before is not None and self.before.is_about(self.tie)

    def leaves(self, states: Collection[ReferralState]) -> bool:
        return self.before is not None and self.before.state in states and not (self.is_same and self.state in states)

    def enters(self, states: Collection[ReferralState]) -> bool:
        return self.state in states and not (self.before is not None and self.is_same and self.before.state in states)


def tie_friends(connection: Connection, now: datetime, *, live: bool) -> Sequence[Happening]:
    """Ties, re-ties or unties everybody in `staged_ids` by the code on their first order that counts; what was earned for an order
    that counts no longer is taken back. Returns what the advocates may be told, once each. Their rows and the friends' are locked."""
    wanted, stored = wanted_ties(connection), _stored(connection)
    moves = [*_moves(connection, wanted, stored), *_untied(connection, [stored[friend] for friend in stored.keys() - wanted.keys()])]
    if not moves:
        return ()
    _write(connection, moves, now)
    _take_back(connection, moves, now)
    count_friends(connection, {one.advocate_id for move in moves for one in (move.tie, *((move.before.tie,) if move.before else ()))})
    return _told(connection, moves, now, live=live)


def count_friends(connection: Connection, advocates: Collection[int]) -> None:
    """`has_referred` of these customers, counted anew."""
    came = and_(referrals.c.advocate_id == customers.c.id, referrals.c.programme == PROGRAMME, referrals.c.state.in_(BROUGHT))
    brought = select(func.count()).where(came).scalar_subquery()
    connection.execute(update(customers).where(among(customers.c.id, advocates)).values(has_referred=brought))


def mark_friends(connection: Connection, brought_by: Mapping[int, int | None]) -> None:
    """`referred_by` of these customers."""
    if brought_by:
        marked = update(customers).where(customers.c.id == bindparam("friend")).values(referred_by=bindparam("advocate"))
        connection.execute(marked, [{"friend": friend, "advocate": advocate} for friend, advocate in brought_by.items()])


# ---- what becomes of them ---------------------------------------------------------------------------------

def _stored(connection: Connection) -> dict[int, _Known]:
    mine = referrals.c.programme == PROGRAMME, referrals.c.friend_id.in_(select(staged_ids.c.id))
    return {
        row.friend_id: _Known(
            row.id, row.friend_id, ReferralState(row.state), Tie(row.advocate_id, row.code, row.order_id, row.ordered_at),
            {name: row._mapping[name] for name in _KEPT})  # noqa: SLF001  SQLAlchemy's own way to a row's columns by name
        for row in connection.execute(select(referrals).where(*mine))
    }


def _moves(connection: Connection, wanted: Mapping[int, Tie], stored: Mapping[int, _Known]) -> list[_Move]:
    moves = [_move(friend, tie, stored.get(friend), "") for friend, tie in wanted.items()]
    asked = {move.friend_id: move.tie for move in moves if move.state is ReferralState.ORDERED and move.enters({ReferralState.ORDERED})}
    evidence = evidence_on(connection, asked)
    said = {friend: in_words(suspicions(known)) for friend, known in evidence.items()}
    moves = [_move(move.friend_id, move.tie, move.before, said[move.friend_id]) if said.get(move.friend_id) else move for move in moves]
    return [move for move in moves if _changes(move)]


def _move(friend: int, tie: Tie, before: _Known | None, suspicion: str) -> _Move:
    same = before is not None and before.is_about(tie)
    state, reason = retied(before.state if before else None, same=same, tie=tie, approved=before is not None and before.approved, suspicion=suspicion)
    return _Move(friend, before, tie, state, reason)


def _changes(move: _Move) -> bool:
    return move.before is None or move.state is not move.before.state or replace(move.tie, lapsed=None) != move.before.tie


def _untied(connection: Connection, known: Sequence[_Known]) -> list[_Move]:
    """Those whose orders name nobody any more. What nothing was earned by, and nobody decided about, is forgotten."""
    earned = set(connection.scalars(select(rewards.c.referral_id).where(among(rewards.c.referral_id, [one.id for one in known])))) if known else ()
    lasting = [one for one in known if one.id in earned or one.approved]
    moves = [_move(one.friend_id, replace(one.tie, lapsed=UNCODED), one, "") for one in lasting]
    forgotten = [one for one in known if one not in lasting]
    if forgotten:
        connection.execute(delete(referrals).where(among(referrals.c.id, [one.id for one in forgotten])))
    return [move for move in moves if _changes(move)] + [_Move(one.friend_id, one, one.tie, ReferralState.REVERSED, None) for one in forgotten]


def _write(connection: Connection, moves: Sequence[_Move], now: datetime) -> None:
    rows = [{"programme": PROGRAMME, "friend_id": move.friend_id, **_tied(move.tie), **_become(move, now)} for move in moves]
    load(connection, referrals, [row for row, move in zip(rows, moves, strict=True) if move.before is None])
    known = [row | {"p_id": move.before.id} for row, move in zip(rows, moves, strict=True) if move.before is not None]
    if known:
        values: dict[str, Any] = {name: bindparam(name) for name in known[0] if name not in {"p_id", "programme", "friend_id"}}
        connection.execute(update(referrals).where(referrals.c.id == bindparam("p_id")).values(values), [
            {name: value for name, value in row.items() if name not in {"programme", "friend_id"}} for row in known])
    mark_friends(connection, {move.friend_id: move.tie.advocate_id if move.state in BROUGHT else None for move in moves})


def _tied(tie: Tie) -> dict[str, Any]:
    return {"advocate_id": tie.advocate_id, "code": tie.code, "order_id": tie.order_id, "ordered_at": tie.ordered_at}


def _become(move: _Move, now: datetime) -> dict[str, Any]:
    kept = dict(move.before.kept) if move.before is not None and move.is_same else dict.fromkeys(_KEPT)
    if kept["state"] == move.state:
        return kept
    told = {"state": move.state.value, "reason": move.reason}
    if move.state is ReferralState.REVERSED:
        return kept | told | {"reversed_at": now}
    return kept | told | {"reversed_at": None, "confirmed_at": None, "rewarded_at": None}


def _take_back(connection: Connection, moves: Sequence[_Move], now: datetime) -> None:
    lost = [move for move in moves if move.leaves({ReferralState.REWARDED})]
    take_back_rewards(connection, {move.before.id: move.reason or "another order counts now" for move in lost if move.before}, now)
    take_back_milestones(connection, {move.before.tie.advocate_id for move in moves if move.leaves(KEPT) and move.before}, now)


def _told(connection: Connection, moves: Sequence[_Move], now: datetime, *, live: bool) -> Sequence[Happening]:
    found = [(move, "ordered", move.tie, move.tie.ordered_at) for move in moves if move.enters({ReferralState.ORDERED})]
    found += [(move, "reversed", move.before.tie, now) for move in moves if move.before and move.leaves(BROUGHT)]
    names = first_names(connection, {move.friend_id for move, *_ in found})
    return new_events(connection, [
        news(event, tie.advocate_id, move.friend_id, tie.order_id, at, friend=names.get(move.friend_id), live=live,
             **({"reason": move.reason} if event == "reversed" and move.reason else {}))
        for move, event, tie, at in found
    ])


def first_names(connection: Connection, customer_ids: Collection[int]) -> dict[int, str | None]:
    query = select(customers.c.id, customers.c.first_name).where(among(customers.c.id, customer_ids))
    return {row.id: row.first_name for row in connection.execute(query)} if customer_ids else {}
