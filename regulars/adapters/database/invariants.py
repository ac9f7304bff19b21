"""What must be true of every launch at every moment, as queries that find what breaks it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, not_, or_, select
from sqlalchemy.orm import aliased

from regulars.adapters.database.coupon_invariants import COUPON_INVARIANTS
from regulars.adapters.database.referral_invariants import REFERRAL_INVARIANTS
from regulars.adapters.database.schema import attempts, audience, journey_steps, journeys, launches, messages
from regulars.delivery.life import BY_OPERATOR, LIVE, OPEN, TERMINAL, LaunchState, State
from regulars.journeys.journey import JourneyState

message = messages.c
attempt = attempts.c
_ENDED = [state.value for state in TERMINAL]
_OPEN = [state.value for state in OPEN]


def violations(connection: Connection) -> list[str]:
    """One sentence for each broken promise, with the first message or launch that breaks it; an empty list is good."""
    found = []
    for promise, query in INVARIANTS.items():
        row = connection.execute(query.limit(1)).first()
        if row is not None:
            found.append(f"{promise}; broken by {', '.join(f'{name} {value}' for name, value in row._mapping.items())}")  # noqa: SLF001
    return found


def _without_message() -> Select[Any]:
    mine = and_(message.launch_id == audience.c.launch_id, message.customer_id == audience.c.customer_id)
    return select(audience.c.launch_id.label("launch"), audience.c.customer_id).where(
        audience.c.reason.is_(None), not_(exists().where(mine))
    )


def _without_place() -> Select[Any]:
    chosen = exists().where(
        audience.c.launch_id == message.launch_id, audience.c.customer_id == message.customer_id, audience.c.reason.is_(None)
    )
    return _messages(message.journey_id.is_(None), not_(chosen))


def _count() -> Select[Any]:
    made = select(func.count()).where(message.launch_id == launches.c.id).scalar_subquery()
    wrong = or_(and_(launches.c.step == "", launches.c.recipients != made), launches.c.recipients < made)  # a recovery leaves numbers out
    return select(launches.c.id.label("launch")).where(wrong, launches.c.state != LaunchState.PREPARING.value)


def _one_live() -> Select[Any]:
    live = launches.c.state.in_([state.value for state in LIVE])
    return select(launches.c.campaign).where(live, launches.c.step == "").group_by(launches.c.campaign).having(func.count() > 1)


def _messages(*where: Any) -> Select[Any]:
    return select(message.launch_id.label("launch"), message.number).where(*where)


def _left_terminal() -> Select[Any]:
    """An attempt after the one that ended the message, with no operator's word in between."""
    end, later, word = aliased(attempts, name="ending"), aliased(attempts, name="later"), aliased(attempts, name="word")
    same = and_(later.c.launch_id == end.c.launch_id, later.c.number == end.c.number)
    spoken = exists().where(
        word.c.launch_id == end.c.launch_id, word.c.number == end.c.number, word.c.id > end.c.id, word.c.id <= later.c.id,
        word.c.phase == "operator",
    )
    return (
        select(end.c.launch_id.label("launch"), end.c.number).select_from(end.join(later, same))
        .where(end.c.outcome.in_(_ENDED), later.c.id > end.c.id, not_(spoken))
    )


def _spoke_twice() -> Select[Any]:
    """Two attempts of one claim: somebody wrote with a fence that was not theirs any more."""
    of_one_claim = (attempt.launch_id, attempt.number, attempt.fence)
    return select(attempt.launch_id.label("launch"), attempt.number).where(attempt.phase != "operator").group_by(*of_one_claim).having(
        func.count() > 1
    )


def _from_the_future() -> Select[Any]:
    """An attempt of a claim that the message does not know: its fence went back."""
    return _messages(exists().where(
        attempt.launch_id == message.launch_id, attempt.number == message.number, attempt.fence > message.fence
    ))


def _unflagged_copies() -> Select[Any]:
    """Went out again after nobody knew whether it had arrived, and does not say so."""
    held = aliased(attempts, name="held")
    was_held = exists().where(
        held.c.launch_id == attempt.launch_id, held.c.number == attempt.number, held.c.outcome == State.HELD.value, held.c.id < attempt.id
    )
    return _messages(_sent_again(or_(attempt.reply.like("on_uncertain%"), was_held)), not_(message.dup_possible))


def _flagged_without_reason() -> Select[Any]:
    return _messages(message.dup_possible, not_(_sent_again()), not_(_was_recovered()))


def _sent_again(*how: Any) -> ColumnElement[bool]:
    return _decided(State.PENDING, *how)


def _was_recovered() -> ColumnElement[bool]:
    """After a backup was restored: what it had to say about the mail is lost."""
    return _decided(State.UNCERTAIN)


def _decided(state: State, *how: Any) -> ColumnElement[bool]:
    return exists().where(
        attempt.launch_id == message.launch_id, attempt.number == message.number, attempt.phase == "operator",
        attempt.outcome == state.value, *how,
    )


def _operator_only() -> Select[Any]:
    """A person's decision that the table of transitions does not know."""
    allowed = {state.value for targets in BY_OPERATOR.values() for state in targets} | {State.HELD.value}
    return select(attempt.launch_id.label("launch"), attempt.number).where(
        attempt.phase == "operator", attempt.outcome.not_in(sorted(allowed))
    )


def _journeys(*where: Any) -> Select[Any]:
    return select(journeys.c.id.label("journey")).where(*where)


def _without_step() -> Select[Any]:
    """A journey's message that none of its steps made."""
    made = exists().where(
        journey_steps.c.journey_id == message.journey_id, journey_steps.c.launch_id == message.launch_id,
        journey_steps.c.number == message.number,
    )
    return _messages(message.journey_id.is_not(None), not_(made))


def _without_mail() -> Select[Any]:
    """A step that says it made a message, and there is none of this journey."""
    made = exists().where(
        message.launch_id == journey_steps.c.launch_id, message.number == journey_steps.c.number,
        message.journey_id == journey_steps.c.journey_id,
    )
    return select(journey_steps.c.journey_id.label("journey"), journey_steps.c.step).where(
        journey_steps.c.launch_id.is_not(None), not_(made)
    )


def _mailed_twice() -> Select[Any]:
    one = (journey_steps.c.journey_id.label("journey"), journey_steps.c.step)
    return select(*one).where(journey_steps.c.launch_id.is_not(None)).group_by(*one).having(func.count() > 1)


_HANDED = [State.HANDOFF.value, State.ACCEPTED.value, State.UNCERTAIN.value, State.HELD.value]
_WORKED_ON = [State.CLAIMED.value, State.HANDOFF.value]
_LEASED = [*_WORKED_ON, State.UNCERTAIN.value]  # nobody judges it before the lease is over

INVARIANTS: Mapping[str, Select[Any]] = MappingProxyType({
    "who was chosen has a message": _without_message(),
    "who has a message was chosen": _without_place(),
    "a launch knows how many messages it made": _count(),
    "a campaign has one live launch": _one_live(),
    "nothing leaves without a durable handoff before": _messages(
        message.state.in_(_HANDED),
        or_(message.handoff_at.is_(None), and_(or_(message.content_hash.is_(None), message.composed_at.is_(None)), not_(_was_recovered()))),
    ),
    "an accepted message has its evidence": _messages(
        message.state == State.ACCEPTED.value, or_(message.evidence.is_(None), message.accepted_at.is_(None))
    ),
    "an ended message has its time, an open one has none": _messages(message.state.in_(_ENDED) != message.ended_at.is_not(None)),
    "a message that was not sent says why": _messages(
        message.state.in_([state.value for state in TERMINAL - {State.ACCEPTED}]), message.reason.is_(None)
    ),
    "whoever works on a message has a lease, and nobody else": _messages(
        or_(message.state.in_(_LEASED) != message.lease_until.is_not(None), message.state.in_(_WORKED_ON) != message.lease_owner.is_not(None))
    ),
    "a terminal state is left only by an operator's act": _left_terminal(),
    "one claim makes one attempt": _spoke_twice(),
    "a fence only rises": _from_the_future(),
    "a second copy is flagged": _unflagged_copies(),
    "what is flagged was sent again by somebody's word": _flagged_without_reason(),
    "an operator does what operators may": _operator_only(),
    "a journey under way knows what it waits for": _journeys(
        journeys.c.state != JourneyState.ENDED.value, or_(journeys.c.due_at.is_(None), journeys.c.ended_at.is_not(None))
    ),
    "an ended journey says when and why": _journeys(
        journeys.c.state == JourneyState.ENDED.value,
        or_(journeys.c.ended_at.is_(None), journeys.c.reason.is_(None), journeys.c.due_at.is_not(None), journeys.c.waits_for.is_not(None)),
    ),
    "a journey's message was made by a step of it": _without_step(),
    "a step that made a message has one": _without_mail(),
    "a step of a journey makes one message": _mailed_twice(),
    "a finished launch has nothing open": (
        select(launches.c.id.label("launch")).where(
            launches.c.state == LaunchState.FINISHED.value,
            exists().where(message.launch_id == launches.c.id, message.state.in_(_OPEN)),
        )
    ),
    **COUPON_INVARIANTS,
    **REFERRAL_INVARIANTS,
})
