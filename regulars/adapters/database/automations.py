"""Automations as they were put live: read in whatever transaction asks, their definitions kept by hash."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select, tuple_, update

from regulars.adapters.database.automation_editions import add_edition
from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import automation_editions, automations, journeys, launches
from regulars.adapters.database.types import among
from regulars.adapters.database.watched import begin_watching
from regulars.content import canonical
from regulars.definition.workspace import Campaign, Segment, Shop
from regulars.journeys.journey import JourneyState
from regulars.journeys.live import Applied, AutomationState, EditionDraft, LiveAutomation

MOST_KEPT = 256  # definitions; a shop has some thirty automations, most of one edition


@dataclass(frozen=True, slots=True)
class _Definition:
    campaign: Campaign
    segments: Mapping[str, Segment]
    shop: Shop


_kept: dict[str, _Definition] = {}  # by the hash of their content: the same for every database and every thread


class AutomationsInDatabase:
    """operations.ports.Automations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def live(self) -> Mapping[str, LiveAutomation]:
        """The newest edition of each that is enabled, by its campaign's name."""
        with self._database.read() as connection:
            return live_on(connection)

    def editions(self, wanted: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], LiveAutomation]:
        """These (campaign, edition), also of disabled ones; those that never were are absent."""
        with self._database.read() as connection:
            return editions_on(connection, wanted)

    def applied(self) -> Sequence[Applied]:
        """All that were ever put live, by name."""
        first = (
            select(func.min(automation_editions.c.applied_at)).where(automation_editions.c.campaign == automations.c.campaign)
            .correlate(automations).scalar_subquery()
        )
        query = _newest(automations, *_OF_EDITION[2:], first.label("since")).order_by(automations.c.campaign)
        with self._database.read() as connection:
            return [_applied(row) for row in connection.execute(query)]

    def bundles(self, launch_ids: Collection[int]) -> Mapping[int, str]:
        """Of these launches the hash of what they send."""
        query = select(launches.c.id, launches.c.bundle).where(among(launches.c.id, launch_ids))
        with self._database.read() as connection:
            return {row.id: row.bundle for row in connection.execute(query)}

    def put_live(self, drafts: Sequence[EditionDraft]) -> Mapping[str, int]:
        """All of them in one transaction, or none; campaign -> edition. Raises Refused when one was applied by somebody else meanwhile."""
        with self._database.write() as connection:
            # In the order of their names: two who apply at once must not wait for each other in a circle.
            made = {draft.campaign.name: add_edition(connection, draft) for draft in sorted(drafts, key=lambda each: each.campaign.name)}
            live = live_on(connection)
            for draft in drafts:
                if draft.campaign.name in live and (draft.watches_anew or draft.takes_everyone):
                    begin_watching(connection, live[draft.campaign.name], draft.at, everyone=draft.takes_everyone)
            return made

    def enable(self, campaign: str, now: datetime) -> bool:
        """What happened while it was disabled starts nothing; whose step came due then goes on now. False: it was enabled, or never applied."""
        turned = (
            update(automations).where(automations.c.campaign == campaign, automations.c.state == AutomationState.DISABLED.value)
            .values(state=AutomationState.LIVE.value, state_reason=None, live_since=now, watched_at=now)
        )
        held = (
            update(journeys).where(journeys.c.campaign == campaign, journeys.c.state == JourneyState.PAUSED.value)
            .values(state=JourneyState.WAITING.value)
        )
        with self._database.write() as connection:
            if not connection.execute(turned).rowcount:
                return False
            connection.execute(held)
            begin_watching(connection, live_on(connection)[campaign], now)
            return True

    def disable(self, campaign: str, reason: str) -> bool:
        turned = (
            update(automations).where(automations.c.campaign == campaign, automations.c.state == AutomationState.LIVE.value)
            .values(state=AutomationState.DISABLED.value, state_reason=reason, live_since=None)
        )
        with self._database.write() as connection:
            return bool(connection.execute(turned).rowcount)


def live_on(connection: Connection) -> Mapping[str, LiveAutomation]:
    """As `live`, inside somebody's transaction: one query, and one more when an edition is met for the first time."""
    enabled = automations.c.state == AutomationState.LIVE.value
    rows = connection.execute(_newest(automations.c.live_since, *_OF_EDITION).where(enabled)).all()
    return {one.name: one for one in _opened(connection, rows)}


def editions_on(connection: Connection, wanted: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], LiveAutomation]:
    pairs = sorted(set(wanted))
    if not pairs:
        return {}
    of_these = tuple_(automation_editions.c.campaign, automation_editions.c.edition).in_(pairs)
    query: Select[Any] = (
        select(automations.c.live_since, *_OF_EDITION)
        .join(automation_editions, automation_editions.c.campaign == automations.c.campaign).where(of_these)
    )
    return {(one.name, one.edition): one for one in _opened(connection, connection.execute(query).all())}


_OF_EDITION = (
    automation_editions.c.campaign, automation_editions.c.edition, automation_editions.c.hash, automation_editions.c.mails,
    automation_editions.c.applied_by,
)


def _newest(*columns: Any) -> Select[Any]:
    newest = and_(
        automation_editions.c.campaign == automations.c.campaign, automation_editions.c.edition == automations.c.edition
    )
    return select(*columns).select_from(automations.join(automation_editions, newest))


def _opened(connection: Connection, rows: Sequence[Row[Any]]) -> list[LiveAutomation]:
    known = _definitions(connection, {row.hash: (row.campaign, row.edition) for row in rows})
    return [
        LiveAutomation(found.campaign, row.edition, found.shop, found.segments, row.mails, row.live_since)
        for row, found in ((row, known[row.hash]) for row in rows)
    ]


def _definitions(connection: Connection, wanted: Mapping[str, tuple[str, int]]) -> Mapping[str, _Definition]:
    """By hash; what this process has not met yet is read and kept."""
    known = {digest: _kept[digest] for digest in wanted if digest in _kept}
    unmet = [pair for digest, pair in wanted.items() if digest not in known]
    if unmet:
        of_these = tuple_(automation_editions.c.campaign, automation_editions.c.edition).in_(unmet)
        for row in connection.execute(select(automation_editions.c.hash, automation_editions.c.definition).where(of_these)):
            known[row.hash] = _kept[row.hash] = _Definition(**canonical.loaded(row.definition.encode()))
        while len(_kept) > MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
    return known


def _applied(row: Row[Any]) -> Applied:
    return Applied(
        row.campaign, row.edition, AutomationState(row.state), row.state_reason, row.applied_at, row.applied_by, row.live_since,
        row.watched_at, row.hash, row.since,
    )
