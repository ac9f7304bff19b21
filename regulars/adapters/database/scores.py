"""Stored scores: added to with each event, replayed from all events when weights change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import customers, events, installation, launches, messages, scores
from regulars.adapters.database.types import UtcTime, database_now, exp2, micros
from regulars.adapters.database.upsert import upsert
from regulars.definition.decay import FIRST_LANDMARK, Decay, seconds, weight_of, weights
from regulars.definition.workspace import Scoring
from regulars.scoring.contributions import ScoredEvent
from regulars.scoring.response import Wave

LANDMARK = "score_landmark"
RULES = "score_rules"  # half-life and weights that the stored sums were made by


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that was just recorded. `segments`: those its launch was made for."""

    customer_id: int
    kind: str
    at: datetime
    verdict: str | None = None
    segments: Sequence[str] = ()


def add_scores(connection: Connection, new: Iterable[NewEvent], scoring: Scoring, *, sign: int = 1) -> None:
    """One addition an event; call it in the transaction that records the events. `sign` -1 takes them back."""
    decay = Decay.of(scoring, landmark(connection))
    of_customer: dict[int, float] = defaultdict(float)
    in_segment: dict[tuple[str, int], float] = defaultdict(float)
    latest = FIRST_LANDMARK
    for event in new:
        if addition := sign * weight_of(event.kind, event.verdict, scoring) * decay.grown(event.at):
            of_customer[event.customer_id] += addition
            latest = max(latest, event.at)
            for segment in event.segments:
                in_segment[segment, event.customer_id] += addition
    # In id order, so that two writers never wait for each other crosswise.
    if of_customer:
        connection.execute(_ADD, [{"customer": key, "addition": of_customer[key]} for key in sorted(of_customer)])
    if in_segment:
        rows = [{"segment": key[0], "customer": key[1], "addition": in_segment[key], "at": latest} for key in sorted(in_segment)]
        connection.execute(_ADD_IN_SEGMENT, rows)


def replay_engagement(connection: Connection, scoring: Scoring, customer_ids: Sequence[int]) -> None:
    """Engagement of these customers anew from all their events: after an import changed what they ordered."""
    first = upsert(connection, installation).values(name=RULES, value=rules_of(scoring))
    connection.execute(first.on_conflict_do_nothing())
    decay = Decay.of(scoring, landmark(connection))
    for start in range(0, len(customer_ids), 5000):
        chosen = list(customer_ids[start : start + 5000])
        sums = score_sums(scoring, decay).where(events.c.customer_id.in_(chosen)).subquery()
        connection.execute(update(customers).where(customers.c.id.in_(chosen)).values(engagement=0.0))
        connection.execute(update(customers).where(customers.c.id == sums.c.customer_id).values(engagement=sums.c.total))


def rules_of(scoring: Scoring) -> str:
    """Half-life in seconds, then the weight of each kind of event: equal texts give equal sums."""
    weighed = " ".join(f"{kind}={weight:g}" for kind, weight in sorted(weights(scoring).items()))
    return f"{seconds(scoring.half_life):g} {weighed}"


def landmark(connection: Connection) -> datetime:
    """The moment that all stored sums refer to."""
    found = connection.scalar(select(installation.c.value).where(installation.c.name == LANDMARK))
    return datetime.fromisoformat(found) if found else FIRST_LANDMARK


class Scores:
    """operations.ports.ScoreBook on the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def landmark(self) -> datetime:
        with self._database.read() as connection:
            return landmark(connection)

    def timeline(self, customer_id: int) -> Sequence[ScoredEvent]:
        with self._database.read() as connection:
            rows = connection.execute(select(events).where(events.c.customer_id == customer_id).order_by(events.c.at))
            return [_scored(row) for row in rows]

    def segment_timelines(self, customer_id: int) -> Mapping[str, Sequence[ScoredEvent]]:
        query = (
            select(events, launches.c.segments).join(launches, launches.c.id == events.c.launch_id)
            .where(events.c.customer_id == customer_id).order_by(events.c.at)
        )
        found: dict[str, list[ScoredEvent]] = defaultdict(list)
        with self._database.read() as connection:
            for row in connection.execute(query):
                for segment in row.segments:
                    found[segment].append(_scored(row))
        return found

    def stored(self, customer_id: int) -> tuple[float, Mapping[str, float]]:
        with self._database.read() as connection:
            engagement = connection.scalar(select(customers.c.engagement).where(customers.c.id == customer_id))
            rows = connection.execute(select(scores.c.segment, scores.c.value).where(scores.c.customer_id == customer_id))
            return engagement or 0.0, {row.segment: row.value for row in rows}

    def are_by(self, scoring: Scoring) -> bool:
        with self._database.read() as connection:
            known = connection.scalar(select(installation.c.value).where(installation.c.name == RULES))
        return known in {None, rules_of(scoring)}

    def recompute(self, scoring: Scoring, landmark: datetime) -> int:
        decay = Decay.of(scoring, landmark)
        with self._database.write() as connection:
            connection.execute(delete(installation).where(installation.c.name.in_([LANDMARK, RULES])))
            connection.execute(insert(installation), [
                {"name": LANDMARK, "value": landmark.isoformat()}, {"name": RULES, "value": rules_of(scoring)}
            ])
            sums = score_sums(scoring, decay).subquery()
            connection.execute(update(customers).where(customers.c.engagement != 0).values(engagement=0.0))
            scored = connection.execute(
                update(customers).where(customers.c.id == sums.c.customer_id).values(engagement=sums.c.total)
            ).rowcount
            _replay_segments(connection, scoring, decay)
            return scored

    def waves(self, segment: str) -> Sequence[Wave]:
        """Launches are few; each is counted by index."""
        with self._database.read() as connection:
            mine = [
                row.id for row in connection.execute(select(launches.c.id, launches.c.segments)) if segment in row.segments
            ]
            query = (
                select(
                    launches.c.created_at, func.count(messages.c.accepted_at).label("accepted"),
                    func.count(messages.c.clicked_at).label("reacted"),
                )
                .join(messages, messages.c.launch_id == launches.c.id)
                .where(launches.c.id.in_(mine)).group_by(launches.c.id, launches.c.created_at)
            )
            return [Wave(row.created_at, row.accepted, row.reacted) for row in connection.execute(query)]


def _replay_segments(connection: Connection, scoring: Scoring, decay: Decay) -> None:
    connection.execute(delete(scores))
    launches_of: dict[str, list[int]] = defaultdict(list)
    for row in connection.execute(select(launches.c.id, launches.c.segments)):
        for segment in row.segments:
            launches_of[segment].append(row.id)
    for segment, ids in sorted(launches_of.items()):
        sums = score_sums(scoring, decay).where(events.c.launch_id.in_(ids)).subquery()
        source = select(literal(segment), sums.c.customer_id, sums.c.total, database_now())
        connection.execute(insert(scores).from_select(["segment", "customer_id", "value", "updated_at"], source))


def score_sums(scoring: Scoring, decay: Decay) -> Select[Any]:
    """Customer and stored sum, over the events that weigh anything."""
    weight = case(*((events.c.kind == kind, weight) for kind, weight in weights(scoring).items()), else_=0.0)
    return (
        select(events.c.customer_id, func.sum(weight * _grown(decay)).label("total"))
        .where(events.c.kind.in_(list(weights(scoring))), or_(events.c.verdict.is_(None), events.c.verdict == "human"))
        .group_by(events.c.customer_id)
    )


def _grown(decay: Decay) -> ColumnElement[float]:
    landmark_micros = int(decay.landmark.timestamp() * 1_000_000)
    return exp2(cast(micros(events.c.at) - landmark_micros, Float) / (decay.half_life * 1_000_000))


def _scored(row: Any) -> ScoredEvent:
    about = " ".join(part for part in (row.campaign, f"({row.link})" if row.link else "") if part)
    return ScoredEvent(row.kind, row.at, row.verdict, about or (row.source_id or ""))


_ADD = update(customers).where(customers.c.id == bindparam("customer")).values(
    engagement=customers.c.engagement + bindparam("addition")
)
_ADD_IN_SEGMENT = text(
    "INSERT INTO scores (segment, customer_id, value, updated_at) VALUES (:segment, :customer, :addition, :at)"
    " ON CONFLICT (segment, customer_id) DO UPDATE SET value = scores.value + excluded.value, updated_at = excluded.updated_at"
).bindparams(bindparam("at", type_=UtcTime()))
