"""Puts an edition of an automation live: its row, its launches, and those who are on their way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, literal, null, select, update

from regulars.adapters.database.registry import next_launch_id
from regulars.adapters.database.schema import (
    automation_editions,
    automations,
    journey_steps,
    journeys,
    launches,
)
from regulars.adapters.database.types import UtcTime
from regulars.adapters.database.upsert import upsert
from regulars.delivery.life import LaunchState
from regulars.errors import Refused
from regulars.journeys.journey import JourneyState
from regulars.journeys.live import AutomationState, EditionDraft, MailDraft

WAITING, ENDED = JourneyState.WAITING.value, JourneyState.ENDED.value


def add_edition(connection: Connection, draft: EditionDraft) -> int:
    """Its number. Raises Refused when the newest is not the one that the draft was compared with."""
    before = _held(connection, draft)
    if before.edition != draft.after:
        raise Refused(
            f'"{draft.campaign.name}" was applied by somebody else meanwhile: edition {before.edition} is live',
            hint="run regulars apply again: it compares with what is live now",
        )
    number = draft.after + 1
    mails = {mail.campaign.step: _launch_of(connection, draft, mail) for mail in draft.mails}
    _write(connection, draft, number, mails)
    _announce(connection, draft, number, before)
    if draft.restarts:
        _restart(connection, draft, number)
    for edition, places in draft.moves.items():
        _move(connection, draft, edition, number, places)
    if draft.moves:
        _note_moves(connection, draft, number)
    return number


def _held(connection: Connection, draft: EditionDraft) -> Row[Any]:
    """Its row, locked; a new one has no edition yet."""
    name = draft.campaign.name
    new = {"campaign": name, "edition": 0, "state": AutomationState.LIVE.value, "applied_at": draft.at, "live_since": draft.at, "watched_at": draft.at}
    connection.execute(upsert(connection, automations).values(new).on_conflict_do_nothing())
    return connection.execute(select(automations).where(automations.c.campaign == name).with_for_update()).one()


def _launch_of(connection: Connection, draft: EditionDraft, mail: MailDraft) -> int:
    """Of the same bundle the same launch, however many editions ago."""
    campaign = mail.campaign
    known = connection.scalar(
        select(launches.c.id)
        .where(launches.c.campaign == campaign.name, launches.c.step == campaign.step, launches.c.bundle == mail.bundle)
    )
    if known is not None:
        return int(known)
    number = next_launch_id(connection)
    made = insert(launches).values(
        **({} if number is None else {"id": number}), **{"class": campaign.class_},
        campaign=campaign.name, step=campaign.step, kind=campaign.kind.value, topic=campaign.topic, bundle=mail.bundle, key=mail.key,
        state=LaunchState.SENDING.value, segments=list(campaign.segments), created_at=draft.at, created_by=draft.by, sending_since=draft.at,
        on_uncertain=campaign.on_uncertain.value, options={},
    ).returning(launches.c.id)
    return int(connection.execute(made).scalar_one())


def _write(connection: Connection, draft: EditionDraft, number: int, mails: Mapping[str, int]) -> None:
    commit, author, dirty = draft.commit or (None, None, None)
    connection.execute(insert(automation_editions).values(
        campaign=draft.campaign.name, edition=number, definition=draft.definition, hash=draft.hash, mails=dict(mails),
        applied_at=draft.at, applied_by=draft.by, git_commit=commit, git_author=author, git_dirty=dirty,
    ))


def _announce(connection: Connection, draft: EditionDraft, number: int, before: Row[Any]) -> None:
    """A disabled one stays disabled. What happened before a trigger was there starts nothing; else nobody is lost in between."""
    since = draft.at if draft.watches_anew and before.live_since else before.live_since
    watched = draft.at if draft.watches_anew else before.watched_at
    connection.execute(
        update(automations).where(automations.c.campaign == draft.campaign.name)
        .values(edition=number, applied_at=draft.at, live_since=since, watched_at=watched)
    )


def _move(connection: Connection, draft: EditionDraft, edition: int, number: int, places: Mapping[str, str | None]) -> None:
    """One statement for all places: who takes a step at this moment is seen where they are afterwards."""
    gone = [key for key, place in places.items() if place is None]
    elsewhere = {key: place for key, place in places.items() if place is not None and place != key}
    ends = journeys.c.step.in_(gone)
    moved = (
        update(journeys)
        .where(journeys.c.campaign == draft.campaign.name, journeys.c.edition == edition, journeys.c.state != ENDED)
        .values(
            edition=number, fence=journeys.c.fence + 1,
            state=case((ends, ENDED), else_=journeys.c.state),
            reason=case((ends, "moved: its step is gone"), else_=journeys.c.reason),
            ended_at=case((ends, literal(draft.at, UtcTime())), else_=journeys.c.ended_at),
            due_at=case((ends, null()), else_=journeys.c.due_at),
            waits_for=case((journeys.c.step.in_([*gone, *elsewhere]), null()), else_=journeys.c.waits_for),
            step=case(
                (ends, null()), *((journeys.c.step == key, place) for key, place in elsewhere.items()), else_=journeys.c.step
            ),
        )
    )
    connection.execute(moved)


def _restart(connection: Connection, draft: EditionDraft, number: int) -> None:
    mine = journeys.c.campaign == draft.campaign.name
    reason = f"begun again by edition {number}"
    connection.execute(
        update(journeys).where(mine, journeys.c.edition < number, journeys.c.state != ENDED)
        .values(state=ENDED, reason=reason, ended_at=draft.at, due_at=None, waits_for=None, step=None, fence=journeys.c.fence + 1)
    )
    latest = (
        select(journeys.c.customer_id, func.max(journeys.c.occurrence).label("occurrence")).where(mine)
        .group_by(journeys.c.customer_id).subquery("latest")
    )
    place = func.row_number().over(partition_by=journeys.c.customer_id, order_by=journeys.c.id)
    automation = draft.campaign.automation
    assert automation is not None
    again = (
        select(
            journeys.c.campaign, literal(number), journeys.c.customer_id, latest.c.occurrence + place,
            journeys.c.entry.concat(f" (edition {number})"), literal(WAITING), literal(automation.steps[0].key),
            literal(draft.at, UtcTime()), literal(draft.at, UtcTime()), journeys.c.trigger,
        )
        .join(latest, latest.c.customer_id == journeys.c.customer_id).where(mine, journeys.c.state == ENDED, journeys.c.reason == reason)
    )
    columns = ["campaign", "edition", "customer_id", "occurrence", "entry", "state", "step", "due_at", "entered_at", "trigger"]
    connection.execute(insert(journeys).from_select(columns, again))


def _note_moves(connection: Connection, draft: EditionDraft, number: int) -> None:
    """For `why`. Who is in the new edition already has just been moved there."""
    moved = (
        select(
            journeys.c.id, journeys.c.fence, literal(0), func.coalesce(journeys.c.step, ""), literal("move"), literal("moved"),
            literal(f"goes on by edition {number}"), literal(draft.at, UtcTime()),
        )
        .where(journeys.c.campaign == draft.campaign.name, journeys.c.edition == number)
    )
    columns = ["journey_id", "fence", "place", "step", "kind", "outcome", "reason", "at"]
    connection.execute(insert(journey_steps).from_select(columns, moved))
