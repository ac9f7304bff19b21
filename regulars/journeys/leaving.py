"""What an event does to those on their way: it ends their journey, or what they wait for is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from regulars.definition.automation import OnePer, WaitFor, WaitQuiet
from regulars.definition.quantities import Duration
from regulars.definition.spans import plus
from regulars.journeys.effects import HAPPENED, LEFT, Advance, StepDone, Told
from regulars.journeys.happenings import Happening
from regulars.journeys.journey import Journey, JourneyState, Start
from regulars.journeys.live import LiveAutomation
from regulars.journeys.program import program_of

ORDERS = "order."
ANY_ORDER = "order.placed"  # another order is always another one's


def concerns(live: LiveAutomation, own: str, kind: str, subject: str) -> bool:
    """On the way that each order takes apart, only what happens to this very order counts, and that another one is placed.

    `own`: the subject that the journey began for.
    """
    if live.automation.one_per is not OnePer.ORDER or not kind.startswith(ORDERS) or kind == ANY_ORDER:
        return True
    return subject == own


def has_left(live: LiveAutomation, begun: Start, told: Sequence[Told]) -> bool:
    """Something that would end the journey happened after what would begin it. `told`: events of this customer."""
    own = str(begun.trigger["subject"])
    return any(
        each.kind in live.automation.leave_when and each.at > begun.at and concerns(live, own, each.kind, each.subject) for each in told
    )


def touched(live: LiveAutomation, journey: Journey, happening: Happening, now: datetime) -> Advance | None:
    """None: the event means nothing to this journey."""
    if not happening.live or not concerns(live, journey.subject, happening.kind, happening.subject) or _is_trigger(journey, happening):
        return None
    if happening.kind in live.automation.leave_when and happening.at >= journey.entered_at:
        return _left(journey, happening, now)
    return _woken(live, journey, happening, now) if happening.kind == journey.waits_for else None


def _is_trigger(journey: Journey, happening: Happening) -> bool:
    known = journey.trigger.get("source"), journey.trigger.get("source_id")
    return known == (happening.source, happening.source_id)


def _left(journey: Journey, happening: Happening, now: datetime) -> Advance:
    ended = replace(
        journey, state=JourneyState.ENDED, reason=f"{LEFT}: {happening.kind}", step=None, due_at=None, waits_for=None, ended_at=now,
        fence=journey.fence + 1,
    )
    return Advance(ended, (StepDone(journey.step or "", "leave", LEFT, min(happening.at, now), happening.kind),))


def _woken(live: LiveAutomation, journey: Journey, happening: Happening, now: datetime) -> Advance | None:
    program, at = program_of(live.automation), min(happening.at, now)
    step = program.step(journey.step) if journey.step else None
    due = journey.due_at
    if due is None or step is None or at >= due:
        return None
    if isinstance(step, WaitQuiet):
        later = plus(at, step.quiet, live.shop.timezone)
        return Advance(replace(journey, due_at=later)) if later > due else None
    if isinstance(step, WaitFor):
        moment = max(at, _begun(due, step.at_most, live))
        on = replace(journey, step=program.after(step.key), due_at=moment, waits_for=None, fence=journey.fence + 1)
        return Advance(on, (StepDone(step.key, "wait", HAPPENED, moment, happening.kind),))
    return None


def _begun(until: datetime, at_most: Duration, live: LiveAutomation) -> datetime:
    """When a wait that lasts until then began: nobody goes on from before that, however late an event is told."""
    return plus(until, Duration(-at_most.months, -at_most.seconds), ZoneInfo(live.shop.timezone).key)
