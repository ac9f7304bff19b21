"""Customers as files tell of them: found or made, changed where a file says something new, with their consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, select, text

from regulars.adapters.database import identities
from regulars.adapters.database.bulk import Row, in_batches, stage, staging_table
from regulars.adapters.database.consents import note_consents
from regulars.adapters.database.engine import Database
from regulars.adapters.database.installation import suppression_key
from regulars.adapters.database.known_members import take_for_known
from regulars.adapters.database.schema import customers
from regulars.adapters.database.tags import add_tags, folded_tags
from regulars.adapters.database.upsert import upsert
from regulars.audience.addresses import Address, address_hash
from regulars.audience.consent import Consent, overrides
from regulars.audience.people import PersonRow, folded_value
from regulars.definition.text import fold
from regulars.operations.ports import Stored

_FOLDED = ("locale", "country", "city")
_TOLD = (  # what a file may change
    "email", "email_key", "email_domain", "email_valid", "address_hash", "first_name", "last_name", "locale", "locale_folded",
    "timezone", "country", "country_folded", "city", "city_folded", "birth_date", "birth_month_day", "attributes",
    "attributes_folded", "created_at", "told_at",
)
_NEW: Mapping[str, Any] = dict.fromkeys(_TOLD) | {"attributes": {}, "attributes_folded": {}}
staged_people: Table = staging_table(
    "staged_people", *(Column(name, customers.c[name].type) for name in ("id", *_TOLD, "updated_at")))

Known = dict[str, Any]  # a customer's row as it is: id, _TOLD, marketing, marketing_at


@dataclass(frozen=True, slots=True)
class _Plan:
    """`id` None: a new customer. `told`: their whole row as it shall be."""

    row: PersonRow
    id: int | None
    told: Row
    is_changed: bool
    consent: Consent | None
    is_new_id: bool
    tags: Sequence[str]  # those they do not carry yet

    @property
    def changes_anything(self) -> bool:
        return self.is_changed or self.consent is not None or self.is_new_id or bool(self.tags)


@dataclass(frozen=True, slots=True)
class PeopleInDatabase:
    database: Database

    def compared(self, rows: Sequence[PersonRow], now: datetime) -> list[Stored | str]:
        with self.database.read() as connection:
            return [_outcome(plan) for plan in _plans(connection, rows, now)]

    def record(self, rows: Sequence[PersonRow], now: datetime, *, history: bool = False) -> list[Stored | str]:
        with self.database.write() as connection:
            outcomes = record_people(connection, rows, now)
            if history:
                told = [row.address.key for row, outcome in zip(rows, outcomes, strict=True) if outcome is Stored.CHANGED]
                take_for_known(connection, identities.by_email_key(connection, told).values(), now)
            return outcomes


def record_people(connection: Connection, rows: Sequence[PersonRow], now: datetime) -> list[Stored | str]:
    """Rows that turn out to be one person are stored one after the other, as they would be from two files."""
    key = suppression_key(connection)
    outcomes: dict[int, Stored | str] = {}
    waiting = list(range(len(rows)))
    while waiting:
        plans = _plans(connection, [rows[place] for place in waiting], now, key)
        taken: set[int | str] = set()
        chosen = [(place, plan) for place, plan in zip(waiting, plans, strict=True) if _is_first(plan, taken)]
        _write(connection, [plan for _, plan in chosen if isinstance(plan, _Plan) and plan.changes_anything], now)
        outcomes |= {place: _outcome(plan) for place, plan in chosen}
        waiting = [place for place in waiting if place not in outcomes]
    return [outcomes[place] for place in range(len(rows))]


def _is_first(plan: _Plan | str, taken: set[int | str]) -> bool:
    """Is nobody in `taken` the same person? Adds this one."""
    if isinstance(plan, str):
        return True
    names: set[int | str] = {plan.row.address.key} | ({plan.id} if plan.id is not None else set())
    is_first = taken.isdisjoint(names)
    taken |= names
    return is_first


def _outcome(plan: _Plan | str) -> Stored | str:
    if isinstance(plan, str):
        return plan
    return Stored.CHANGED if plan.changes_anything else Stored.UNCHANGED


def _plans(connection: Connection, rows: Sequence[PersonRow], now: datetime, key: bytes | None = None) -> list[_Plan | str]:
    """What to do about each row, or why nothing can be done. `key`, by which addresses are hashed, says that it will be done."""
    shop_ids = identities.by_shop_id(connection, [row.shop_id for row in rows if row.shop_id])
    emails = identities.by_email_key(connection, [row.address.key for row in rows])
    ids = {*shop_ids.values(), *emails.values()}
    known = _known(connection, ids, lock=key is not None)
    carried = folded_tags(connection, ids) if any(row.tags for row in rows) else {}
    return [_plan(row, shop_ids, emails, known, carried, now, key or b"") for row in rows]


def _plan(
    row: PersonRow, shop_ids: Mapping[str, int], emails: Mapping[str, int], known: Mapping[int, Known],
    carried: Mapping[int, set[str]], now: datetime, key: bytes,
) -> _Plan | str:
    by_id, by_email = shop_ids.get(row.shop_id or ""), emails.get(row.address.key)
    id_ = by_id or by_email
    if id_ is None:
        told = _told(row, {**_NEW, "created_at": row.created_at or now}, key)
        return _Plan(row, None, told, is_changed=True, consent=row.consent, is_new_id=bool(row.shop_id), tags=row.tags)
    person = known[id_]
    if by_id and by_email and by_id != by_email and known[by_email]["email_key"] == row.address.key:
        return f"customer {row.shop_id} is {person['email']} here, and {row.address.key} is another customer"
    told = _told(row, person, key)
    consent = row.consent if row.consent and overrides(row.consent, person["marketing"], person["marketing_at"]) else None
    is_changed = any(told[name] != person[name] for name in _TOLD if name != "address_hash")
    tags = [tag for tag in row.tags if fold(tag) not in carried.get(id_, ())]
    return _Plan(row, id_, told, is_changed, consent, bool(row.shop_id) and by_id is None, tags)


def _told(row: PersonRow, before: Mapping[str, Any], key: bytes) -> Row:
    row = _without_outdated(row, before)
    told = {name: before[name] for name in _TOLD} | dict(row.texts)
    told |= {f"{name}_folded": fold(row.texts[name]) for name in _FOLDED if name in row.texts}
    if row.address.key != before["email_key"]:
        told |= {
            "email": row.address.written, "email_key": row.address.key, "email_domain": row.address.domain,
            "email_valid": row.address.reachable, "address_hash": address_hash(row.address.key, key),
        }
    if row.birthday:
        told["birth_date"], told["birth_month_day"] = row.birthday
    if row.attributes:
        told["attributes"] = {**before["attributes"], **row.attributes}
        told["attributes_folded"] = {name: folded_value(value) for name, value in told["attributes"].items()}
    if row.created_at:
        told["created_at"] = min(row.created_at, before["created_at"])
    if row.told_at:
        told["told_at"] = max(row.told_at, before["told_at"] or row.told_at)
    return told


def _without_outdated(row: PersonRow, before: Mapping[str, Any]) -> PersonRow:
    """What the shop told before it told what is stored may add to it, and changes nothing of it."""
    if row.told_at is None or before["told_at"] is None or row.told_at >= before["told_at"] or before["email_key"] is None:
        return row
    return replace(
        row, address=Address(before["email"], before["email_key"], before["email_domain"], before["email_valid"]),
        texts={name: value for name, value in row.texts.items() if before[name] is None},
        birthday=None if before["birth_month_day"] else row.birthday,
        attributes={name: value for name, value in row.attributes.items() if name not in before["attributes"]},
    )


def _known(connection: Connection, ids: set[int], *, lock: bool) -> dict[int, Known]:
    """Locked, so that whoever unsubscribes in this moment does so after us, and is not overwritten."""
    columns = [customers.c[name] for name in ("id", *_TOLD, "marketing", "marketing_at")]
    found: dict[int, Known] = {}
    for some in in_batches(sorted(ids)):
        query = select(*columns).where(customers.c.id.in_(some)).order_by(customers.c.id)
        for row in connection.execute(query.with_for_update() if lock else query).mappings():
            found[row["id"]] = dict(row)
    return found


def _write(connection: Connection, plans: Sequence[_Plan], now: datetime) -> None:
    if not plans:
        return
    _insert(connection, [plan for plan in plans if plan.id is None], now)
    _update(connection, [plan for plan in plans if plan.id is not None and plan.is_changed], now)
    made = identities.by_email_key(connection, [plan.row.address.key for plan in plans if plan.id is None])
    ids = [plan.id if plan.id is not None else made[plan.row.address.key] for plan in plans]
    owners = {plan.row.shop_id: id_ for plan, id_ in zip(plans, ids, strict=True) if plan.is_new_id and plan.row.shop_id}
    identities.remember(connection, identities.SHOP_ID, owners, now)
    add_tags(connection, [(id_, tag) for plan, id_ in zip(plans, ids, strict=True) for tag in plan.tags], now)
    note_consents(connection, [(id_, plan.consent) for plan, id_ in zip(plans, ids, strict=True) if plan.consent], now)


def _insert(connection: Connection, plans: Sequence[_Plan], now: datetime) -> None:
    if not plans:
        return
    _stage(connection, plans, now)
    names = [*_TOLD, "updated_at"]
    new = select(*(staged_people.c[name] for name in names)).where(text("true")).order_by(staged_people.c.email_key)
    connection.execute(upsert(connection, customers).from_select(names, new).on_conflict_do_nothing())


def _update(connection: Connection, plans: Sequence[_Plan], now: datetime) -> None:
    """A former address stays known, so that an old order still finds its person."""
    if not plans:
        return
    _stage(connection, plans, now)
    moved = select(customers.c.email_key, customers.c.id).join(staged_people, staged_people.c.id == customers.c.id).where(
        staged_people.c.email_key != customers.c.email_key)
    former = {row.email_key: row.id for row in connection.execute(moved)}
    identities.remember(connection, identities.EMAIL, former, now)
    values = {name: staged_people.c[name] for name in (*_TOLD, "updated_at")}
    connection.execute(customers.update().values(values).where(customers.c.id == staged_people.c.id))


def _stage(connection: Connection, plans: Sequence[_Plan], now: datetime) -> None:
    stage(connection, staged_people, [{"id": plan.id, **plan.told, "updated_at": now} for plan in plans])
