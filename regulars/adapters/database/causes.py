"""What started the journeys that made a batch of messages: two queries, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from regulars.adapters.database.schema import journeys, messages
from regulars.adapters.database.shopping import Shelf
from regulars.adapters.database.types import among
from regulars.content.causes import cause_of, skus_of
from regulars.content.recipient import Cause
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import Shop


def causes_of(connection: Connection, refs: Sequence[MessageRef], shop: Shop) -> Mapping[MessageRef, Cause]:
    """Of messages of one launch; those that no journey made are absent."""
    if not refs:
        return {}
    launch_id = refs[0].launch
    rows = connection.execute(
        select(messages.c.number, journeys.c.trigger).join(journeys, journeys.c.id == messages.c.journey_id)
        .where(messages.c.launch_id == launch_id, among(messages.c.number, [ref.number for ref in refs]))
    ).all()
    shelf = Shelf(connection, {sku for row in rows for sku in skus_of(row.trigger)})
    return {MessageRef(launch_id, row.number): cause_of(row.trigger, shop, shelf.product) for row in rows}
