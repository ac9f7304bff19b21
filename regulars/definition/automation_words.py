"""campaigns/*.yaml with `trigger` and `steps`: the words of an automation beside those that every campaign has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from regulars.definition.automation import (
    Automation,
    OnChange,
    OnePer,
    OnStart,
    Recheck,
    Step,
    Trigger,
    WaitQuiet,
)
from regulars.definition.condition_words import CONDITION
from regulars.definition.event_words import HeardEvent
from regulars.definition.mails import map_steps
from regulars.definition.quantities import Duration
from regulars.definition.step_keys import with_keys
from regulars.definition.steps import STEPS
from regulars.definition.tables import Choice, ListOf, Word
from regulars.definition.triggers import TriggerKind
from regulars.definition.units import Unfit, duration
from regulars.definition.values import DURATION, DURATION_PATTERN, One, quantity


def _again(text: str) -> Duration | None:
    """None: never."""
    if text == "never":
        return None
    match = re.fullmatch(r"after (.+)", text)
    if match is None:
        length = text if re.fullmatch(r"\d+ \w+", text) else "180 days"
        raise Unfit("D308", f'"{text}" does not say when the same customer may enter again', f"write never, or after {length}")
    return duration(match[1].strip())


AGAIN = One("never, or a length of time such as after 180 days", quantity(_again), {"type": "string", "pattern": f"^(never|after {DURATION_PATTERN})$"})

AUTOMATION_WORDS = (
    Word("trigger", TriggerKind(), "what starts it", "{order.placed: {nth: 1}}", required=True),
    Word("when", CONDITION, "who may enter, at the moment of the event", "{customer.country: TR}"),
    Word("one_per", Choice.of(OnePer), "one journey for each customer at a time, or for each order", "customer"),
    Word("again", AGAIN, "when the same customer may enter again; default: never", "after 180 days"),
    Word("on_start", Choice.of(OnStart), "what happens to those who are in the segment when the automation is put live", "new members only"),
    Word("entry_window", DURATION, "events that are told later than this start nothing; default: 1 day", "6 hours"),
    Word("recheck", Choice.of(Recheck), "whether the condition of entry must still be true, else the customer leaves", "every send"),
    Word("leave_when", ListOf(HeardEvent()), "events by which a customer leaves, wherever they are", "[order.placed, order.refunded]"),
    Word("not_later_than", DURATION, "after an outage, a mail that is late by more is skipped with that reason; default: 3 days", "3 days"),
    Word("on_change", Choice.of(OnChange),
         "what becomes of those on their way when a changed file is applied: finish by the old one, go on by the new one, or begin again", "finish_old"),
    Word("steps", STEPS, "what happens, one after another", '[{wait: 3 days}, {send: {template: how_was_it.mjml, subject: "…"}}]', required=True),
)


def automation_of(read: Mapping[str, Any]) -> Automation:
    """Of what was read of AUTOMATION_WORDS, trigger and steps among it."""
    trigger: Trigger = read["trigger"]
    values = {word.name: read[word.name] for word in AUTOMATION_WORDS if word.name in read}
    return Automation(**{**values, "steps": with_keys(map_steps(read["steps"], lambda step: _hearing(step, trigger)))})


def _hearing(step: Step, trigger: Trigger) -> Step:
    """A wait until it is quiet of nothing in particular is about what started the automation."""
    return replace(step, event=trigger.event) if isinstance(step, WaitQuiet) and not step.event else step
