"""Contact limits at the claim: the customers of a batch locked, their contacts read, the verdicts of `journeys/limits` kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    func,
    null,
    or_,
    select,
    union_all,
    update,
)

from regulars.adapters.database.engine import Database
from regulars.adapters.database.roll_outs import is_let_go
from regulars.adapters.database.schema import customers, events, launches, messages
from regulars.adapters.database.types import among
from regulars.audience.zones import zone_of
from regulars.content.tokens import MessageRef
from regulars.definition.quantities import Duration
from regulars.definition.workspace import Campaign, CampaignKind
from regulars.delivery.launches import Launch
from regulars.delivery.life import OPEN, LaunchState, State
from regulars.delivery.schedule import Slot
from regulars.delivery.settlement import Claimed
from regulars.journeys.contact import Admission, Admitted, Contact, History, Later, Mail
from regulars.journeys.limits import Limits, in_turn

_MAY_ARRIVE = sorted(state.value for state in {*OPEN, State.HELD})
_UNSENT = frozenset({State.PENDING.value, State.CLAIMED.value})
_PLANNED = MessageRef(0, 0)  # a mail that has no number yet


@dataclass(slots=True)
class _File:
    """Of one customer: what counts, what may leave, and of that what asks now."""

    place: History
    contacts: dict[MessageRef, Contact] = field(default_factory=dict)
    waiting: dict[MessageRef, Mail] = field(default_factory=dict)
    asking: list[MessageRef] = field(default_factory=list)

    def sort_in(self, row: Row[Any], asking: Collection[MessageRef] = (), over_limit: Duration | None = None) -> None:
        ref = MessageRef(row.launch_id, row.number)
        if row.contact is not None:
            self.contacts[ref] = Contact(row.contact, row.topic, row.class_)
        if row.state not in _UNSENT:
            return
        mail = Mail(row.next_attempt_at, row.first_due_at or row.next_attempt_at, row.topic, row.class_, over_limit, row.expires_at)
        if ref in asking and row.state == State.CLAIMED.value:
            self.ask(ref, mail)
        elif row.contact is None and row.goes:
            self.waiting[ref] = mail

    def ask(self, ref: MessageRef, mail: Mail) -> None:
        self.waiting[ref] = mail
        self.asking.append(ref)

    def verdicts(self, limits: Limits, now: datetime) -> Mapping[MessageRef, Admission]:
        in_order = sorted(self.asking, key=lambda ref: (self.waiting[ref].due, ref))
        return in_turn(in_order, self.waiting, self.contacts, self.place, limits, now)


class ContactsInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def admit(
        self, launch: Launch, over_limit: Duration | None, batch: Sequence[Claimed], limits: Limits, now: datetime
    ) -> Mapping[MessageRef, Admission]:
        """Of those that are still claimed. Who is admitted counts from now on; safe to say twice."""
        asking = {claimed.ref for claimed in batch}

        def work(connection: Connection, _: bool) -> Mapping[MessageRef, Admission]:
            people = connection.execute(_people({claimed.customer_id for claimed in batch}).with_for_update(key_share=True)).all()
            files = _files(connection, people, limits, now)
            for row in _traffic(connection, people, limits.since(now)):
                files[row.customer_id].sort_in(row, asking, over_limit)
            verdicts = {ref: verdict for file in files.values() for ref, verdict in file.verdicts(limits, now).items()}
            _keep(connection, launch.id, verdicts, now)
            return verdicts

        return self._database.insist(work)

    def foresee(self, campaign: Campaign, slots: Mapping[int, Slot], limits: Limits, now: datetime) -> Sequence[Admission]:
        """What would be said of a mail of this campaign to each of these customers when it is due, by what is known now."""
        with self._database.read() as connection:
            people = connection.execute(_people(slots)).all()
            files = _files(connection, people, limits, now)
            for row in _traffic(connection, people, limits.since(now)):
                files[row.customer_id].sort_in(row)
        for customer_id, file in files.items():
            slot = slots[customer_id]
            file.ask(_PLANNED, Mail(slot.due, slot.due, campaign.topic, campaign.class_, campaign.over_limit, slot.expires))
        return [file.verdicts(limits, max(slots[customer_id].due, now))[_PLANNED] for customer_id, file in files.items()]


def _people(customer_ids: Collection[int]) -> Select[Any]:
    """In the order of their ids: of two who lock the same none waits for the other while the other waits for it."""
    return select(customers.c.id, customers.c.timezone, customers.c.country).where(among(customers.c.id, customer_ids)).order_by(customers.c.id)


def _files(connection: Connection, people: Sequence[Row[Any]], limits: Limits, now: datetime) -> dict[int, _File]:
    open_ = _open(connection, [row.id for row in people], limits.hold_while, now)
    return {row.id: _File(History(zone_of(row.timezone, row.country, limits.zone), row.country, open=open_[row.id])) for row in people}


def _traffic(connection: Connection, people: Sequence[Row[Any]], since: datetime) -> Sequence[Row[Any]]:
    """Marketing mail that still may go to them, and what went since then; of the latter no more than counts."""
    goes = and_(launches.c.state == LaunchState.SENDING.value, or_(is_let_go(), messages.c.number <= launches.c.first_part))
    in_hand = (messages.c.state, messages.c.next_attempt_at, messages.c.first_due_at, messages.c.expires_at, goes.label("goes"))
    gone = tuple(null().cast(column.type).label(column.name) for column in in_hand)
    counted = func.coalesce(messages.c.contact_at, messages.c.accepted_at, messages.c.handoff_at).label("contact")
    mine = among(messages.c.customer_id, [row.id for row in people])
    may_arrive = or_(messages.c.state.in_(_MAY_ARRIVE), messages.c.dup_possible)
    return connection.execute(union_all(
        _mails(counted, *in_hand).where(mine, messages.c.accepted_at.is_(None), may_arrive),
        _mails(counted, *gone).where(mine, messages.c.accepted_at > since),
    )).all()


def _mails(*more: ColumnElement[Any]) -> Select[Any]:
    return select(
        messages.c.customer_id, messages.c.launch_id, messages.c.number, launches.c.topic, launches.c["class"].label("class_"), *more,
    ).join(launches, launches.c.id == messages.c.launch_id).where(launches.c.kind != CampaignKind.TRANSACTIONAL.value)


def _open(connection: Connection, customer_ids: Sequence[int], words: Sequence[str], now: datetime) -> Mapping[int, set[str]]:
    """Of `words` ("support.open") those that are open for each: the latest of support.opened and support.closed opened it."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    if not words:
        return found
    stems = {word: word.rpartition(".")[0] for word in words}
    kinds = [f"{stem}.{end}" for stem in stems.values() for end in ("opened", "closed")]
    latest = (
        select(events.c.customer_id, events.c.kind, func.max(events.c.at).label("at"))
        .where(among(events.c.customer_id, customer_ids), events.c.kind.in_(kinds), events.c.at <= now)
        .group_by(events.c.customer_id, events.c.kind)
    )
    when = {(row.customer_id, row.kind): row.at for row in connection.execute(latest)}
    for (customer_id, kind), at in when.items():
        for word, stem in stems.items():
            closed = when.get((customer_id, f"{stem}.closed"))
            if kind == f"{stem}.opened" and (closed is None or closed < at):
                found[customer_id].add(word)
    return found


def _keep(connection: Connection, launch_id: int, verdicts: Mapping[MessageRef, Admission], now: datetime) -> None:
    """Who is put off the first time keeps the moment from which its patience counts."""
    claimed = and_(messages.c.launch_id == launch_id, messages.c.state == State.CLAIMED.value)
    for kind, values in (
        (Admitted, {"contact_at": now}),
        (Later, {"first_due_at": func.coalesce(messages.c.first_due_at, messages.c.next_attempt_at)}),
    ):
        if numbers := [ref.number for ref, verdict in verdicts.items() if isinstance(verdict, kind)]:
            connection.execute(update(messages).where(claimed, among(messages.c.number, numbers)).values(values))
