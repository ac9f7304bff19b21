"""Referral codes: made at a customer's first use, unique by constraint, never changed, also when the secret is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from regulars.adapters.database.schema import referral_codes
from regulars.adapters.database.types import among
from regulars.adapters.database.upsert import upsert
from regulars.errors import RegularsError
from regulars.loyalty.codes import PROGRAMME, derive_code

MOST_ATTEMPTS = 20  # at 10,000,000 customers one code in 5,000 is taken; twenty in a row are not chance


def stored_codes(connection: Connection, customer_ids: Iterable[int]) -> dict[int, str]:
    codes = referral_codes.c
    query = select(codes.customer_id, codes.code).where(among(codes.customer_id, set(customer_ids)), codes.programme == PROGRAMME)
    return {row.customer_id: row.code for row in connection.execute(query).all()}


def codes_to_be(connection: Connection, customer_ids: Iterable[int], secret: bytes) -> dict[int, str]:
    """The stored codes, and for the others those that `ensure_codes` would make; nothing is written."""
    wanted = set(customer_ids)
    return {id_: derive_code(secret, PROGRAMME, id_) for id_ in wanted} | stored_codes(connection, wanted)


def ensure_codes(connection: Connection, customer_ids: Iterable[int], secret: bytes, now: datetime) -> Mapping[int, str]:
    """The code of each customer, made where there is none. Two processes that make one at once get the same."""
    wanted = sorted(set(customer_ids))
    codes = stored_codes(connection, wanted)
    for attempt in range(MOST_ATTEMPTS):
        missing = [id_ for id_ in wanted if id_ not in codes]
        if not missing:
            return codes
        rows = [
            {"code": derive_code(secret, PROGRAMME, id_, attempt), "programme": PROGRAMME, "customer_id": id_, "created_at": now}
            for id_ in missing
        ]
        connection.execute(upsert(connection, referral_codes).on_conflict_do_nothing(), rows)
        codes |= stored_codes(connection, missing)
    raise RegularsError("no free referral code was found", hint="report this: it should not happen before the heat death of the shop")
