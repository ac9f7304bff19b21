"""Why a customer never entered an automation: which part of its trigger has not held so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.definition.spans import plus
from regulars.journeys.live import Applied, LiveAutomation
from regulars.journeys.records import PassedOver
from regulars.journeys.watching import MEMBERSHIPS
from regulars.journeys.wording import trigger_in_words


@dataclass(frozen=True, slots=True)
class Seen:
    """An event of the trigger's kind on the customer's timeline; imported history is not live."""

    at: datetime
    is_live: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Of one customer. `seen`: events of the trigger's kind, the latest first. `found_at`: their last moment that was found, or since when
    they are in the watched segment. `birthday`: 517 for 17 May."""

    seen: Sequence[Seen] = ()
    found_at: datetime | None = None
    birthday: int | None = None
    passed_over: Sequence[PassedOver] = ()


def why_not(live: LiveAutomation, applied: Applied, known: Known, *, may_enter: bool, now: datetime) -> str:
    """One sentence. `may_enter`: the automation's own conditions hold for them now."""
    event = live.automation.trigger.event
    if applied.live_since is None:
        return f"the automation is disabled: {applied.reason}"
    if event in MEMBERSHIPS:
        return _membership(live, known, may_enter)
    if event == "birthday" and known.birthday is None:
        return "their birthday is not known"
    if event in {"birthday", "schedule", "replenishment.due"}:
        return _moment(live, known, may_enter)
    return _event(live, applied.live_since, known, may_enter, now)


def _membership(live: LiveAutomation, known: Known, may_enter: bool) -> str:
    what = trigger_in_words(live.automation.trigger)
    if known.found_at is not None and may_enter:
        return f"they were in it already when it was put live, and only new members enter ({what}, on_start: {live.automation.on_start})"
    if known.found_at is not None:
        return "they came into it when the conditions under `when` did not hold"
    return f"they are not in it ({what})" if not may_enter else "they are in it, and enter at the next look"


def _moment(live: LiveAutomation, known: Known, may_enter: bool) -> str:
    what = trigger_in_words(live.automation.trigger)
    if known.found_at is None:
        return f"their moment has not come since it was put live ({what})"
    if missed := next((one for one in known.passed_over if abs((one.day - known.found_at.date()).days) <= 1), None):
        return f"their moment on {missed.day} was passed over: {missed.reason}"
    return "their moment came, and they were not let in" + ("" if may_enter else ": its conditions do not hold")


def _event(live: LiveAutomation, live_since: datetime, known: Known, may_enter: bool, now: datetime) -> str:
    what = live.automation.trigger.event
    if not known.seen:
        return f"no {what} of theirs is known"
    fresh = [each for each in known.seen if each.is_live]
    if not fresh:
        return f"their {what} is imported history, which starts nothing"
    last = fresh[0]
    if last.at < live_since:
        return f"their last {what} was before the automation was put live"
    if not may_enter:
        return f"{what} happened, and the conditions that let customers in do not hold"
    until = plus(last.at, live.automation.entry_window, live.shop.timezone)
    late = f", or it was told later than {live.automation.entry_window} after it had happened" if until <= now else ""
    return f"{what} happened, and was not the one that is asked for ({trigger_in_words(live.automation.trigger)}){late}"
