"""What steps do besides moving their journey: messages, attributes, tags, suppressions, errands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, tuple_, update

from regulars.adapters.database.bulk import Row, in_batches, load
from regulars.adapters.database.schema import customer_tags, customers, errands, launches, messages
from regulars.adapters.database.suppressions import add_to
from regulars.adapters.database.tags import add_tags
from regulars.adapters.database.types import among
from regulars.adapters.database.upsert import upsert
from regulars.audience.addresses import read_address
from regulars.audience.people import folded_value
from regulars.audience.suppression import Suppression
from regulars.definition.text import fold
from regulars.delivery.life import State
from regulars.journeys.effects import Advance, MailDue, Numbered
from regulars.journeys.journey import Journey

Due = tuple[Journey, MailDue]


def write_effects(connection: Connection, advances: Sequence[Advance], now: datetime) -> Mapping[tuple[int, str], Numbered]:
    """The customers' rows are locked. Returns, of journey and step, the message that was made; none for who has it already."""
    _set_attributes(connection, advances, now)
    _tag(connection, advances, now)
    _suppress(connection, advances, now)
    _errands(connection, advances, now)
    return _mails(connection, [(advance.journey, mail) for advance in advances for mail in advance.mails], now)


def _mails(connection: Connection, due: Sequence[Due], now: datetime) -> Mapping[tuple[int, str], Numbered]:
    """Launches in the order of their ids: so two turns never wait for each other in a circle."""
    have, by_launch = _have(connection, due), defaultdict[int, list[Due]](list)
    for journey, mail in due:
        if (mail.launch_id, journey.customer_id, journey.occurrence) not in have:
            by_launch[mail.launch_id].append((journey, mail))
    rows: list[Row] = []
    for launch_id, some in sorted(by_launch.items()):
        rows += _numbered(some, _last_number(connection, launch_id, len(some)) - len(some), now)
    load(connection, messages, rows)
    return {(row["journey_id"], mail.step): Numbered(row["launch_id"], row["number"]) for row, mail in zip(rows, _in_order(by_launch), strict=True)}


def _have(connection: Connection, due: Sequence[Due]) -> set[tuple[int, int, int]]:
    """Launch, customer and occurrence of messages that are there: of another customer, perhaps, who turned out to be the same."""
    if not due:
        return set()
    one = messages.c
    query = select(one.launch_id, one.customer_id, one.occurrence).where(
        one.launch_id.in_({mail.launch_id for _, mail in due}), one.step == "send", among(one.customer_id, {journey.customer_id for journey, _ in due})
    )
    return {(row.launch_id, row.customer_id, row.occurrence) for row in connection.execute(query)}


def _in_order(by_launch: Mapping[int, Sequence[Due]]) -> Iterator[MailDue]:
    return (mail for _, some in sorted(by_launch.items()) for _, mail in some)


def _last_number(connection: Connection, launch_id: int, more: int) -> int:
    counted = (
        update(launches).where(launches.c.id == launch_id).values(recipients=launches.c.recipients + more).returning(launches.c.recipients)
    )
    return int(connection.execute(counted).scalar_one())


def _numbered(due: Sequence[Due], before: int, now: datetime) -> list[Row]:
    return [
        {
            "launch_id": mail.launch_id, "number": number, "customer_id": journey.customer_id, "occurrence": journey.occurrence,
            "email": mail.email, "email_domain": mail.domain, "lane": mail.lane, "state": State.PENDING.value, "next_attempt_at": now,
            "expires_at": mail.expires, "journey_id": journey.id,
        }
        for number, (journey, mail) in enumerate(due, start=before + 1)
    ]


def _set_attributes(connection: Connection, advances: Sequence[Advance], now: datetime) -> None:
    wanted: dict[int, dict[str, object]] = defaultdict(dict)
    for advance in advances:
        wanted[advance.journey.customer_id] |= advance.attributes
    wanted = {id_: values for id_, values in wanted.items() if values}
    if not wanted:
        return
    known = connection.execute(select(customers.c.id, customers.c.attributes).where(among(customers.c.id, wanted)))
    rows = []
    for id_, attributes in known:
        told = {**attributes, **wanted[id_]}
        rows.append({"of_id": id_, "told": told, "folded": {name: folded_value(value) for name, value in told.items()}, "now": now})
    put = update(customers).where(customers.c.id == bindparam("of_id")).values(
        attributes=bindparam("told"), attributes_folded=bindparam("folded"), updated_at=bindparam("now")
    )
    connection.execute(put, rows)


def _tag(connection: Connection, advances: Sequence[Advance], now: datetime) -> None:
    gone = [(advance.journey.customer_id, fold(tag)) for advance in advances for tag in advance.untags]
    for some in in_batches(gone, 500):
        connection.execute(delete(customer_tags).where(tuple_(customer_tags.c.customer_id, customer_tags.c.tag_folded).in_(some)))
    add_tags(connection, [(advance.journey.customer_id, tag) for advance in advances for tag in advance.tags], now)


def _suppress(connection: Connection, advances: Sequence[Advance], now: datetime) -> None:
    why = {advance.journey.customer_id: advance for advance in advances if advance.suppression}
    if not why:
        return
    people = connection.execute(select(customers.c.id, customers.c.email).where(among(customers.c.id, why), customers.c.email.is_not(None)))
    add_to(connection, [
        Suppression(read_address(row.email), why[row.id].suppression or "", "automation", why[row.id].journey.campaign) for row in people
    ], now)


def _errands(connection: Connection, advances: Sequence[Advance], now: datetime) -> None:
    rows = [
        {
            "journey_id": advance.journey.id, "step": errand.step, "kind": errand.kind, "target": errand.target, "payload": errand.payload,
            "state": "pending", "next_attempt_at": now, "created_at": now,
        }
        for advance in advances for errand in advance.errands
    ]
    if rows:
        connection.execute(upsert(connection, errands).on_conflict_do_nothing(), rows)
