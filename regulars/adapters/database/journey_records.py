"""What there is to read of journeys: how many are where, what became of them, and one customer's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import (
    customers,
    events,
    journey_steps,
    journeys,
    launches,
    memberships,
    messages,
    passed_over,
)
from regulars.journeys.journey import Journey, JourneyState
from regulars.journeys.live import LiveAutomation
from regulars.journeys.missing import Known, Seen
from regulars.journeys.records import Done, PassedOver, Waiting

MOST_SEEN = 5
UNDER_WAY = journeys.c.state != JourneyState.ENDED.value


class JourneyRecordsInDatabase:
    """operations.ports.JourneyRecords."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def under_way(self, campaign: str | None = None) -> Mapping[str, Sequence[Waiting]]:
        """By campaign, how many stand at which step of which edition, and when the first of them is due."""
        place = (journeys.c.campaign, journeys.c.edition, journeys.c.step)
        query = select(*place, func.count(), func.min(journeys.c.due_at)).where(UNDER_WAY).group_by(*place).order_by(*place)
        if campaign is not None:
            query = query.where(journeys.c.campaign == campaign)
        found: dict[str, list[Waiting]] = {}
        with self._database.read() as connection:
            for name, edition, step, count, due in connection.execute(query):
                found.setdefault(name, []).append(Waiting(edition, step or "", count, due))
        return found

    def entered(self, since: datetime) -> Mapping[str, int]:
        """How many journeys began since, by campaign; those that `apply` began again are not counted."""
        new = journeys.c.entry.not_like("% (edition %)")
        query = select(journeys.c.campaign, func.count()).where(journeys.c.entered_at >= since, new).group_by(journeys.c.campaign)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def ended(self, campaign: str) -> Mapping[str, int]:
        """By reason, the most first."""
        count = func.count()
        query = (
            select(journeys.c.reason, count).where(journeys.c.campaign == campaign, journeys.c.state == JourneyState.ENDED.value)
            .group_by(journeys.c.reason).order_by(count.desc(), journeys.c.reason)
        )
        with self._database.read() as connection:
            return {reason or "finished": number for reason, number in connection.execute(query)}

    def outcomes(self, campaign: str) -> Mapping[str, Mapping[str, int]]:
        """Step -> outcome -> how often."""
        place = (journey_steps.c.step, journey_steps.c.outcome)
        query = (
            select(*place, func.count()).join(journeys, journeys.c.id == journey_steps.c.journey_id)
            .where(journeys.c.campaign == campaign).group_by(*place).order_by(*place)
        )
        found: dict[str, dict[str, int]] = {}
        with self._database.read() as connection:
            for step, outcome, count in connection.execute(query):
                found.setdefault(step, {})[outcome] = count
        return found

    def left_at(self, campaign: str) -> Mapping[str, int]:
        """Step -> how many journeys had that for their last one and are over, other than by finishing."""
        last = (
            select(journey_steps.c.journey_id, journey_steps.c.step, func.row_number().over(
                partition_by=journey_steps.c.journey_id, order_by=(journey_steps.c.fence.desc(), journey_steps.c.place.desc())
            ).label("place"))
            .join(journeys, journeys.c.id == journey_steps.c.journey_id)
            .where(
                journeys.c.campaign == campaign, journeys.c.state == JourneyState.ENDED.value, journeys.c.reason.is_not(None),
                journeys.c.reason != "finished",
            )
            .subquery("last")
        )
        query = select(last.c.step, func.count()).where(last.c.place == 1).group_by(last.c.step)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def mails(self, campaign: str) -> Mapping[str, Mapping[str, int]]:
        """Step -> state of its messages -> how many, over all editions."""
        query = (
            select(launches.c.step, messages.c.state, func.count())
            .join(messages, messages.c.launch_id == launches.c.id)
            .where(launches.c.campaign == campaign, launches.c.step != "")
            .group_by(launches.c.step, messages.c.state).order_by(launches.c.step, messages.c.state)
        )
        found: dict[str, dict[str, int]] = {}
        with self._database.read() as connection:
            for step, state, count in connection.execute(query):
                found.setdefault(step, {})[state] = count
        return found

    def passed_over(self, campaign: str) -> Sequence[PassedOver]:
        """Moments that nobody looked for in time, the latest first."""
        query = select(passed_over).where(passed_over.c.campaign == campaign).order_by(passed_over.c.day.desc())
        with self._database.read() as connection:
            return [PassedOver(row.day, row.customers, row.reason) for row in connection.execute(query)]

    def known_of(self, live: LiveAutomation, customer_id: int) -> Known:
        """What the trigger looks at, as far as it is stored."""
        told = (
            select(events.c.at, events.c.origin)
            .where(events.c.customer_id == customer_id, events.c.kind == live.automation.trigger.event)
            .order_by(events.c.at.desc()).limit(MOST_SEEN)
        )
        found = select(memberships.c.since).where(memberships.c.campaign == live.name, memberships.c.customer_id == customer_id)
        with self._database.read() as connection:
            seen = [Seen(row.at, row.origin == "live") for row in connection.execute(told)]
            found_at = connection.scalar(found)
            birthday = connection.scalar(select(customers.c.birth_month_day).where(customers.c.id == customer_id))
        return Known(seen, found_at, birthday, self.passed_over(live.name))

    def of_customer(self, campaign: str, customer_id: int) -> Sequence[tuple[Journey, Sequence[Done]]]:
        """The newest first, each with what its steps did, in their order."""
        query = (
            select(journeys).where(journeys.c.campaign == campaign, journeys.c.customer_id == customer_id)
            .order_by(journeys.c.occurrence.desc())
        )
        with self._database.read() as connection:
            found = [_journey(row) for row in connection.execute(query)]
            done = select(journey_steps).where(journey_steps.c.journey_id.in_([one.id for one in found])).order_by(
                journey_steps.c.journey_id, journey_steps.c.fence, journey_steps.c.place
            )
            steps = [_done(row) for row in connection.execute(done)]
        return [(one, [step for step in steps if step.journey_id == one.id]) for one in found]


def _journey(row: Row[Any]) -> Journey:
    return Journey(
        row.id, row.campaign, row.edition, row.customer_id, row.occurrence, row.entry, row.step, row.due_at, row.entered_at,
        JourneyState(row.state), row.reason, row.waits_for, row.ended_at, row.fence, row.trigger,
    )


def _done(row: Row[Any]) -> Done:
    return Done(row.journey_id, row.step, row.kind, row.outcome, row.reason, row.at, row.launch_id, row.number)
