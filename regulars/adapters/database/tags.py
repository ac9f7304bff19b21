"""Tags that customers carry, compared in their folded form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from regulars.adapters.database.bulk import in_batches
from regulars.adapters.database.schema import customer_tags
from regulars.adapters.database.upsert import upsert
from regulars.definition.text import fold


def folded_tags(connection: Connection, ids: Collection[int]) -> Mapping[int, set[str]]:
    """Of each customer who carries any."""
    found: dict[int, set[str]] = defaultdict(set)
    for some in in_batches(sorted(ids)):
        query = select(customer_tags.c.customer_id, customer_tags.c.tag_folded).where(customer_tags.c.customer_id.in_(some))
        for row in connection.execute(query):
            found[row.customer_id].add(row.tag_folded)
    return found


def add_tags(connection: Connection, tags: Sequence[tuple[int, str]], now: datetime) -> None:
    """Pairs of customer and tag; a tag that is there stays as it was first written."""
    rows = [{"customer_id": id_, "tag_folded": fold(tag), "tag": tag, "added_at": now} for id_, tag in tags]
    if rows:
        connection.execute(upsert(connection, customer_tags).on_conflict_do_nothing(), rows)
