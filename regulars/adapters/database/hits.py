"""Hits with their verdicts: operations.ports.HitBook on the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from regulars.adapters.database.bulk import load, next_ids
from regulars.adapters.database.editions import BUNDLE, edition_of_message
from regulars.adapters.database.engine import Database
from regulars.adapters.database.reactions import apply_events, unknown, withdraw_overturned
from regulars.adapters.database.schema import customers, editions, hits, launches, messages
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import Scoring
from regulars.tracking.bursts import Burst, Followed, link_name
from regulars.tracking.hits import Hit, HitKind, SentMessage
from regulars.tracking.reactions import Reaction
from regulars.tracking.verdicts import RULES_VERSION, Verdict

LINKS = (HitKind.CLICK, HitKind.VIEW, HitKind.UNSUBSCRIBE)


class HitBook:
    """`scoring`: what the reactions weigh."""

    def __init__(self, database: Database, scoring: Scoring) -> None:
        self._database = database
        self._scoring = scoring

    @contextmanager
    def writing(self) -> Iterator[_Page]:
        with self._database.write() as connection:
            yield _Page(connection, self._scoring)


@dataclass(frozen=True, slots=True)
class _Page:
    connection: Connection
    scoring: Scoring

    def followed_since(self, refs: Collection[MessageRef], since: datetime) -> Mapping[MessageRef, Sequence[Followed]]:
        query = (
            select(hits.c.launch_id, hits.c.number, hits.c.kind, hits.c.link, func.max(hits.c.at).label("at"))
            .where(_of(hits, refs), hits.c.at >= since, hits.c.kind.in_(LINKS), hits.c.method != "POST")
            .group_by(hits.c.launch_id, hits.c.number, hits.c.kind, hits.c.link)
        )
        found: dict[MessageRef, list[Followed]] = defaultdict(list)
        for row in self.connection.execute(query):
            found[MessageRef(row.launch_id, row.number)].append(Followed(row.at, link_name(row.kind, row.link)))
        return found

    def overturn(self, bursts: Sequence[Burst]) -> None:
        for burst in sorted(bursts, key=lambda each: each.ref):
            inside = and_(_of(hits, [burst.ref]), hits.c.at.between(burst.since, burst.until), hits.c.kind.in_(LINKS))
            overturned = self.connection.execute(
                update(hits).where(inside, hits.c.verdict == "human", hits.c.method != "POST")
                .values(verdict="machine", reasons=["burst"], rules_version=RULES_VERSION)
            )
            if overturned.rowcount:
                withdraw_overturned(self.connection, burst.ref, self.scoring)

    def messages(self, refs: Collection[MessageRef]) -> Mapping[MessageRef, SentMessage]:
        query = (
            select(
                messages.c.launch_id, messages.c.number, messages.c.customer_id, messages.c.handoff_at, messages.c.accepted_at,
                messages.c.opened_at, messages.c.clicked_at, launches.c.campaign, BUNDLE.label("bundle"), launches.c.segments,
                customers.c.marketing, customers.c.marketing_at,
            )
            .join(launches, launches.c.id == messages.c.launch_id)
            .outerjoin(editions, edition_of_message())
            .outerjoin(customers, customers.c.id == messages.c.customer_id)
            .where(_of(messages, refs))
        )
        found = (_message(row) for row in self.connection.execute(query)) if refs else ()
        return {message.ref: message for message in found}

    def record(self, hits: Sequence[Hit], verdicts: Sequence[Verdict], reactions: Sequence[Reaction]) -> None:
        new = unknown(self.connection, reactions)
        apply_events(self.connection, new, self._insert(hits, verdicts), self.scoring)

    def _insert(self, arrived: Sequence[Hit], verdicts: Sequence[Verdict]) -> Sequence[int]:
        """Their ids, in order: taken beforehand, because asking an INSERT for them costs more than the INSERT."""
        ids = next_ids(self.connection, hits, len(arrived))
        rows = [_row(id_, hit, verdict) for id_, hit, verdict in zip(ids, arrived, verdicts, strict=True)]
        load(self.connection, hits, rows)
        return ids


def _of(table: Any, refs: Collection[MessageRef]) -> Any:
    """Rows of these messages. By launch, because a list of numbers is what both databases look up best."""
    numbers: dict[int, list[int]] = defaultdict(list)
    for ref in sorted(refs):
        numbers[ref.launch].append(ref.number)
    return or_(False, *(and_(table.c.launch_id == launch, table.c.number.in_(mine)) for launch, mine in numbers.items()))


def _message(row: Any) -> SentMessage:
    return SentMessage(
        MessageRef(row.launch_id, row.number), row.customer_id, row.campaign, row.bundle, tuple(row.segments),
        handed_over_at=row.handoff_at, accepted_at=row.accepted_at, opened_at=row.opened_at, clicked_at=row.clicked_at,
        marketing=row.marketing, marketing_at=row.marketing_at,
    )


def _row(id_: int, hit: Hit, verdict: Verdict) -> dict[str, Any]:
    return {
        "id": id_, "at": hit.at, "kind": hit.kind.value, "method": hit.method, "link": hit.link,
        "launch_id": hit.ref.launch if hit.ref else None, "number": hit.ref.number if hit.ref else None,
        "code": hit.code, "target": hit.target, "user_agent": hit.user_agent, "network": hit.network,
        "verdict": verdict.answer.value, "reasons": list(verdict.reasons), "rules_version": RULES_VERSION,
    }
