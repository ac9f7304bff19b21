"""A customer leaves: consent withdrawn, with a line in the ledger that says how."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from regulars.adapters.database.schema import consents, customers
from regulars.adapters.database.types import database_now
from regulars.tracking.reactions import Reaction


def withdraw_consent(connection: Connection, farewells: Sequence[Reaction]) -> None:
    """Plans, and sends still to come, ask the customer's row; the ledger keeps who said what, when and by which message."""
    if not farewells:
        return
    ids = {reaction.message.customer_id for reaction in farewells}
    here = set(connection.scalars(select(customers.c.id).where(customers.c.id.in_(ids))))  # erased ones have left already
    leaving = sorted((each for each in farewells if each.message.customer_id in here), key=lambda each: each.message.customer_id)
    if not leaving:
        return
    connection.execute(
        update(customers).where(customers.c.id == bindparam("customer")).values(
            marketing="withdrawn", marketing_at=bindparam("left_at"), updated_at=database_now()
        ),
        [{"customer": each.message.customer_id, "left_at": each.at} for each in leaving],
    )
    connection.execute(insert(consents).values(recorded_at=database_now()), [
        {
            "customer_id": each.message.customer_id, "channel": "email", "purpose": "marketing", "state": "withdrawn",
            "at": each.at, "source": each.source or "page", "proof": {"message": str(each.message.ref)},
        }
        for each in leaving
    ])
