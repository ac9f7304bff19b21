"""People known from their orders: found by identity, or made without any consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from regulars.adapters.database import identities
from regulars.adapters.database.installation import suppression_key
from regulars.adapters.database.schema import customers
from regulars.adapters.database.upsert import upsert
from regulars.audience.addresses import Address, address_hash
from regulars.loyalty.purchases import Order, Person


def find_or_make(connection: Connection, orders: Sequence[Order], now: datetime) -> dict[Person, int]:
    """The customer id of every order's person. An address that belongs to nobody makes a customer."""
    people = {order.person for order in orders}
    shop_ids = identities.by_shop_id(connection, {person.shop_id for person in people if person.shop_id})
    emails = identities.by_email_key(connection, {person.address.key for person in people})
    unknown = {
        person.address.key: person.address
        for person in people if person.shop_id not in shop_ids and person.address.key not in emails
    }
    if unknown:
        made = make_customers(connection, list(unknown.values()), now)
        emails |= made
    owners = {person: shop_ids.get(person.shop_id or "") or emails[person.address.key] for person in people}
    _remember(connection, owners, shop_ids, emails, now)
    return owners


def make_customers(connection: Connection, addresses: Sequence[Address], now: datetime) -> dict[str, int]:
    """Customers of whom nothing but the address is known; in one order everywhere, so that two imports never deadlock."""
    key = suppression_key(connection)
    rows = [
        {
            "email": address.written, "email_key": address.key, "email_domain": address.domain, "email_valid": address.reachable,
            "address_hash": address_hash(address.key, key), "created_at": now, "updated_at": now,
            "attributes": {}, "attributes_folded": {},
        }
        for address in sorted(addresses, key=lambda address: address.key)
    ]
    connection.execute(upsert(connection, customers).on_conflict_do_nothing(), rows)
    return identities.by_email_key(connection, [address.key for address in addresses])


def _remember(
    connection: Connection, owners: dict[Person, int], shop_ids: dict[str, int], emails: dict[str, int], now: datetime
) -> None:
    new_ids = {person.shop_id: id_ for person, id_ in owners.items() if person.shop_id and person.shop_id not in shop_ids}
    other_addresses = {person.address.key: id_ for person, id_ in owners.items() if person.address.key not in emails}
    identities.remember(connection, identities.SHOP_ID, new_ids, now)
    identities.remember(connection, identities.EMAIL, other_addresses, now)
