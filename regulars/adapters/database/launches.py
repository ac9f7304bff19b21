"""Launches: made in one transaction with their audience and messages, found, counted and steered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    TextClause,
    and_,
    case,
    func,
    insert,
    literal,
    not_,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from regulars.adapters.database.coupon_freeing import free_codes_of
from regulars.adapters.database.coupon_stock import release, reserve
from regulars.adapters.database.editions import add_edition, bundles_of
from regulars.adapters.database.eligibility import judged
from regulars.adapters.database.engine import Database
from regulars.adapters.database.lanes import lane_of
from regulars.adapters.database.registry import next_launch_id
from regulars.adapters.database.roll_outs import first_part, random_order
from regulars.adapters.database.schema import (
    LEASED,
    PENDING,
    audience,
    customers,
    launches,
    messages,
)
from regulars.adapters.database.types import UtcTime
from regulars.audience.eligibility import Question
from regulars.content.offers import offer_of
from regulars.definition.relays import Relay
from regulars.definition.workspace import CampaignKind, OnUncertain
from regulars.delivery.launches import Draft, Launch, Tally
from regulars.delivery.life import LAUNCH_TRANSITIONS, LIVE, LaunchState, State
from regulars.delivery.roll_out import FirstPart, RollOutState, size_of_first
from regulars.delivery.schedule import Slot, Timetable
from regulars.errors import Refused


class LaunchesInDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, draft: Draft, question: Question, timetable: Timetable, plan: Mapping[str, Any]) -> Launch:
        """Audience and messages are there when this returns, or nothing is. Raises Refused for a second live launch."""
        with self._database.write() as connection:
            launch_id = _announce(connection, draft, plan)
            _write_audience(connection, launch_id, question, timetable)
            order = random_order(draft.key) if draft.roll_out else audience.c.customer_id
            recipients = _make_messages(connection, launch_id, timetable, question.workspace.shop.relays, order)
            if not recipients:
                raise Refused(f'nobody is left to write to in "{draft.campaign}"', hint=f"see: regulars plan {draft.campaign}")
            last = connection.scalar(select(func.max(messages.c.expires_at)).where(messages.c.launch_id == launch_id))
            connection.execute(
                update(launches).where(launches.c.id == launch_id)
                .values(
                    state=LaunchState.SENDING.value, recipients=recipients, expires_at=last,
                    first_part=size_of_first(draft.roll_out, recipients) if draft.roll_out else None,
                )
            )
            if offer := offer_of(question.campaign, question.workspace.shop):
                reserve(connection, launch_id, offer, recipients, draft.created_at)
            made = _by_id(connection, launch_id)
        self._count_anew()
        return made

    def find(self, name: str) -> Launch | None:
        """By id, or by a campaign's name: its latest."""
        with self._database.read() as connection:
            row = connection.execute(_named(name).order_by(launches.c.id.desc()).limit(1)).first()
        return _launch(row) if row else None

    def get(self, launch_id: int) -> Launch:
        with self._database.read() as connection:
            return _by_id(connection, launch_id)

    def recent(self, most: int) -> Sequence[Launch]:
        """Newest first; without those of automations' steps."""
        query = select(launches).where(launches.c.step == "").order_by(launches.c.id.desc()).limit(most)
        with self._database.read() as connection:
            return [_launch(row) for row in connection.execute(query)]

    def under_way(self) -> Sequence[Launch]:
        """Those that are sending and will have sent one day; the steps of automations go on for ever."""
        passing = and_(launches.c.state == LaunchState.SENDING.value, launches.c.step == "")
        with self._database.read() as connection:
            return [_launch(row) for row in connection.execute(select(launches).where(passing))]

    def of_campaign(self, campaign: str) -> Sequence[Launch]:
        """Newest first."""
        query = select(launches).where(launches.c.campaign == campaign).order_by(launches.c.id.desc())
        with self._database.read() as connection:
            return [_launch(row) for row in connection.execute(query)]

    def in_state(self, state: LaunchState) -> Sequence[Launch]:
        with self._database.read() as connection:
            return [_launch(row) for row in connection.execute(select(launches).where(launches.c.state == state.value))]

    def live(self, campaign: str) -> Launch | None:
        with self._database.read() as connection:
            live = launches.c.state.in_([state.value for state in LIVE])
            row = connection.execute(select(launches).where(launches.c.campaign == campaign, launches.c.step == "", live)).first()
        return _launch(row) if row else None

    def received(self, campaign: str) -> tuple[int, datetime | None]:
        """How many customers have a mail of this campaign, and when the latest launch that wrote to them began."""
        with self._database.read() as connection:
            row = connection.execute(
                select(func.count(messages.c.customer_id.distinct()), func.max(launches.c.created_at))
                .join(launches, launches.c.id == messages.c.launch_id)
                .where(launches.c.campaign == campaign, messages.c.state == State.ACCEPTED.value)
            ).one()
        return row[0], row[1]

    def tally(self, launch_id: int) -> Tally:
        mine = messages.c.launch_id == launch_id
        refused = and_(messages.c.state.in_([State.PENDING.value, State.REJECTED.value]), messages.c.reason.is_not(None))
        said = case((refused, messages.c.reply))
        with self._database.read() as connection:
            rows = connection.execute(
                select(messages.c.state, messages.c.reason, func.count(), func.min(messages.c.next_attempt_at), func.min(said))
                .where(mine).group_by(messages.c.state, messages.c.reason)
            ).all()
        states = {state: sum(row[2] for row in rows if row[0] == state) for state in State}
        reasons = {f"{row[0]}: {row[1]}": row[2] for row in sorted(rows, key=lambda row: -row[2]) if row[1]}
        due = [row[3] for row in rows if row[0] == State.PENDING]
        replies = {f"{row[0]}: {row[1]}": row[4] for row in rows if row[4]}
        return Tally({state: n for state, n in states.items() if n}, reasons, min(due, default=None), replies)

    def move(self, launch_id: int, state: LaunchState, reason: str | None, now: datetime) -> bool:
        """To `state` if the table of transitions allows it from where it is; False: it was somewhere else."""
        before = [old.value for old, after in LAUNCH_TRANSITIONS.items() if state in after]
        ended = {"finished_at": now} if state in {LaunchState.FINISHED, LaunchState.CANCELLED} else {"finished_at": None}
        moved = update(launches).where(launches.c.id == launch_id, launches.c.state.in_(before))
        if state is LaunchState.FINISHED:
            moved = moved.where(launches.c.step == "", *(not_(_any(launch_id, where)) for where in (PENDING, LEASED)))
        with self._database.write() as connection:
            # Whoever opens a message again holds this row: so what is asked below is asked after them.
            connection.execute(select(launches.c.id).where(launches.c.id == launch_id).with_for_update())
            since = {"sending_since": now} if state is LaunchState.SENDING else {}
            done = connection.execute(moved.values(state=state.value, state_reason=reason, **ended, **since))
            if done.rowcount and state in {LaunchState.FINISHED, LaunchState.CANCELLED}:
                release(connection, launch_id)
            if done.rowcount and state is LaunchState.CANCELLED:
                cancel_unsent(connection, launch_id, now)
        return bool(done.rowcount)

    def first_part(self, launch_id: int, first: int) -> FirstPart:
        """What has become of the messages up to this number."""
        with self._database.read() as connection:
            return first_part(connection, launch_id, first)

    def wait_with_rest(self, launch_id: int, until: datetime) -> None:
        """The first part has left; of two who notice, the first one's word counts."""
        with self._database.write() as connection:
            connection.execute(
                update(launches).where(launches.c.id == launch_id, launches.c.goes_on_at.is_(None)).values(goes_on_at=until)
            )

    def let_rest_go(self, launch_id: int, now: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(launches).where(launches.c.id == launch_id, launches.c.rest_since.is_(None)).values(rest_since=now)
            )

    def editions(self, launch_id: int) -> Mapping[int, str]:
        """The bundle of each edition; the newest is the launch's own."""
        with self._database.read() as connection:
            return bundles_of(connection, launch_id)

    def renew(self, launch_id: int, before: str, bundle: str, by: str, now: datetime) -> int | None:
        """What is composed from now on comes from this bundle, if it was `before` so far; the edition's number."""
        with self._database.write() as connection:
            return add_edition(connection, launch_id, before, bundle, by, now)

    def _count_anew(self) -> None:
        """PostgreSQL knows nothing of a fresh launch's rows until autovacuum comes by; until then claims took five times as long."""
        if not self._database.is_sqlite:
            with self._database.write() as connection:
                connection.execute(text("ANALYZE messages"))

    def begin(self, launch_id: int, now: datetime) -> None:
        """Notes the first turn of the send loop."""
        with self._database.write() as connection:
            connection.execute(
                update(launches).where(launches.c.id == launch_id, launches.c.started_at.is_(None)).values(started_at=now)
            )


def _any(launch_id: int, where: TextClause) -> ColumnElement[bool]:
    return select(messages.c.number).where(messages.c.launch_id == launch_id, where).exists()


def cancel_unsent(connection: Connection, launch_id: int, now: datetime) -> int:
    """Those that have not left; a mail in the middle of its handoff still ends as the relay says.

    What a worker is writing at this moment is left to `close_unsent`, rather than waited for.
    """
    unsent = messages.c.state.in_([State.PENDING.value, State.CLAIMED.value])
    free = select(messages.c.number).where(messages.c.launch_id == launch_id, unsent).with_for_update(skip_locked=True)
    done = connection.execute(
        update(messages)
        .where(messages.c.launch_id == launch_id, messages.c.number.in_(free), unsent)
        .values(state=State.CANCELLED.value, reason="the launch was cancelled", ended_at=now, lease_owner=None, lease_until=None)
    )
    free_codes_of(connection, launch_id, now)
    return done.rowcount


def _announce(connection: Connection, draft: Draft, plan: Mapping[str, Any]) -> int:
    number = next_launch_id(connection)
    row = insert(launches).values(
        **({} if number is None else {"id": number}),
        campaign=draft.campaign, bundle=draft.bundle, key=draft.key, state=LaunchState.PREPARING.value,
        segments=list(draft.segments), created_at=draft.created_at, created_by=draft.created_by,
        on_uncertain=draft.on_uncertain.value, options=dict(draft.options), plan=dict(plan),
        kind=draft.kind.value, topic=draft.topic, **{"class": draft.class_},
    ).returning(launches.c.id)
    try:
        return int(connection.scalar(row) or 0)
    except IntegrityError as error:
        raise Refused(
            f'a launch of "{draft.campaign}" is under way already',
            hint=f"see: regulars status {draft.campaign}; end it with: regulars cancel {draft.campaign}",
        ) from error


def _write_audience(connection: Connection, launch_id: int, question: Question, timetable: Timetable) -> None:
    people = judged(connection, question, timetable).subquery("judged")
    chosen = select(literal(launch_id), people.c.id, people.c.reason)
    connection.execute(insert(audience).from_select(["launch_id", "customer_id", "reason"], chosen))


def _make_messages(
    connection: Connection, launch_id: int, timetable: Timetable, relays: Mapping[str, Relay], order: ColumnElement[Any]
) -> int:
    number = func.row_number().over(order_by=order)
    chosen = (
        select(
            literal(launch_id), number, audience.c.customer_id, customers.c.email, func.coalesce(customers.c.email_domain, ""),
            lane_of(customers.c.email_domain, relays),
            literal(State.PENDING.value), _by_zone(timetable, lambda slot: slot.due), _by_zone(timetable, lambda slot: slot.expires),
        )
        .join(customers, customers.c.id == audience.c.customer_id)
        .where(audience.c.launch_id == launch_id, audience.c.reason.is_(None))
    )
    columns = ["launch_id", "number", "customer_id", "email", "email_domain", "lane", "state", "next_attempt_at", "expires_at"]
    counted = {"preserve_rowcount": True}  # SQLAlchemy forgets it for an INSERT unless asked
    return connection.execute(insert(messages).from_select(columns, chosen), execution_options=counted).rowcount


def _by_zone(timetable: Timetable, pick: Any) -> ColumnElement[Any]:
    def moment(slot: Slot | None) -> ColumnElement[Any]:
        found = pick(slot) if slot else None
        return literal(found, UtcTime()) if found else null().cast(UtcTime())

    branches = [(customers.c.timezone == zone, moment(slot)) for zone, slot in timetable.by_zone.items()]
    otherwise = moment(timetable.otherwise)
    return case(*branches, else_=otherwise) if branches else otherwise


def _named(name: str) -> Select[Any]:
    by_campaign = launches.c.campaign == name
    if not (name.isascii() and name.isdigit() and len(name) < 10):
        return select(launches).where(by_campaign)
    return select(launches).where(or_(launches.c.id == int(name), by_campaign))


def _by_id(connection: Connection, launch_id: int) -> Launch:
    return _launch(connection.execute(select(launches).where(launches.c.id == launch_id)).one())


def _launch(row: Row[Any]) -> Launch:
    return Launch(
        row.id, row.campaign, row.key, row.bundle, LaunchState(row.state), row.state_reason, tuple(row.segments), row.created_at,
        row.created_by, row.started_at, row.finished_at, row.expires_at, OnUncertain(row.on_uncertain), row.options, row.plan,
        row.recipients, RollOutState(row.first_part, row.goes_on_at, row.rest_since) if row.first_part else None,
        CampaignKind(row.kind), row.topic, row._mapping["class"], row.step,  # noqa: SLF001  a word of Python's
    )
