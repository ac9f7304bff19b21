"""Tells automations what happened: journeys end, go on and begin, in the transaction of whoever recorded it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from regulars.audience.evaluation import holds
from regulars.journeys.effects import Advance
from regulars.journeys.entering import calls_for, entry_condition, start
from regulars.journeys.happenings import Happening
from regulars.journeys.journey import Entry, Journey, Start
from regulars.journeys.leaving import has_left, touched
from regulars.journeys.live import LiveAutomation
from regulars.operations.ports import JourneyPage

Call = tuple[Happening, LiveAutomation]


def happen(happenings: Sequence[Happening], page: JourneyPage, now: datetime) -> int:
    """How many journeys begin. What is not live starts, moves and ends nothing; saying it twice changes nothing.

    Say it after the events themselves have been written, so that a journey does not begin that a later event has ended already.
    """
    live = sorted((happening for happening in happenings if happening.live), key=lambda happening: happening.at)
    if not live:
        return 0
    page.lock({happening.customer_id for happening in live})
    _move_on(live, page, now)
    calls = [(happening, automation) for automation in page.automations().values() for happening in live if calls_for(happening, automation, now)]
    return page.begin(_starts(_fitting(calls, page, now), page, now)) if calls else 0


def _move_on(happenings: Sequence[Happening], page: JourneyPage, now: datetime) -> None:
    """Those of the customers' journeys that end by it, or that waited for it."""
    journeys: dict[int, list[Journey]] = defaultdict(list)
    for journey in page.under_way({happening.customer_id for happening in happenings}):
        journeys[journey.customer_id].append(journey)
    if not journeys:
        return
    lives = page.editions({(journey.campaign, journey.edition) for some in journeys.values() for journey in some})
    advances: list[Advance] = []
    for happening in happenings:
        own = journeys[happening.customer_id]
        for place, journey in enumerate(own):
            if journey.is_under_way and (advance := touched(lives[journey.campaign, journey.edition], journey, happening, now)):
                advances.append(advance)
                own[place] = advance.journey
    if advances:
        page.write(advances, now)


def _fitting(calls: Sequence[Call], page: JourneyPage, now: datetime) -> list[Call]:
    """Those whose customer the automation's own conditions let in."""
    by_automation: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        by_automation[call[1].name].append(call)
    return [call for some in by_automation.values() for call in _let_in(some, page, now)]


def _let_in(calls: Sequence[Call], page: JourneyPage, now: datetime) -> Sequence[Call]:
    automation = calls[0][1]
    condition = entry_condition(automation)
    if condition is None:
        return calls
    frame, views = page.views(automation, condition, {happening.customer_id for happening, _ in calls}, now)
    return [call for call in calls if (view := views.get(call[0].customer_id)) and holds(condition, view, frame)]


def _starts(calls: Sequence[Call], page: JourneyPage, now: datetime) -> list[Start]:
    if not calls:
        return []
    customer_ids = {happening.customer_id for happening, _ in calls}
    entries = {key: list(known) for key, known in page.entries({automation.name for _, automation in calls}, customer_ids).items()}
    starts = []
    for happening, automation in calls:
        known = entries.setdefault((automation.name, happening.customer_id), [])
        if begun := start(happening, automation, known, now):
            known.append(Entry(begun.customer_id, begun.occurrence, begun.entry, begun.at, under_way=True))
            starts.append((begun, automation))
    return _not_left(starts, page)


def _not_left(starts: Sequence[tuple[Start, LiveAutomation]], page: JourneyPage) -> list[Start]:
    """An event that ends the journey may have been told before the one that begins it."""
    leaving = {kind for _, automation in starts for kind in automation.automation.leave_when}
    if not leaving:
        return [begun for begun, _ in starts]
    told = page.told({begun.customer_id for begun, _ in starts}, leaving, min(begun.at for begun, _ in starts))
    return [begun for begun, automation in starts if not has_left(automation, begun, told.get(begun.customer_id, ()))]
