"""What has to be known of customers before their journeys go on: conditions, events, and how far back."""

from __future__ import annotations

from datetime import datetime

from regulars.definition.automation import If, Recheck, WaitFor, WaitQuiet
from regulars.definition.conditions import All, Condition
from regulars.definition.quantities import Duration
from regulars.definition.spans import plus
from regulars.journeys.entering import entry_condition
from regulars.journeys.journey import Journey
from regulars.journeys.live import LiveAutomation
from regulars.journeys.program import program_of


def conditions_of(live: LiveAutomation) -> Condition | None:
    """All that `advance` asks of a customer's view; None: nothing."""
    asked = [step.condition for step in program_of(live.automation) if isinstance(step, If)]
    entry = entry_condition(live) if live.automation.recheck is Recheck.EVERY_SEND else None
    parts = (*asked, *([entry] if entry else []))
    return All(parts) if parts else None


def events_of(live: LiveAutomation) -> frozenset[str]:
    """Those that its steps wait for."""
    return frozenset(step.event for step in program_of(live.automation) if isinstance(step, WaitFor | WaitQuiet))


def looks_back_to(live: LiveAutomation, journey: Journey, now: datetime) -> datetime:
    """The earliest event that its steps may ask about: a customer may have been quiet for long already."""
    moment = journey.due_at or now
    quiet = [step.quiet for step in program_of(live.automation) if isinstance(step, WaitQuiet)]
    return min((plus(moment, Duration(-each.months, -each.seconds), live.shop.timezone) for each in quiet), default=moment)
