"""Puts reactions on the timeline, with everything that follows: marks on messages, consent, scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from regulars.adapters.database.schema import events, hits, launches, link_targets, messages
from regulars.adapters.database.scores import NewEvent, add_scores
from regulars.adapters.database.unsubscribes import withdraw_consent
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import Scoring
from regulars.tracking.reactions import CLICKED, OPENED, UNSUBSCRIBED, Reaction

SOURCE = "hit"
_MARKS = {OPENED: "opened_at", CLICKED: "clicked_at", UNSUBSCRIBED: "unsubscribed_at"}
# Which verdicts mark a message: an image proxy's open is probably a human's, a click needs one.
_MARKING = {OPENED: ("human", "unknown"), CLICKED: ("human",), UNSUBSCRIBED: ("human",)}


def unknown(connection: Connection, reactions: Sequence[Reaction]) -> list[Reaction]:
    """Those that are not on the timeline yet."""
    known = _hits_behind(connection, [reaction.once for reaction in reactions])
    return [reaction for reaction in reactions if reaction.once not in known]


def apply_events(
    connection: Connection, reactions: Sequence[Reaction], hit_ids: Sequence[int], scoring: Scoring
) -> None:
    """Stores those that are new. `hit_ids`: hits.id by what `Reaction.hit` counts."""
    new = _insert_new(connection, reactions, hit_ids)
    if not new:
        return
    _mark_messages(connection, new)
    withdraw_consent(connection, [reaction for reaction in new if reaction.kind == UNSUBSCRIBED])
    add_scores(connection, [_scored(reaction) for reaction in new], scoring)


def withdraw_overturned(connection: Connection, ref: MessageRef, scoring: Scoring) -> None:
    """Reactions whose hits turned out to be a machine's leave timeline, message and scores."""
    mine = and_(messages.c.launch_id == ref.launch, messages.c.number == ref.number)
    customer_id = select(messages.c.customer_id).where(mine).scalar_subquery()
    of_message = and_(events.c.customer_id == customer_id, events.c.launch_id == ref.launch, events.c.number == ref.number)
    machines = select(hits.c.id).where(hits.c.launch_id == ref.launch, hits.c.number == ref.number, hits.c.verdict == "machine")
    gone = connection.execute(
        delete(events).where(of_message, events.c.verdict == "human", events.c.source == SOURCE, events.c.hit_id.in_(machines))
        .returning(events.c.customer_id, events.c.kind, events.c.at, events.c.verdict)
    ).all()
    connection.execute(update(messages).where(mine).values(
        opened_at=_first(of_message, OPENED), clicked_at=_first(of_message, CLICKED)
    ))
    segments = connection.scalar(select(launches.c.segments).where(launches.c.id == ref.launch)) or []
    add_scores(connection, [NewEvent(row.customer_id, row.kind, row.at, row.verdict, segments) for row in gone], scoring, sign=-1)


def _first(of_message: ColumnElement[bool], kind: str) -> ScalarSelect[Any]:
    return select(func.min(events.c.at)).where(of_message, events.c.kind == kind, events.c.verdict.in_(_MARKING[kind])).scalar_subquery()


def _insert_new(connection: Connection, reactions: Sequence[Reaction], hit_ids: Sequence[int]) -> list[Reaction]:
    """Another process may have put one there since; the database decides who was first."""
    if not reactions:
        return []
    names = _link_names(connection, {reaction.message.bundle for reaction in reactions if reaction.link})
    rows = [_row(reaction, hit_ids[reaction.hit], names) for reaction in reactions]
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(events).on_conflict_do_nothing(index_elements=["source", "source_id"]), rows)
    stored = _hits_behind(connection, [reaction.once for reaction in reactions])
    return [reaction for reaction in reactions if stored.get(reaction.once) == hit_ids[reaction.hit]]


def _hits_behind(connection: Connection, names: Sequence[str]) -> Mapping[str, int]:
    """hits.id of the events that are on the timeline. Asked apart: RETURNING made the INSERT three times as long."""
    query = select(events.c.source_id, events.c.hit_id).where(events.c.source == SOURCE, events.c.source_id.in_(names))
    return {row.source_id: row.hit_id for row in connection.execute(query)}


def _row(reaction: Reaction, hit_id: int, names: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    message = reaction.message
    return {
        "at": reaction.at, "customer_id": message.customer_id, "kind": reaction.kind,
        "launch_id": message.ref.launch, "number": message.ref.number, "campaign": message.campaign,
        "link": names.get((message.bundle, reaction.link)), "verdict": reaction.verdict, "hit_id": hit_id,
        "source": SOURCE, "source_id": reaction.once, "origin": "live",
    }


def _link_names(connection: Connection, bundles: Collection[str]) -> Mapping[tuple[str, int], str]:
    query = select(link_targets.c.bundle, link_targets.c.number, link_targets.c.name).where(link_targets.c.bundle.in_(bundles))
    return {(row.bundle, row.number): row.name for row in connection.execute(query)} if bundles else {}


def _mark_messages(connection: Connection, reactions: Sequence[Reaction]) -> None:
    """The first time of each fact stays. In order of the rows, so that two writers never wait for each other crosswise."""
    marks: dict[str, dict[MessageRef, datetime]] = defaultdict(dict)
    for reaction in sorted(reactions, key=lambda each: each.at, reverse=True):
        if reaction.verdict in _MARKING[reaction.kind]:
            marks[_MARKS[reaction.kind]][reaction.message.ref] = reaction.at
    for column, firsts in sorted(marks.items()):
        statement = update(messages).where(
            messages.c.launch_id == bindparam("launch"), messages.c.number == bindparam("n"), messages.c[column].is_(None)
        ).values({column: bindparam("first")})
        rows = [{"launch": ref.launch, "n": ref.number, "first": at} for ref, at in sorted(firsts.items())]
        connection.execute(statement, rows)


def _scored(reaction: Reaction) -> NewEvent:
    message = reaction.message
    return NewEvent(message.customer_id, reaction.kind, reaction.at, reaction.verdict, message.segments)
