"""Who of a segment is written to and who not, as one SELECT: the SQL reading of audience/eligibility.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from regulars.adapters.database.customer_facts import RowFacts, has_bought
from regulars.adapters.database.customer_sets import who_left
from regulars.adapters.database.customer_views import load_views
from regulars.adapters.database.engine import Database
from regulars.adapters.database.lanes import lane_of
from regulars.adapters.database.predicates import compile_condition, frame_for
from regulars.adapters.database.schema import (
    audience,
    consents,
    customers,
    launches,
    messages,
    order_lines,
    suppressions,
)
from regulars.adapters.database.types import among
from regulars.audience.eligibility import Funnel, Question, Reason, Standing
from regulars.audience.explanation import Explanation, explain
from regulars.audience.only_to import OnlyTo
from regulars.audience.suppression import OF_MARKETING
from regulars.definition.conditions import Condition
from regulars.definition.workspace import CampaignKind, ConsentRule
from regulars.delivery.life import PERHAPS_RECEIVED, State
from regulars.delivery.schedule import Timetable

SPREAD, PRIME = 48_271, 2**31 - 1  # of a generator by Park and Miller: neighbours in one order are far apart in the other


class AudiencesInDatabase:
    """Counts and names those whom a launch would write to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def zones(self) -> Sequence[str]:
        """The distinct time zones that customers live in."""
        with self._database.read() as connection:
            return connection.scalars(select(customers.c.timezone).where(customers.c.timezone.is_not(None)).distinct()).all()

    def funnel(self, question: Question, timetable: Timetable) -> tuple[Funnel, Mapping[str, int]]:
        """The funnel, and how many of the final ones live in each time zone ("" where none is known)."""
        with self._database.read() as connection:
            selected = judged(connection, question, timetable).subquery("judged")
            columns = (selected.c.reason, selected.c.timezone)
            rows = connection.execute(select(*columns, func.count()).group_by(*columns)).all()
        excluded = {reason: sum(n for found, _, n in rows if found == reason) for reason in Reason}
        zones = {zone or "": n for reason, zone, n in rows if reason is None}
        return Funnel(sum(row[2] for row in rows), {reason: n for reason, n in excluded.items() if n}), zones

    def lanes(self, question: Question, timetable: Timetable) -> Mapping[str, int]:
        """How many of the final ones are in each group of domains, "" for all others, the most first."""
        with self._database.read() as connection:
            people = judged(connection, question, timetable).subquery("judged")
            lane = lane_of(people.c.email_domain, question.workspace.shop.relays).label("lane")
            final = select(lane).where(people.c.reason.is_(None)).subquery("final")
            query = select(final.c.lane, func.count()).group_by(final.c.lane).order_by(func.count().desc(), final.c.lane)
            return {row[0]: row[1] for row in connection.execute(query)}

    def with_most_lines(self, question: Question, timetable: Timetable, most: int) -> Sequence[int]:
        """Final recipients with the longest histories: their mails are the largest."""
        with self._database.read() as connection:
            people = judged(connection, question, timetable).subquery("judged")
            lines = func.count(order_lines.c.order_key)
            longest = (
                select(people.c.id).outerjoin(order_lines, order_lines.c.customer_id == people.c.id)
                .where(people.c.reason.is_(None)).group_by(people.c.id).order_by(lines.desc(), people.c.id).limit(most)
            )
            return connection.scalars(longest).all()

    def sample(self, question: Question, timetable: Timetable, most: int) -> Mapping[int, str | None]:
        """At most so many of the final recipients, drawn over all of them and the same ones again, with their time zones."""
        with self._database.read() as connection:
            people = judged(connection, question, timetable).subquery("judged")
            drawn = select(people.c.id, people.c.timezone).where(people.c.reason.is_(None)).order_by(people.c.id * SPREAD % PRIME, people.c.id)
            return {row.id: row.timezone for row in connection.execute(drawn.limit(most))}

    def unsent_with_most_lines(self, launch_id: int, most: int) -> Sequence[int]:
        """The same of those to whom a launch has not written yet."""
        longest = (
            select(messages.c.customer_id).outerjoin(order_lines, order_lines.c.customer_id == messages.c.customer_id)
            .where(messages.c.launch_id == launch_id, messages.c.state == State.PENDING.value)
            .group_by(messages.c.customer_id).order_by(func.count(order_lines.c.order_key).desc(), messages.c.customer_id).limit(most)
        )
        with self._database.read() as connection:
            return connection.scalars(longest).all()

    def reason_for(self, customer_id: int, question: Question, timetable: Timetable) -> tuple[bool, Reason | None]:
        """Whether the segment selects this customer now, and what would keep the mail from them."""
        with self._database.read() as connection:
            people = judged(connection, question, timetable).subquery("judged")
            row = connection.execute(select(people.c.reason).where(people.c.id == customer_id)).first()
        return (False, None) if row is None else (True, Reason(row[0]) if row[0] else None)

    def decided(self, launch_id: int, customer_id: int) -> tuple[bool, Reason | None]:
        """The same as it was decided at that launch."""
        with self._database.read() as connection:
            row = connection.execute(
                select(audience.c.reason).where(audience.c.launch_id == launch_id, audience.c.customer_id == customer_id)
            ).first()
        return (False, None) if row is None else (True, Reason(row[0]) if row[0] else None)

    def explained(self, customer_id: int, question: Question) -> Explanation | None:
        """What the campaign's `to` asks and what is true of this customer now; None for an erased one."""
        condition = question.campaign.to
        with self._database.read() as connection:
            frame = frame_for(connection, question.workspace, question.as_of, condition)
            view = load_views(connection, [customer_id], frame, condition).get(customer_id)
        return explain(condition, view, frame) if view else None


def judged(connection: Connection, question: Question, timetable: Timetable) -> Select[Any]:
    """Everybody whom the segment selects: id, email, email_domain, timezone and the reason, NULL for the final ones."""
    reason = _reason(connection, question, timetable)
    columns = (customers.c.id, customers.c.email, customers.c.email_domain, customers.c.timezone)
    selected = select(*columns, reason.label("reason")).where(
        customers.c.erased_at.is_(None), _condition(connection, question, question.campaign.to)
    )
    if question.limit is None:
        return selected
    return _limited(selected.subquery("eligible"), question.limit)


def standings(
    connection: Connection, customer_ids: Sequence[int], topic: str | None, kind: CampaignKind = CampaignKind.MARKETING
) -> Mapping[int, Standing]:
    """What decides at the last moment; erased customers are absent."""
    last_word = null() if topic is None else _last_word(topic)
    rows = connection.execute(
        select(
            customers.c.id, customers.c.marketing, last_word, has_bought(RowFacts()), is_suppressed(kind), customers.c.email_valid,
        ).where(among(customers.c.id, customer_ids), customers.c.email.is_not(None))
    )
    return {row[0]: Standing(row[1], row[2], bool(row[3]), bool(row[4]), bool(row[5])) for row in rows}


def is_suppressed(kind: CampaignKind = CampaignKind.MARKETING) -> ColumnElement[bool]:
    """Correlated with `customers`."""
    mine = (suppressions.c.channel == "email", suppressions.c.address_hash == customers.c.address_hash)
    return exists().where(*mine) if kind is CampaignKind.MARKETING else exists().where(*mine, suppressions.c.reason.not_in(OF_MARKETING))


def has_left(topic: str | None, kind: CampaignKind = CampaignKind.MARKETING) -> ColumnElement[bool]:
    """Withdrew from all marketing mail or, by their last word on it, from this topic; for few rows of `customers`."""
    if kind is CampaignKind.TRANSACTIONAL:
        return false()
    last_words = [customers.c.marketing, *([_last_word(topic)] if topic else [])]
    return or_(*(func.coalesce(word, "") == "withdrawn" for word in last_words))


def _last_word(topic: str) -> ColumnElement[Any]:
    about = (consents.c.channel == "email", consents.c.purpose == "marketing", consents.c.topic == topic)
    return (
        select(consents.c.state).where(*about, consents.c.customer_id == customers.c.id)
        .order_by(consents.c.at.desc(), consents.c.id.desc()).limit(1).scalar_subquery()
    )


def _reason(connection: Connection, question: Question, timetable: Timetable) -> ColumnElement[Any]:
    campaign = question.campaign
    refusals: dict[Reason, ColumnElement[bool]] = {
        Reason.NO_CONSENT: _never_agreed(question.workspace.shop.consent),
        Reason.UNSUBSCRIBED: _all_who_left(campaign.topic),
    }
    tests = (refusals if campaign.kind is CampaignKind.MARKETING else {}) | {
        Reason.SUPPRESSED: is_suppressed(campaign.kind),
        Reason.INVALID_ADDRESS: or_(customers.c.email.is_(None), not_(customers.c.email_valid)),
        Reason.ALREADY_RECEIVED: false() if question.again else customers.c.id.in_(received(campaign.name)),
        Reason.EXCEPTED: false() if campaign.excluding is None else _condition(connection, question, campaign.excluding),
        Reason.SEND_TIME_PAST: _too_late(timetable),
        Reason.NOT_IN_ONLY_TO: not_(_is_named(question.only_to)),
    }
    return case(*((tests[reason], reason.value) for reason in Reason if reason in tests))


def received(campaign: str) -> Select[Any]:
    """Customers who have, or perhaps have, a mail of this campaign."""
    return select(messages.c.customer_id).join(launches, launches.c.id == messages.c.launch_id).where(
        launches.c.campaign == campaign, messages.c.state.in_([state.value for state in PERHAPS_RECEIVED])
    )


def _never_agreed(rule: ConsentRule) -> ColumnElement[bool]:
    said = func.coalesce(customers.c.marketing, "")
    if rule is ConsentRule.REQUIRED:
        return said.not_in(["granted", "withdrawn"])
    return and_(said.not_in(["granted", "withdrawn"]), not_(and_(said == "", has_bought(RowFacts()))))


def _too_late(timetable: Timetable) -> ColumnElement[bool]:
    late = [zone for zone, slot in timetable.by_zone.items() if slot is None]
    zone = func.coalesce(customers.c.timezone, "")
    if timetable.otherwise is not None:
        return zone.in_(late) if late else false()
    return zone.not_in([zone for zone, slot in timetable.by_zone.items() if slot is not None])


def _is_named(only_to: OnlyTo) -> ColumnElement[bool]:
    """The SQL reading of OnlyTo.allows."""
    escaped = [pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for pattern in only_to.patterns]
    return or_(*(customers.c.email_key.like(pattern.replace("*", "%"), escape="\\") for pattern in escaped)) if escaped else true()


def _limited(eligible: Subquery, limit: int) -> Select[Any]:
    welcome = case((eligible.c.reason.is_(None), literal(1, Integer)), else_=literal(0, Integer))
    place = func.row_number().over(partition_by=welcome, order_by=eligible.c.id)
    beyond = and_(eligible.c.reason.is_(None), place > limit)
    kept = (eligible.c.id, eligible.c.email, eligible.c.email_domain, eligible.c.timezone)
    return select(*kept, case((beyond, Reason.OVER_LIMIT.value), else_=eligible.c.reason).label("reason"))


def _all_who_left(topic: str | None) -> ColumnElement[bool]:
    """The same as `has_left`, for all customers at once."""
    withdrawn = func.coalesce(customers.c.marketing, "") == "withdrawn"
    return withdrawn if topic is None else or_(withdrawn, customers.c.id.in_(who_left(topic)))


def _condition(connection: Connection, question: Question, condition: Condition) -> ColumnElement[bool]:
    return compile_condition(connection, condition, frame_for(connection, question.workspace, question.as_of, condition))
