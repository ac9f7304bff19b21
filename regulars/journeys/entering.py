"""Does what happened start a journey of this automation? Everything but the customer's own condition, which the caller asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from regulars.audience.comparison import reduced, satisfies
from regulars.audience.frame import Frame
from regulars.definition.automation import OnePer, Trigger
from regulars.definition.conditions import All, Condition, InSegment, Kind, Not
from regulars.definition.quantities import Money
from regulars.definition.spans import plus
from regulars.definition.text import fold
from regulars.definition.workspace import EventField, Shop
from regulars.journeys.happenings import Happening
from regulars.journeys.journey import Entry, Start, remembered
from regulars.journeys.live import LiveAutomation
from regulars.journeys.program import program_of

# These come round for everybody who lives long enough; `again: never` means once for each occasion.
COME_ROUND = frozenset({"birthday", "replenishment.due", "schedule"})


def calls_for(happening: Happening, live: LiveAutomation, now: datetime) -> bool:
    """It is the automation's trigger, fresh, and happened after the automation was put live."""
    trigger, window = live.automation.trigger, live.automation.entry_window
    return (
        happening.live and live.live_since is not None and happening.kind == trigger.event and happening.campaign in {"", live.name}
        and happening.at >= live.live_since and plus(happening.at, window, live.shop.timezone) > now
        and _narrows(trigger, happening, Frame(now, live.shop, live.segments))
    )


def entry_condition(live: LiveAutomation) -> Condition | None:
    """Who may enter, and who may still go on where each send asks again. None: everybody."""
    campaign, automation = live.campaign, live.automation
    parts = [
        *([InSegment(automation.trigger.segment)] if automation.trigger.event == "segment.entered" and automation.trigger.segment else []),
        *([automation.when] if automation.when else []),
        *([Not(campaign.excluding)] if campaign.excluding else []),
    ]
    return All(tuple(parts)) if parts else None


def start(happening: Happening, live: LiveAutomation, entries: Sequence[Entry], now: datetime) -> Start | None:
    """The journey that begins, or None when this customer's turn has been. `entries`: of this customer in this automation."""
    automation = live.automation
    entry = _entry(happening, live)
    at = min(happening.at, now)
    if any(known.entry == entry for known in entries) or _is_too_soon(live, entries, at):
        return None
    occurrence = max((known.occurrence for known in entries), default=0) + 1
    return Start(
        live.name, live.edition, happening.customer_id, occurrence, entry, program_of(automation).first, at, remembered(happening, at),
    )


def _entry(happening: Happening, live: LiveAutomation) -> str:
    automation = live.automation
    own = happening.subject or f"{happening.source}:{happening.source_id}"
    if automation.one_per is OnePer.ORDER or automation.again is not None or happening.kind in COME_ROUND:
        return own
    return "once"


def _is_too_soon(live: LiveAutomation, entries: Sequence[Entry], at: datetime) -> bool:
    """Nobody is twice on the same way at once, but for one order and another."""
    automation = live.automation
    if automation.one_per is OnePer.ORDER:
        return False
    last = max((known.entered_at for known in entries), default=None)
    if any(known.under_way for known in entries):
        return True
    return last is not None and automation.again is not None and at < plus(last, automation.again, live.shop.timezone)


def _narrows(trigger: Trigger, happening: Happening, frame: Frame) -> bool:
    return (
        (trigger.nth is None or trigger.nth == happening.nth)
        and _bought(trigger, happening, frame)
        and _told(trigger, happening, frame)
    )


def _bought(trigger: Trigger, happening: Happening, frame: Frame) -> bool:
    """At least one line of the order is such a one."""
    wanted = [(field.value, reduced(Kind.TEXT, tests, frame)) for field, tests in trigger.where]
    return not wanted or any(
        all(satisfies(getattr(line, field), comparisons) for field, comparisons in wanted) for line in happening.lines
    )


def _told(trigger: Trigger, happening: Happening, frame: Frame) -> bool:
    declared = frame.shop.events.get(trigger.event, {})
    return all(
        satisfies(value_of(happening.data, field, declared[field], frame.shop), reduced(KINDS[declared[field]], tests, frame))
        for field, tests in trigger.fields if field in declared
    )


# What a field of a declared event is compared as; lists of items are not.
KINDS: Mapping[EventField, Kind] = {
    EventField.TEXT: Kind.TEXT, EventField.URL: Kind.TEXT, EventField.NUMBER: Kind.NUMBER, EventField.WHOLE: Kind.WHOLE,
    EventField.YES_NO: Kind.YES_NO, EventField.MONEY: Kind.MONEY, EventField.DATE: Kind.DATE,
}


def value_of(data: Mapping[str, Any], field: str, kind: EventField, shop: Shop) -> Any:
    """A field as its comparisons want it; what is of another kind than declared counts as absent."""
    stored = data.get(field)
    try:
        match kind:
            case EventField.TEXT | EventField.URL:
                return fold(stored) if isinstance(stored, str) else None
            case EventField.NUMBER | EventField.WHOLE:
                return None if isinstance(stored, bool | None) else float(stored)
            case EventField.YES_NO:
                return stored if isinstance(stored, bool) else None
            case EventField.DATE:
                return date.fromisoformat(str(stored)[:10])
            case EventField.MONEY:
                return _money(stored, shop)
            case EventField.ITEMS:
                return None
    except (TypeError, ValueError, InvalidOperation):
        return None


def _money(stored: Any, shop: Shop) -> int | None:
    """1/10,000 of the compare currency; there is no rate here for another one."""
    if isinstance(stored, Mapping):
        stored = stored.get("amount") if stored.get("currency", shop.compare_in) == shop.compare_in else None
    return None if isinstance(stored, bool | None) else Money.of(Decimal(str(stored)), shop.compare_in).units
